"""The picture shows what is known by state and by name, and gives each change once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.live.frames import Described
from api.live.picture import Picture
from core.types import state_of
from db.records import Records
from tests.states import LiveState, pack


def state(device: int, ts: int = 1) -> Records:
    return pack([(device, LiveState(ts, ts, 1.0, 2.0))])


def called(device: int, label: str | None = None) -> Described:
    return (device, f"d{device}", label, None, None)


class Looker:
    """One who looks at a picture now and then, and is given what changed meanwhile."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._revision = 0

    def changed(self) -> list[int]:
        """The devices that changed since it looked last."""
        ids = self._picture.changed_since(self._revision)
        self._revision = self._picture.revision
        found: list[int] = ids.tolist()
        return found


def shown(picture: Picture) -> list[int]:
    """Every device that is shown."""
    found: list[int] = picture.ids().tolist()
    return found


def moments(picture: Picture, devices: list[int]) -> list[int]:
    """The `ts` of these devices."""
    found: list[int] = picture.records(np.array(devices, np.intp))["ts"].tolist()
    return found


def test_a_device_is_shown_when_it_has_both_a_state_and_a_name() -> None:
    picture = Picture()
    picture.apply(state(1))
    assert (picture.total, shown(picture), picture.unnamed()) == (0, [], [1])
    assert Looker(picture).changed() == []
    picture.describe([called(1), called(2)])
    assert (picture.total, shown(picture), picture.unnamed()) == (1, [1], [])


def test_a_device_that_waited_for_its_name_is_news_when_it_has_one() -> None:
    picture = Picture()
    looker = Looker(picture)
    picture.apply(state(1))
    assert looker.changed() == []
    picture.describe([called(1)])
    assert looker.changed() == [1]


def test_each_looker_is_given_each_change_once() -> None:
    picture = Picture()
    picture.describe([called(1), called(2)])
    often, seldom = Looker(picture), Looker(picture)
    picture.apply(state(1))
    picture.apply(state(2))
    assert often.changed() == [1, 2]
    assert often.changed() == []
    picture.apply(state(2, 5))
    assert often.changed() == [2]
    assert seldom.changed() == [1, 2]
    assert shown(picture) == [1, 2]


def test_changes_are_told_apart_within_one_microsecond_and_by_a_clock_that_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [5_000_000_000]
    monkeypatch.setattr("api.live.picture.time.time_ns", lambda: clock[0])
    picture = Picture()
    picture.describe([called(1), called(2)])
    looker = Looker(picture)
    for clock[0] in (5_000_000_000, 5_000_000_000, 1_000_000_000, 9_000_000_000):
        picture.apply(state(1))
        assert looker.changed() == [1]
        picture.apply(state(2))
        assert looker.changed() == [2]


def test_the_last_of_several_states_in_one_batch_counts() -> None:
    picture = Picture()
    picture.describe([called(1)])
    picture.apply(np.concatenate([state(1, 1), state(1, 9), state(1, 5)]))
    assert moments(picture, [1]) == [5]
    assert picture.newest_us == 9


def test_what_was_given_does_not_change_afterwards() -> None:
    picture = Picture()
    picture.describe([called(1)])
    picture.apply(state(1, 1))
    ids = picture.ids()
    records, columns = picture.records(ids), picture.columns(ids, "speed")
    picture.apply(state(1, 2))
    assert records["ts"].tolist() == columns.ts.tolist() == [1]


def test_starting_anew_forgets_devices_that_are_gone() -> None:
    picture = Picture()
    picture.describe([called(1), called(2)])
    picture.apply(np.concatenate([state(1, 50), state(2, 60)]))
    picture.replace(state(1, 40))
    assert shown(picture) == [1]
    assert picture.newest_us == 40
    picture.replace(pack([]))
    assert picture.total == 0
    assert picture.newest_us is None


def test_what_is_within_a_box_and_what_was_never_located() -> None:
    picture = Picture()
    places = [(10.0, 20.0), (10.0, 20.1), (-10.0, 20.0), (0.0, 179.9), (0.0, -179.9), (None, None), (10.0, None)]
    picture.describe([called(i) for i in range(1, 8)])
    picture.apply(pack([(i, LiveState(1, 1, *place)) for i, place in enumerate(places, 1)]))
    ids = picture.ids()
    assert ids[picture.inside(ids, (19.0, 9.0, 20.0, 10.0))].tolist() == [1, 6, 7]  # its edges belong to it
    assert ids[picture.inside(ids, (179.0, -1.0, -179.0, 1.0))].tolist() == [4, 5, 6, 7]  # across the antimeridian
    assert ids[picture.inside(ids, None)].tolist() == ids.tolist()


def test_totals_follow_the_rule_of_states() -> None:
    now, second = 1_000_000_000, 1_000_000
    kinds = [(0, 0.5), (0, 0.49), (0, None), (120, 3.0), (121, 3.0), (200, None)]
    states = [
        (i, LiveState(now - age * second, now, None if i == 6 else 1.0, 1.0, None, speed))
        for i, (age, speed) in enumerate(kinds, 1)
    ]
    picture = Picture()
    picture.describe([called(i) for i, _ in states])
    picture.apply(pack([*states, (99, LiveState(now, now, 1.0, 1.0, None, 9.0))]))  # which has no name, and counts not
    totals = picture.totals(now, stopped_below=0.5, silent_after_s=120)
    assert (totals.total, totals.moving, totals.stopped, totals.silent, totals.unlocated) == (6, 2, 2, 2, 1)
    for i, (age, speed) in enumerate(kinds):
        alone = Picture()
        alone.describe([called(1)])
        alone.apply(pack([(1, states[i][1])]))
        one = alone.totals(now, stopped_below=0.5, silent_after_s=120)
        by_state = {"moving": one.moving, "stopped": one.stopped, "silent": one.silent}
        assert by_state[state_of(age, speed, stopped_below=0.5, silent_after_s=120)] == 1


def test_a_value_that_is_another_is_a_change_of_its_device() -> None:
    picture = Picture()
    picture.describe([called(1), called(2), called(5000)])
    picture.apply(np.concatenate([state(1), state(2)]))
    both = np.array([1, 2], np.intp)
    picture.set_values("battery", both, np.array([0.5, np.nan], np.float32))
    looker = Looker(picture)
    looker.changed()
    picture.set_values("battery", both, np.array([0.5, np.nan], np.float32))
    assert looker.changed() == []
    picture.set_values("battery", both, np.array([0.5, 0.75], np.float32))
    assert looker.changed() == [2]
    picture.apply(state(5000))  # the columns grow with the ids
    column = picture.columns(np.array([1, 2, 5000], np.intp), "battery").value
    assert column is not None
    assert column.tolist()[:2] == [0.5, 0.75]
    assert np.isnan(column[2])
    assert picture.keep_values({"fuel"}) == {"fuel"}
    assert not picture.has_values


def test_only_devices_described_differently_come_back() -> None:
    picture = Picture()
    assert picture.describe([called(1), called(2)]) == []
    assert picture.describe([called(1), called(2, "Line 7"), called(3)]) == [called(2, "Line 7")]
    assert picture.described[2] == called(2, "Line 7")
    assert picture.id_of == {"d1": 1, "d2": 2, "d3": 3}


def test_it_grows_with_the_ids() -> None:
    picture = Picture()
    picture.describe([called(1023), called(1024), called(70_000)])
    picture.apply(np.concatenate([state(70_000), state(1023)]))
    picture.apply(state(1024))
    assert shown(picture) == [1023, 1024, 70_000]


steps: st.SearchStrategy[tuple[str, list[int]]] = st.one_of(
    st.tuples(st.just("apply"), st.lists(st.integers(0, 30), max_size=5)),
    st.tuples(st.just("replace"), st.lists(st.integers(0, 30), max_size=5)),
    st.tuples(st.just("describe"), st.lists(st.integers(0, 30), max_size=5)),
    st.tuples(st.just("look"), st.just([])),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=30))
def test_snapshot_and_changes_together_always_give_the_whole(doing: list[tuple[str, list[int]]]) -> None:
    picture, seen = Picture(), dict[int, int]()
    looker = Looker(picture)
    present, named = dict[int, int](), set[int]()
    for moment, (what, devices) in enumerate(doing, 1):
        if what == "look":
            changed = looker.changed()
            seen.update(zip(changed, moments(picture, changed), strict=True))
            assert seen == {d: ts for d, ts in present.items() if d in named}
        elif what == "describe":
            named.update(devices)
            picture.describe([called(d) for d in devices])
        else:
            records = pack([(d, LiveState(moment, moment)) for d in devices])
            if what == "replace":
                present.clear()
                picture.replace(records)
            else:
                picture.apply(records)
            present.update(dict.fromkeys(devices, moment))
            if what == "replace":
                looker.changed()
                seen = dict(zip(shown(picture), moments(picture, shown(picture)), strict=True))
        assert set(picture.unnamed()) == present.keys() - named
        assert picture.has_unnamed == bool(present.keys() - named)
        assert shown(picture) == sorted(present.keys() & named)
