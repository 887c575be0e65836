"""Whatever moves, and wherever a viewer looks, it holds just what its view shows."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from api.live.group import Group, Step
from api.live.picture import Picture
from api.live.views import View
from db.queries.latest import Box
from tests.states import LiveState, pack


class Holder:
    """What a viewer holds that applies every step it is given."""

    def __init__(self) -> None:
        self.held = dict[int, int]()

    def take(self, step: Step, picture: Picture, *, anew: bool = False) -> None:
        """Apply a step."""
        if anew:
            self.held.clear()
        assert set(step.entered.tolist()) <= set(step.ids.tolist())
        assert set(step.ids.tolist()) - set(step.entered.tolist()) <= self.held.keys()
        self.held.update(zip(step.ids.tolist(), picture.records(step.ids)["ts"].tolist(), strict=True))
        for device in step.left.tolist():
            self.held.pop(device, None)


boxes: list[Box | None] = [None, (0.0, 0.0, 10.0, 10.0), (5.0, 5.0, 20.0, 20.0), (170.0, -10.0, -170.0, 10.0)]
places = st.one_of(st.none(), st.tuples(st.sampled_from([-3.0, 3.0, 7.0]), st.sampled_from([-175.0, 3.0, 7.0, 15.0])))
moves = st.lists(st.tuples(st.integers(0, 9), places), max_size=6)
doing: st.SearchStrategy[tuple[str, object]] = st.one_of(
    st.tuples(st.just("move"), moves),
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("go"), st.tuples(st.integers(0, 3), st.booleans())),
    st.tuples(st.just("come again"), st.none()),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(doing, max_size=25))
def test_whatever_moves_and_wherever_one_looks_one_holds_just_what_the_view_shows(
    steps: list[tuple[str, object]],
) -> None:
    picture = Picture()
    picture.describe([(i, f"d{i}", None, None, None) for i in range(10)])
    groups = [Group(View(box=box, also=(3, "d4", 99, "no such") if box else ()), json=False) for box in boxes]
    mine, holder = groups[0], Holder()
    holder.take(mine.step(picture), picture)
    for moment, (what, about) in enumerate(steps, 1):
        if what == "move":
            assert isinstance(about, list)
            picture.apply(pack([(i, LiveState(moment, moment, *(place or (None, None)))) for i, place in about]))
        elif what == "step":
            assert isinstance(about, int)
            step = groups[about].step(picture)
            if groups[about] is mine:
                holder.take(step, picture)
        elif what == "go":
            assert isinstance(about, tuple)
            before, mine = mine, groups[about[0]]
            step = mine.step(picture)
            if mine is before:
                holder.take(step, picture)
            elif about[1]:
                holder.take(mine.whole(), picture, anew=True)
            else:
                holder.take(mine.from_other(before, picture), picture)
        else:
            since = mine.revision
            mine.step(picture)
            again = mine.since(since, picture)
            holder.held.update(zip(again.ids.tolist(), picture.records(again.ids)["ts"].tolist(), strict=True))
            for device in again.left.tolist():
                holder.held.pop(device, None)
        if what != "move" and mine.revision == picture.revision:
            assert holder.held == _shown_in(picture, mine.view)


def _shown_in(picture: Picture, view: View) -> dict[int, int]:
    """By the words of the protocol, one by one."""
    held = {}
    for record in picture.records(picture.ids()):
        lat, lon, device = float(record["lat"]), float(record["lon"]), int(record["id"])
        if view.box is not None and not np.isnan(lat) and device not in {3, 4}:
            west, south, east, north = view.box
            wide = west <= lon <= east if west <= east else lon >= west or lon <= east
            if not (wide and south <= lat <= north):
                continue
        held[device] = int(record["ts"])
    return held
