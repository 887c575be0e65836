"""Follows the live states in Redis and sends each change once encoded to every viewer of this worker.

Three tasks, none of which may hold up another: one follows Redis and keeps the picture, one asks the database what
new devices are called, one sends. The picture is theirs together; as all run on one event loop, it changes only
where something is awaited.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from api.live.frames import Described, Kind, binary_frame, devices_frame, hello, json_frame
from api.live.picture import Picture
from api.live.viewer import Viewer
from core.errors import StoreUnavailable
from core.log import RateLimitedLog, get_logger
from db.queries.devices import devices_by_id
from db.records import RECORD, Records
from db.store import Store

_FRAME_S: Final = 0.1
_HEARTBEAT_S: Final = 1.0
_BEAT_S: Final = 0.025
_RETRY_S: Final = 1.0
_QUIET_S: Final = 2.0
"""After so long without a message Redis is asked whether it is still there: one that hangs closes nothing."""

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
        self._to_name = asyncio.Event()
        self._all_anew = True
        self._anew: set[int] = set()
        """Whom to ask the database about, beside those without a name: everyone, or these ids."""
        self._not_tried = {"states", "names"}
        """What this worker has not asked for yet, with or without success: a snapshot before would be empty."""
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
        self._viewers.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to `viewer`."""
        self._viewers.discard(viewer)

    async def run(self) -> None:
        """Live until cancelled. Whatever goes wrong is logged and tried again, for viewers have nobody else."""
        parts = (self._follow, self._name_devices, self._send_frames)
        tasks = [asyncio.create_task(self._keep_up(part)) for part in parts]
        try:
            await asyncio.wait(tasks)
        finally:
            # Again until they end: asyncio.wait_for of Python 3.11, which redis uses, may swallow a cancellation.
            while running := [task for task in tasks if not task.done()]:
                for task in running:
                    task.cancel()
                await asyncio.wait(running, timeout=0.05)

    async def _keep_up(self, part: Callable[[], Awaitable[None]]) -> None:
        name = part.__name__.strip("_").replace("_", " ")
        while True:
            try:
                await part()
            except StoreUnavailable as error:
                self._limited.warning(name, "live updates wait", part=name, why=str(error))
            except Exception as error:  # noqa: BLE001 - one bad record or row must not end the live map of everyone
                self._limited.warning(name, "live updates failed", part=name, why=repr(error), exc_info=True)
            await asyncio.sleep(_RETRY_S)

    async def _follow(self) -> None:
        """Keep the picture as Redis has it. Ends only by an error; updates are paused then."""
        try:
            async with self._store.live.subscription() as subscription:
                self._picture.replace(await self._store.live.read_all())
                self._all_anew = True
                self._to_name.set()
                self._paused = False
                self._not_tried.discard("states")
                for viewer in self._viewers:
                    viewer.needs_snapshot = True
                heard_at = time.monotonic()
                while True:
                    item = await subscription.next(_QUIET_S / 2)
                    if isinstance(item, list):
                        self._anew.update(item)
                        self._to_name.set()
                    elif item is not None:
                        self._picture.apply(item)
                        if self._picture.has_unnamed:
                            self._to_name.set()
                    if item is not None:
                        heard_at = time.monotonic()
                    elif time.monotonic() - heard_at >= _QUIET_S:
                        await self._store.live.ping()
                        heard_at = time.monotonic()
        finally:
            self._paused = True
            self._not_tried.discard("states")

    async def _name_devices(self) -> None:
        """Learn what devices are called that are new or described anew. Ends only by an error.

        What is still open then stays noted, and is asked for again.
        """
        self._to_name.set()
        while True:
            await self._to_name.wait()
            self._to_name.clear()
            everyone, self._all_anew = self._all_anew, False
            anew, self._anew = self._anew, set()
            wanted = None if everyone else sorted(anew.union(self._picture.unnamed()))
            try:
                found = await asyncio.to_thread(self._read_devices, wanted)
            except BaseException:
                self._all_anew |= everyone
                self._anew |= anew
                raise
            finally:
                self._not_tried.discard("names")
            self._tell_changes(self._picture.describe(found))
            if self._picture.has_unnamed:
                # Redis may show a device that the database does not have yet, or not any more: no hurry.
                await asyncio.sleep(_RETRY_S)
                self._to_name.set()

    async def _send_frames(self) -> None:
        """Bring up those who wait for a snapshot, send what changed, and let nobody hear nothing for long."""
        while True:
            await asyncio.sleep(_BEAT_S)
            is_due = time.monotonic() - self._sent_at >= _FRAME_S
            if is_due and self._picture.has_changes:
                await self._send_changes()
            # After the changes, or where there are none: else who gets the snapshot would get them once more.
            if (is_due or not self._picture.has_changes) and not self._not_tried:
                await self._send_snapshots()
            if time.monotonic() - self._sent_at >= _HEARTBEAT_S:
                self._send(Kind.HEARTBEAT, np.empty(0, RECORD), {})

    async def _send_snapshots(self) -> None:
        behind = [viewer for viewer in self._viewers if viewer.can_take_snapshot]
        if not behind:
            return
        for viewer in behind:
            viewer.needs_snapshot = False
        # The picture before the values: what changes while they are read is sent as a change afterwards.
        records = self._picture.all()
        values = await self._read_values(None) if any(viewer.json for viewer in behind) else {}
        self._give(behind, Kind.SNAPSHOT, records, values)

    async def _send_changes(self) -> None:
        records = self._picture.changed()
        in_words = any(viewer.json and not viewer.needs_snapshot for viewer in self._viewers)
        values = await self._read_values(records["id"].tolist()) if in_words else {}
        self._send(Kind.DELTA, records, values)

    async def _read_values(self, ids: Sequence[int] | None) -> Values:
        """Values by device; none where they cannot be read, for the places must not wait for them."""
        if self._paused:
            return {}
        try:
            return await self._store.live.read_values(ids)
        except (StoreUnavailable, ValueError) as error:
            self._limited.warning("values", "live values are left out", why=str(error))
            return {}

    def _send(self, kind: Kind, records: Records, values: Values) -> None:
        """Send to all who have a snapshot; the others are brought up by the next beat."""
        self._sent_at = time.monotonic()
        self._sequence += 1
        self._give([viewer for viewer in self._viewers if not viewer.needs_snapshot], kind, records, values)

    def _give(self, viewers: Sequence[Viewer], kind: Kind, records: Records, values: Values) -> None:
        # Nothing is awaited in here: between the look at the picture and the offer no change can slip through.
        self._tell_devices(viewer for viewer in viewers if not viewer.json)
        now_us = time.time_ns() // 1000
        told = [viewer for viewer in viewers if not viewer.needs_snapshot]
        people = [viewer for viewer in told if viewer.json]
        if people:
            names = {device: self._picture.described[device][1] for device in records["id"].tolist()}
            text = json_frame(kind, records, now_us=now_us, names=names, values=values).decode()
            for viewer in people:
                viewer.offer(text)
        if len(people) < len(told):
            frame = binary_frame(
                kind,
                records,
                now_us=now_us,
                total=self._picture.total,
                sequence=self._sequence,
                newest_us=self._picture.newest_us,
                paused=self._paused,
            )
            for viewer in told:
                if not viewer.json:
                    viewer.offer(frame)

    def _tell_devices(self, viewers: Iterable[Viewer]) -> None:
        """Name the devices that these viewers have not been told of; viewers told alike share one encoding."""
        frames: dict[int, str] = {}
        end = len(self._picture.order)
        for viewer in viewers:
            if viewer.told == end:
                continue
            if viewer.told not in frames:
                new = [self._picture.described[device] for device in self._picture.order[viewer.told :]]
                frames[viewer.told] = devices_frame(new).decode()
            if viewer.offer(frames[viewer.told]):
                viewer.told = end

    def _tell_changes(self, changed: Sequence[Described]) -> None:
        """Tell viewers of devices whose description is another now; one that waits for a snapshot hears it then."""
        if not changed:
            return
        frame = devices_frame(changed).decode()
        for viewer in self._viewers:
            if viewer.told and not viewer.json:
                viewer.offer(frame)

    def _read_devices(self, ids: list[int] | None) -> list[Described]:
        with self._store.connect() as connection:
            return [(d.id, d.name, d.label, d.kind, d.fleet) for d in devices_by_id(connection, ids)]
