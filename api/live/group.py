"""Viewers of one and the same view: they hold the same devices, and get the same frames, encoded once."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from api.live.frames import NO_IDS, Ids
from api.live.picture import Mask, Picture
from api.live.viewer import Viewer
from api.live.views import View

_MS_A_SECOND: Final = 1000
_NEVER: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class Step:
    """What a frame tells: `ids` to send, of them those that came into view (`entered`), and those that left it."""

    ids: Ids
    entered: Ids
    left: Ids

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return len(self.ids) == 0 and len(self.left) == 0


class Group:
    """`held` is what every member holds after the frames it was offered, as of `revision` of the picture."""

    def __init__(self, view: View, *, json: bool) -> None:
        self.view = view
        self.json = json
        self.members: set[Viewer] = set()
        self.sequence = 0
        self.sent_at = _NEVER
        self.changed_at = _NEVER
        """When (monotonic, s) a frame, and a delta, was sent last."""
        self.revision = 0
        self._held = np.zeros(0, bool)

    def is_due(self, picture: Picture, now: float) -> bool:
        """Whether something may have changed, and its viewers want to hear of it already."""
        return picture.revision > self.revision and now - self.changed_at >= self.view.every_ms / _MS_A_SECOND

    def step(self, picture: Picture) -> Step:
        """Move on to what the picture shows now."""
        ids = picture.changed_since(self.revision)
        self.revision = picture.revision
        self._grow(len(picture))
        inside = picture.inside(ids, self.view.box)
        if self.view.also:
            inside |= self._also(picture)[ids]
        was = self._held[ids]
        self._held[ids] = inside
        return Step(ids[inside], ids[inside & ~was], ids[was & ~inside])

    def whole(self) -> Step:
        """Everything, for one who holds nothing."""
        ids = np.flatnonzero(self._held)
        return Step(ids, ids, NO_IDS)

    def from_other(self, other: "Group", picture: Picture) -> Step:
        """What brings a member of `other` here, without what both have."""
        before = other.held(len(picture))
        entered = np.flatnonzero(self._held & ~before)
        left = np.flatnonzero(before & ~self._held)
        if other.view.metric != self.view.metric:
            return Step(np.flatnonzero(self._held), entered, left)
        stale = np.zeros(len(picture), bool)
        stale[picture.changed_since(other.revision)] = True
        return Step(np.flatnonzero(self._held & (stale | ~before)), entered, left)

    def since(self, revision: int, picture: Picture) -> Step:
        """What brings one here who had this view as of `revision`; `entered` are those whose names it may lack."""
        changed = picture.changed_since(revision)
        held = self._held[changed]
        described = picture.described_since(revision)
        named = np.union1d(changed[held], described[self._held[described]])
        return Step(changed[held], named, changed[~held])

    def held(self, size: int) -> Mask:
        """What its members hold, by device id, as a mask of this size."""
        self._grow(size)
        return self._held

    def _also(self, picture: Picture) -> Mask:
        mask = np.zeros(len(picture), bool)
        named = (picture.id_of.get(one) if isinstance(one, str) else one for one in self.view.also)
        mask[[one for one in named if one is not None and 0 <= one < len(mask)]] = True
        return mask

    def _grow(self, size: int) -> None:
        if size > len(self._held):
            self._held = np.concatenate([self._held, np.zeros(size - len(self._held), bool)])
