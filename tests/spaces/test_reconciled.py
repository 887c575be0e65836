"""Whatever the order in which crossings and corrections arrive, the history is that of a plain recomputation."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.spaces import Placing
from tests.spaces.conftest import DAY0, NOW, Doors, Passage, Plain

_numbers = count(1)
MINUTES = st.integers(0, 4 * 24 * 60)
PASSAGES = st.lists(
    st.tuples(MINUTES, st.sampled_from("ab"), st.sampled_from([1, -1]), st.integers(1, 3)),
    min_size=1,
    max_size=30,
    unique_by=lambda p: p[:3],
)
KNOWN = st.dictionaries(MINUTES, st.integers(0, 9), max_size=3)


def at(minute: int) -> datetime:
    """A moment so many minutes after the first day began."""
    return DAY0 + timedelta(minutes=minute)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(drawn=PASSAGES, moved=MINUTES, known=KNOWN, chance=st.tuples(st.sampled_from([None, 4]), st.integers(0, 999)))
def test_any_order_with_duplicates_and_a_sensor_moved_in_the_past_gives_the_plain_history(
    doors: Doors,
    drawn: list[tuple[int, str, int, int]],
    moved: int,
    known: dict[int, int],
    chance: tuple[int | None, int],
) -> None:
    empty_hour, seed = chance
    n, random = next(_numbers), Random(seed)
    passages = [Passage(at(minute), f"{door}{n}", way, many) for minute, door, way, many in drawn]
    doors.register(f"a{n}", f"b{n}")
    where = doors.space(f"space {n}", empty_hour)
    doors.place(where, Placing(f"a{n}", 1, at(0), None), Placing(f"b{n}", 1, at(0), None))
    moves = [
        Placing(f"a{n}", 1, at(0), None),
        *([Placing(f"b{n}", 1, at(0), at(moved))] if moved else []),
        Placing(f"b{n}", -1, at(moved), None),
    ]
    corrections: list[Callable[[], None]] = [partial(doors.place, where, *moves)]
    corrections += [partial(doors.count_by_hand, where, at(minute), many) for minute, many in known.items()]
    arrivals = [*passages, *random.choices(passages, k=len(passages) // 3)]
    random.shuffle(arrivals)
    while arrivals or corrections:
        step = random.randint(1, 15)
        doors.pass_through(arrivals[:step])
        arrivals = arrivals[step:]
        if corrections and random.random() < 0.5:
            corrections.pop()()
        if random.random() < 0.5:
            doors.reconcile(NOW)
    plain = Plain(set(passages), moves, {at(minute): many for minute, many in known.items()}, empty_hour)
    moments = [p.ts for p in passages] + [at(moved), *(at(random.randrange(6000)) for _ in range(5))]

    for moment in moments:  # before it is reconciled the raw sum is right already
        found, wanted = doors.at(where, moment), plain.at(moment)
        assert (None if found is None else found.raw) == (None if wanted is None else wanted[1]), moment
    doors.reconcile(NOW)
    for moment in [*moments, at(-1), NOW]:
        found, wanted = doors.at(where, moment), plain.at(moment)
        assert (None if found is None else (found.count, found.raw, found.reconciled)) == wanted, moment
    begins = {*plain.anchors(), *(ts for ts, *_ in plain.steps()[:1])}
    checkpoints = f"SELECT ts, count, reconciled_count FROM occupancy WHERE space_id = {where.id} ORDER BY ts"
    for ts, raw, reconciled in doors.rows(checkpoints):
        assert isinstance(ts, datetime)
        if ts not in begins:  # that one says what is before anything that passes at this very moment
            wanted = plain.at(ts - timedelta(microseconds=1))
            assert wanted is not None
            assert (reconciled, raw) == wanted[:2], ts
    assert doors.reconcile(NOW) == 0, "nothing is left to be made anew"
