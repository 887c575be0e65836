"""Sends to each viewer of this worker what changed in its view. All viewers of a view share one encoding.

Where a frame is made for the map, nothing is awaited between the look at the picture and the offer: no change can slip
through. For people values are read first, and whoever left or started over meanwhile only hears too much.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from api.live.frames import (
    NO_DEVICES,
    NO_IDS,
    Described,
    Ids,
    Kind,
    Totals,
    binary_frame,
    devices_frame,
    json_frame,
)
from api.live.group import Group, Step
from api.live.picture import Picture
from api.live.viewer import Viewer
from api.live.views import Asked, View
from core.settings import Settings

_HEARTBEAT_S: Final = 1.0
_BETWEEN_VIEWS_S: Final = 0.1
_SLACK_US: Final = 5_000_000
"""A viewer that comes again is told of changes from so much before it left: another worker's clock may differ."""
_STRETCH_S: Final = 0.005
"""After so long without a pause others of the event loop come first."""
_NOTHING: Final = Step(NO_IDS, NO_IDS, NO_IDS)

Values = Mapping[int, Mapping[str, float]]


class Sender:
    """Belongs to a hub, whose `picture` it reads. `paused` says whether the picture is kept up to date.

    `read_values` gives the values of these devices by metric, for frames in words.
    """

    def __init__(
        self, picture: Picture, settings: Settings, read_values: Callable[[Sequence[int]], Awaitable[Values]]
    ) -> None:
        self.viewers: set[Viewer] = set()
        self.paused = True
        self._picture = picture
        self._settings = settings
        self._read_values = read_values
        self._groups: dict[tuple[View, bool], Group] = {}
        self._behind: set[Viewer] = set()
        """Who is to be given its view: those that have none yet, and those that asked for another."""
        self._totals: Totals | None = None

    def join(self, viewer: Viewer) -> None:
        """Begin to send to `viewer`: its snapshot comes with the next beat."""
        self.viewers.add(viewer)
        self._behind.add(viewer)

    def ask(self, viewer: Viewer, asked: Asked) -> None:
        """Give `viewer` another view from the next beat on."""
        viewer.asked = asked
        if viewer in self.viewers:
            self._behind.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to `viewer`."""
        self.viewers.discard(viewer)
        self._behind.discard(viewer)
        viewer.detach()

    def start_over(self) -> None:
        """Give everyone a snapshot: what they hold may be wrong."""
        for viewer in self.viewers:
            viewer.detach()
        self._groups.clear()
        self._behind.update(self.viewers)

    def metrics(self) -> set[str]:
        """The metrics that viewers want a column of."""
        views = [group.view for group in self._groups.values()] + [viewer.asked.view for viewer in self._behind]
        return {view.metric for view in views if view.metric is not None}

    async def beat(self, *, greet: bool) -> None:
        """Send what changed, then bring up whoever is behind (where `greet`), and let nobody hear nothing for long."""
        self._totals = None
        self._give_up_empty_groups()
        began = now = time.monotonic()
        for group in list(self._groups.values()):
            if group.is_due(self._picture, now):
                await self._send_changes(group)
                began = await _make_way(began)
        if greet and self._behind:
            await self._bring_up(now)
        for group in list(self._groups.values()):
            if now - group.sent_at >= _HEARTBEAT_S:
                group.sequence += 1
                await self._send(Kind.HEARTBEAT, group, list(group.members), _NOTHING)

    def tell_changes(self, changed: Sequence[Described]) -> None:
        """Tell viewers of devices whose description is another now, where they know them."""
        for viewer in list(self.viewers):
            known = [device for device in changed if viewer.knows(device[0])]
            if known:
                self._offer(viewer, devices_frame(known).decode())

    def _give_up_empty_groups(self) -> None:
        empty = [key for key, group in self._groups.items() if not group.members]
        for key in empty:  # not a new dictionary at each beat: of hundreds of views that cost as much as encoding them
            del self._groups[key]

    async def _send_changes(self, group: Group) -> None:
        step = group.step(self._picture)
        if not step.is_empty and group.members:
            group.sequence += 1
            group.changed_at = time.monotonic()
            await self._send(Kind.DELTA, group, list(group.members), step)

    async def _bring_up(self, now: float) -> None:
        """Give their view to those who can take it; who come to the same view from the same share one encoding."""
        by_way: dict[tuple[View, bool, Group | None, int | None], list[Viewer]] = {}
        for viewer in self._behind:
            ready = viewer.can_take_snapshot if viewer.group is None else now - viewer.brought_at >= _BETWEEN_VIEWS_S
            if ready:
                since = self._tellable(viewer.asked.since_us) if viewer.group is None else None
                by_way.setdefault((viewer.asked.view, viewer.json, viewer.group, since), []).append(viewer)
        began = time.monotonic()
        for (view, json, source, since), viewers in by_way.items():
            self._behind.difference_update(viewers)
            group = self._groups.setdefault((view, json), Group(view, json=json))
            if group is not source:
                await self._bring(viewers, group, source, since)
            began = await _make_way(began)

    async def _bring(self, viewers: list[Viewer], group: Group, source: Group | None, since: int | None) -> None:
        await self._send_changes(group)
        kind = Kind.DELTA
        if source is not None:
            step = group.from_other(source, self._picture)
        elif since is not None:
            step = group.since(since, self._picture)
        else:
            kind, step = Kind.SNAPSHOT, group.whole()
        there = [viewer for viewer in viewers if viewer in self.viewers]
        said = group.view.frame().decode()
        for viewer in there:
            viewer.enter(group)
            if not group.json:
                self._offer(viewer, said)
        await self._send(kind, group, there, step)
        if since is not None:
            for viewer in there:
                viewer.told(group.whole().ids)  # it has kept what it knew before it left

    def _tellable(self, since_us: int | None) -> int | None:
        """The revision since which a viewer that comes again is to be told of changes; None where nobody knows."""
        if since_us is None or since_us > time.time_ns() // 1000 + _SLACK_US:
            return None
        return since_us - _SLACK_US if since_us - _SLACK_US >= self._picture.complete_since_us else None

    async def _send(self, kind: Kind, group: Group, viewers: Sequence[Viewer], step: Step) -> None:
        """Offer a frame to these members of `group`, and the names before it that they lack."""
        group.sent_at = time.monotonic()
        if group.json:
            frame: bytes | str = await self._in_words(kind, step)
        else:
            self._tell_names(viewers, step.entered)
            frame = self._binary(kind, group, step)
        for viewer in viewers:
            if viewer.group is group:
                self._offer(viewer, frame)

    def _binary(self, kind: Kind, group: Group, step: Step) -> bytes:
        now_us = time.time_ns() // 1000
        metric = group.view.metric
        return binary_frame(
            kind,
            self._picture.columns(step.ids, metric) if len(step.ids) else NO_DEVICES,
            now_us=now_us,
            totals=self.totals(now_us),
            sequence=group.sequence,
            paused=self.paused,
            left=step.left,
        )

    async def _in_words(self, kind: Kind, step: Step) -> str:
        records = self._picture.records(step.ids)
        values = await self._read_values(step.ids.tolist()) if len(step.ids) else {}
        names = {device: self._picture.described[device][1] for device in step.ids.tolist()}
        left = [self._picture.described[device][1] for device in step.left.tolist()]
        now_us = time.time_ns() // 1000
        return json_frame(kind, records, now_us=now_us, names=names, values=values, left=left).decode()

    def totals(self, now_us: int) -> Totals:
        """The whole fleet in numbers, counted once a beat."""
        if self._totals is None:
            limits = self._settings
            self._totals = self._picture.totals(
                now_us, stopped_below=limits.stopped_below, silent_after_s=limits.silent_after_s
            )
        return self._totals

    def _tell_names(self, viewers: Iterable[Viewer], ids: Ids) -> None:
        """Name the devices that these viewers have not been told of; viewers told alike share one encoding."""
        if len(ids) == 0:
            return
        frames: dict[bytes, str] = {}
        for viewer in viewers:
            new = viewer.not_told(ids)
            if len(new) == 0:
                continue
            key = new.tobytes()
            if key not in frames:
                frames[key] = self.names(new).decode()
            if self._offer(viewer, frames[key]):
                viewer.told(new)

    def names(self, ids: Ids) -> bytes:
        """The frame that says what these devices are called."""
        return devices_frame([self._picture.described[device] for device in ids.tolist()])

    def _offer(self, viewer: Viewer, frame: bytes | str) -> bool:
        taken = viewer.offer(frame)
        if not taken:
            self._behind.add(viewer)
        return taken


async def _make_way(began: float) -> float:
    """Let others of the event loop run where this has taken long; when the next stretch began (monotonic, s)."""
    if time.monotonic() - began < _STRETCH_S:
        return began
    await asyncio.sleep(0)
    return time.monotonic()
