"""The picture shows what is known by state and by name, and gives each change once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from api.live.frames import Described
from api.live.picture import Picture
from db.records import Records
from tests.states import LiveState, pack


def state(device: int, ts: int = 1) -> Records:
    return pack([(device, LiveState(ts, ts, 1.0, 2.0))])


def called(device: int, label: str | None = None) -> Described:
    return (device, f"d{device}", label, None, None)


def ids(records: Records) -> list[int]:
    return [int(device) for device in records["id"]]


def test_a_device_is_shown_when_it_has_both_a_state_and_a_name() -> None:
    picture = Picture()
    picture.apply(state(1))
    assert (picture.total, ids(picture.all()), picture.unnamed()) == (0, [], [1])
    assert not picture.has_changes
    picture.describe([called(1), called(2)])
    assert (picture.total, ids(picture.all()), picture.unnamed()) == (1, [1], [])


def test_a_device_that_waited_for_its_name_is_news_when_it_has_one() -> None:
    picture = Picture()
    picture.apply(state(1))
    assert ids(picture.changed()) == []
    picture.describe([called(1)])
    assert picture.has_changes
    assert ids(picture.changed()) == [1]


def test_changes_are_given_once() -> None:
    picture = Picture()
    picture.describe([called(1), called(2)])
    picture.apply(state(1))
    picture.apply(state(2))
    assert ids(picture.changed()) == [1, 2]
    assert ids(picture.changed()) == []
    picture.apply(state(2, 5))
    assert ids(picture.changed()) == [2]
    assert ids(picture.all()) == [1, 2]


def test_the_last_of_several_states_in_one_batch_counts() -> None:
    picture = Picture()
    picture.describe([called(1)])
    picture.apply(np.concatenate([state(1, 1), state(1, 9), state(1, 5)]))
    assert picture.changed()["ts"].tolist() == [5]
    assert picture.newest_us == 9


def test_what_was_given_does_not_change_afterwards() -> None:
    picture = Picture()
    picture.describe([called(1)])
    picture.apply(state(1, 1))
    before, changed = picture.all(), picture.changed()
    picture.apply(state(1, 2))
    assert before["ts"].tolist() == changed["ts"].tolist() == [1]


def test_starting_anew_forgets_devices_that_are_gone() -> None:
    picture = Picture()
    picture.describe([called(1), called(2)])
    picture.apply(np.concatenate([state(1, 50), state(2, 60)]))
    picture.replace(state(1, 40))
    assert ids(picture.all()) == [1]
    assert picture.newest_us == 40
    picture.replace(pack([]))
    assert picture.total == 0
    assert picture.newest_us is None


def test_starting_anew_is_no_change_but_for_devices_without_a_name() -> None:
    picture = Picture()
    picture.describe([called(1)])
    picture.replace(np.concatenate([state(1), state(2)]))
    assert ids(picture.changed()) == []
    picture.describe([called(2)])
    assert ids(picture.changed()) == [2]


def test_only_devices_described_differently_come_back() -> None:
    picture = Picture()
    assert picture.describe([called(1), called(2)]) == []
    assert picture.describe([called(1), called(2, "Line 7"), called(3)]) == [called(2, "Line 7")]
    assert picture.described[2] == called(2, "Line 7")
    assert picture.order == [1, 2, 3]


def test_it_grows_with_the_ids() -> None:
    picture = Picture()
    picture.describe([called(1023), called(1024), called(70_000)])
    picture.apply(np.concatenate([state(70_000), state(1023)]))
    picture.apply(state(1024))
    assert ids(picture.all()) == [1023, 1024, 70_000]


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
    present, named = dict[int, int](), set[int]()
    for moment, (what, devices) in enumerate(doing, 1):
        if what == "look":
            seen.update({int(r["id"]): int(r["ts"]) for r in picture.changed()})
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
                seen = {int(r["id"]): int(r["ts"]) for r in picture.all()}
        assert set(picture.unnamed()) == present.keys() - named
        assert picture.has_unnamed == bool(present.keys() - named)
        assert ids(picture.all()) == sorted(present.keys() & named)
