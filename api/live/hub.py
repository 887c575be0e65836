"""Follows the live states in Redis and keeps every viewer of this worker up to date.

Three tasks, none of which may hold up another: one follows Redis and keeps the picture, one asks the database what
new devices are called, one sends. The picture is theirs together; as all run on one event loop, it changes only
where something is awaited.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from api.live.frames import Described, Kind, binary_frame, hello
from api.live.group import Group
from api.live.picture import Picture
from api.live.sender import Sender, Values
from api.live.values import ValueColumns, column_of
from api.live.viewer import Viewer
from api.live.views import Asked, View
from core.errors import StoreUnavailable
from core.log import RateLimitedLog, get_logger
from core.types import POSITION_METRICS
from db.queries.devices import devices_by_id
from db.store import Store

_BEAT_S: Final = 0.025
_RETRY_S: Final = 1.0
_PATIENCE_S: Final = 2.0
"""Who asks while the fleet is being read waits so long for it."""
_QUIET_S: Final = 2.0
"""After so long without a message Redis is asked whether it is still there: one that hangs closes nothing."""


class Hub:
    """One a worker. `run()` is its life; viewers come and go by `join` and `leave`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._picture = Picture()
        self._sender = Sender(self._picture, store.settings, self._read_values)
        self._columns = ValueColumns(self._picture, store.live)
        self._to_name = asyncio.Event()
        self._all_anew = True
        self._anew: set[int] = set()
        """Whom to ask the database about, beside those without a name: everyone, or these ids."""
        self._not_tried = {"states", "names"}
        """What this worker has not asked for yet, with or without success: a snapshot before would be empty."""
        self._tried = asyncio.Event()
        self._limited = RateLimitedLog(get_logger("live"))

    @property
    def viewers(self) -> int:
        """How many pages are connected."""
        return len(self._sender.viewers)

    def hello(self) -> str:
        """The first frame of every viewer."""
        settings = self._store.settings
        return hello(stopped_below=settings.stopped_below, silent_after_s=settings.silent_after_s).decode()

    def join(self, viewer: Viewer) -> None:
        """Begin to send to `viewer`: its snapshot comes with the next beat."""
        self._sender.join(viewer)

    def ask(self, viewer: Viewer, asked: Asked) -> None:
        """Give `viewer` another view."""
        self._sender.ask(viewer, asked)

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to `viewer`."""
        self._sender.leave(viewer)

    async def snapshot(self, view: View) -> bytes:
        """One snapshot frame of this view. Raises StoreUnavailable before the fleet was read."""
        ids = (await self._look(view)).whole().ids
        columns = self._picture.columns(ids, view.metric)
        if view.metric is not None and view.metric not in POSITION_METRICS:
            values = await self._read_values(ids.tolist())
            columns = columns.valued(column_of(values, view.metric, ids))
        now_us = time.time_ns() // 1000
        totals, paused = self._sender.totals(now_us), self._sender.paused
        return binary_frame(Kind.SNAPSHOT, columns, now_us=now_us, totals=totals, sequence=0, paused=paused)

    async def names(self, view: View) -> bytes:
        """The frame with the names of all devices of this view. Raises StoreUnavailable before the fleet was read."""
        return self._sender.names((await self._look(view)).whole().ids)

    async def _look(self, view: View) -> Group:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._tried.wait()
        except TimeoutError:
            raise StoreUnavailable("The fleet has not been read yet; try again in a moment.") from None
        group = Group(view, json=False)
        group.step(self._picture)
        return group

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

    def _note_tried(self, what: str) -> None:
        self._not_tried.discard(what)
        if not self._not_tried:
            self._tried.set()

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
                self._sender.paused = False
                self._note_tried("states")
                self._sender.start_over()
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
            self._sender.paused = True
            self._note_tried("states")

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
                self._note_tried("names")
            self._sender.tell_changes(self._picture.describe(found))
            if self._picture.has_unnamed:
                # Redis may show a device that the database does not have yet, or not any more: no hurry.
                await asyncio.sleep(_RETRY_S)
                self._to_name.set()

    async def _send_frames(self) -> None:
        """Send at every beat. Ends only by an error, of which nobody knows what it has kept from whom."""
        try:
            while True:
                await asyncio.sleep(_BEAT_S)
                await self._refresh_columns()
                await self._sender.beat(greet=not self._not_tried)
        except Exception:
            self._sender.start_over()
            raise

    async def _refresh_columns(self) -> None:
        try:
            await self._columns.refresh(self._sender.metrics())
        except (StoreUnavailable, ValueError) as error:
            self._limited.warning("values", "live values are left out", why=str(error))

    async def _read_values(self, ids: Sequence[int]) -> Values:
        """Values by device; none where they cannot be read, for the places must not wait for them."""
        if self._sender.paused:
            return {}
        try:
            return await self._store.live.read_values(ids)
        except (StoreUnavailable, ValueError) as error:
            self._limited.warning("values", "live values are left out", why=str(error))
            return {}

    def _read_devices(self, ids: list[int] | None) -> list[Described]:
        with self._store.connect() as connection:
            return [(d.id, d.name, d.label, d.kind, d.fleet) for d in devices_by_id(connection, ids)]
