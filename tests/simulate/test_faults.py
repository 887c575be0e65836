"""Faults are what they say, and the counts are what a receiver can find out."""

from collections import Counter

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decoders import decoder_for
from simulate.faults import CORRUPTIONS, FaultRates, Faults, Message, corrupted


def made(
    rates: FaultRates, *, rounds: int = 200, devices: int = 5, seed: int = 1
) -> tuple[Faults, list[tuple[float, Message]]]:
    """Each device says a message a round, a round a second; what came out, and when."""
    faults, sent = Faults(rates, seed=seed), list[tuple[float, Message]]()
    for second in range(rounds):
        at = float(second)
        sent += [(at, message) for message in faults.release(at)]
        batch = [(f"d{n}", b'{"device_id":"d%d","seq":%d,"lat":1.5}' % (n, second + 1)) for n in range(devices)]
        sent += [(at, message) for message in faults.passed(batch, at)]
    sent += [(float(rounds), message) for message in faults.rest()]
    return faults, sent


def usable(payload: bytes) -> bool:
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False
    return "device_id" in message and message["lat"] < 90


SHARES = st.floats(0, 0.2)


@settings(max_examples=80, deadline=None)
@given(
    st.builds(
        FaultRates,
        duplicates=SHARES,
        out_of_order=SHARES,
        late=SHARES,
        corrupt=SHARES,
        drop=SHARES,
        late_by=st.sampled_from([0.5, 3.0, 1000.0]),
    ),
    st.integers(0, 1000),
)
def test_the_counts_are_what_arrives(rates: FaultRates, seed: int) -> None:
    faults, sent = made(rates, rounds=60, seed=seed)
    counts, whole = faults.counts, 60 * 5
    assert faults.held == 0
    assert len(sent) == whole - counts.dropped + counts.duplicates
    good = [(at, device, orjson.loads(p)["seq"]) for at, (device, p) in sent if usable(p)]
    assert len(sent) - len(good) == counts.corrupt
    times = Counter((device, seq) for _, device, seq in good)
    assert set(times.values()) <= {1, 2}
    assert sum(n - 1 for n in times.values()) == counts.duplicates
    assert whole - len(times) == counts.dropped + counts.corrupt, "each gap in seq is a message that was left out"
    newest: Counter[str] = Counter()
    overtaken = late = 0
    for at, device, seq in good:
        if at - (seq - 1) >= rates.late_by and at < 60:
            late += 1
        elif seq < newest[device] and at < 60:
            overtaken += 1
        newest[device] = max(newest[device], seq)
    if rates.late_by != 0.5:  # a message overtaken by the next second's is then late as well
        assert late >= counts.late - counts.late_early
        assert overtaken + late == counts.out_of_order + counts.late - counts.late_early


@pytest.mark.parametrize("fault", ["duplicates", "out_of_order", "late", "corrupt", "drop"])
def test_the_share_is_what_was_asked_for(fault: str) -> None:
    faults, sent = made(FaultRates(**{fault: 0.05}, late_by=10.0), rounds=2000)
    count = getattr(faults.counts, "dropped" if fault == "drop" else fault)
    assert count == pytest.approx(500, rel=0.15)
    others = {"duplicates", "out_of_order", "late", "corrupt", "dropped"} - {
        fault,
        "dropped" if fault == "drop" else "",
    }
    assert not any(getattr(faults.counts, other) for other in others)
    assert len(sent) == 10_000 + (count if fault == "duplicates" else -count if fault == "drop" else 0)


def test_late_messages_come_when_they_are_due() -> None:
    faults, sent = made(FaultRates(late=0.1, late_by=30.0), rounds=300)
    lags = [at - (orjson.loads(payload)["seq"] - 1) for at, (_, payload) in sent]
    assert set(lags[: len(lags) - faults.counts.late_early]) == {0.0, 30.0}
    assert lags.count(30.0) >= faults.counts.late - faults.counts.late_early
    assert faults.counts.late_early > 0


def test_without_faults_messages_pass_as_they_are() -> None:
    _, sent = made(FaultRates())
    assert [orjson.loads(payload)["seq"] for _, (device, payload) in sent if device == "d0"] == list(range(1, 201))


def test_all_messages_can_have_a_fault_and_no_more_than_all() -> None:
    faults, sent = made(FaultRates(drop=1.0))
    assert (sent, faults.counts.dropped) == ([], 1000)
    with pytest.raises(ValueError, match="100 %"):
        Faults(FaultRates(drop=0.6, late=0.6), seed=1)


@pytest.mark.parametrize("way", range(len(CORRUPTIONS)))
def test_waypost_can_use_no_corrupt_message(way: int) -> None:
    whole = orjson.dumps(
        {"device_id": "bus-1", "seq": 1, "ts": "2026-01-01T00:00:00Z", "lat": -0.5, "lon": 1.5, "speed": 2}
    )
    decoder = decoder_for({}, max_ahead_s=300)
    assert not decoder.decode([whole], 1_800_000_000_000_000).refused
    broken = corrupted(whole, way)
    assert b"\n" not in broken
    decoded = decoder.decode([broken], 1_800_000_000_000_000)
    assert len(decoded.refused) == 1
