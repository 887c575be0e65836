"""Follows the live states in Redis and sends each change once encoded to every viewer of this worker."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final

from api.live.frames import Described, Kind, binary_frame, devices_frame, hello, json_frame
from api.live.picture import Picture
from api.live.viewer import Viewer
from core.errors import StoreUnavailable
from core.log import RateLimitedLog, get_logger
from db.live import Records, Subscription
from db.queries.devices import devices_by_id
from db.store import Store

_FRAME_S: Final = 0.1
_HEARTBEAT_S: Final = 1.0
_BEAT_S: Final = 0.05
_RETRY_S: Final = 1.0

Values = Mapping[int, Mapping[str, float]]


class Hub:
    """One a worker. `run()` is its life; viewers come and go by `join` and `leave`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._picture = Picture()
        self._viewers: set[Viewer] = set()
        self._paused = True
        self._sequence = 0
        self._sent_at = 0.0
        self._naming: asyncio.Task[None] | None = None
        self._log = get_logger("live")
        self._limited = RateLimitedLog(self._log)

    @property
    def viewers(self) -> int:
        """How many pages are connected."""
        return len(self._viewers)

    def hello(self) -> str:
        """The first frame of every viewer."""
        settings = self._store.settings
        return hello(stopped_below=settings.stopped_below, silent_after_s=settings.silent_after_s).decode()

    def join(self, viewer: Viewer) -> None:
        """Begin to send to `viewer`: its snapshot comes with the next beat."""
        viewer.offer(self.hello())
        self._viewers.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to `viewer`."""
        self._viewers.discard(viewer)

    async def run(self) -> None:
        """Follow Redis until cancelled; while it does not answer, viewers are told that updates are paused."""
        beat = asyncio.create_task(self._beat())
        try:
            while True:
                try:
                    async with self._store.live.subscription() as subscription:
                        self._picture.replace(await self._store.live.read_all())
                        await self._name_all()
                        self._paused = False
                        for viewer in self._viewers:
                            viewer.needs_snapshot = True
                        await self._follow(subscription)
                except StoreUnavailable as error:
                    self._paused = True
                    self._limited.warning("paused", "live updates are paused", why=str(error))
                    await asyncio.sleep(_RETRY_S)
        finally:
            beat.cancel()

    async def _follow(self, subscription: Subscription) -> None:
        while True:
            wait = max(0.005, self._sent_at + _FRAME_S - time.monotonic()) if self._picture.has_changes else 1.0
            item = await subscription.next(wait)
            if isinstance(item, list):
                await self._name(item)
            elif item is not None:
                self._picture.apply(item)
                if (unnamed := self._picture.unnamed()) and (self._naming is None or self._naming.done()):
                    self._naming = asyncio.create_task(self._name(unnamed))
            if self._picture.has_changes and time.monotonic() - self._sent_at >= _FRAME_S:
                values = await self._values() if any(viewer.json for viewer in self._viewers) else {}
                self._send(Kind.DELTA, self._picture.changed(), values)

    async def _beat(self) -> None:
        """Bring up those who wait for a snapshot, and let nobody hear nothing for longer than a heartbeat."""
        while True:
            await asyncio.sleep(_BEAT_S)
            if any(viewer.needs_snapshot for viewer in self._viewers):
                values = await self._values() if any(v.needs_snapshot and v.json for v in self._viewers) else {}
                behind = [viewer for viewer in self._viewers if viewer.needs_snapshot]
                for viewer in behind:
                    viewer.needs_snapshot = False
                self._give(behind, Kind.SNAPSHOT, self._picture.all(), values)
            if time.monotonic() - self._sent_at >= _HEARTBEAT_S:
                self._send(Kind.HEARTBEAT, self._picture.all()[:0], {})

    def _send(self, kind: Kind, records: Records, values: Values) -> None:
        """Send to all who have a snapshot; the others are brought up by the beat."""
        self._sent_at = time.monotonic()
        self._sequence += 1
        self._give([viewer for viewer in self._viewers if not viewer.needs_snapshot], kind, records, values)

    def _give(self, viewers: list[Viewer], kind: Kind, records: Records, values: Values) -> None:
        # Nothing is awaited in here: between the look at the picture and the offer no change can slip through.
        self._tell_devices(viewers)
        now_us = time.time_ns() // 1000
        people = [viewer for viewer in viewers if viewer.json]
        if people:
            names = {device: described[1] for device, described in self._picture.described.items()}
            text = json_frame(kind, records, now_us=now_us, names=names, values=values).decode()
            for viewer in people:
                viewer.offer(text)
        if len(people) < len(viewers):
            frame = binary_frame(
                kind,
                records,
                now_us=now_us,
                total=self._picture.total,
                sequence=self._sequence,
                newest_us=self._picture.newest_us,
                paused=self._paused,
            )
            for viewer in viewers:
                if not viewer.json:
                    viewer.offer(frame)

    async def _values(self) -> Values:
        try:
            return await self._store.live.read_values()
        except StoreUnavailable:
            return {}

    def _tell_devices(self, viewers: Iterable[Viewer]) -> None:
        """Name the devices that these viewers have not been told of; viewers told alike share one encoding."""
        frames: dict[int, str] = {}
        end = len(self._picture.order)
        for viewer in viewers:
            if viewer.json or viewer.told == end:
                continue
            if viewer.told not in frames:
                new = [self._picture.described[device] for device in self._picture.order[viewer.told :]]
                frames[viewer.told] = devices_frame(new).decode()
            viewer.offer(frames[viewer.told])
            viewer.told = end

    async def _name_all(self) -> None:
        self._picture.describe(await asyncio.to_thread(self._read_devices, None))

    async def _name(self, ids: list[int]) -> None:
        """Learn about devices that are new or described anew, and tell those who knew them."""
        try:
            devices = await asyncio.to_thread(self._read_devices, ids)
        except StoreUnavailable as error:
            self._limited.warning("names", "new devices wait for the database", why=str(error))
            await asyncio.sleep(_RETRY_S)
            return
        known = [device for device in devices if device[0] in self._picture.described]
        self._picture.describe(devices)
        if known:
            frame = devices_frame(known).decode()
            for viewer in self._viewers:
                if not viewer.json and viewer.told:
                    viewer.offer(frame)

    def _read_devices(self, ids: list[int] | None) -> list[Described]:
        with self._store.connect() as connection:
            return [(d.id, d.name, d.label, d.kind, d.fleet) for d in devices_by_id(connection, ids)]
