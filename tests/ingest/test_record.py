"""A record comes back as it was, and no damage to it goes unseen."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.journal import record
from ingest.journal.record import DamagedRecord, Decoder, Encoder, Record

sources = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
payload_lists = st.lists(st.binary(max_size=200), max_size=20)


def encoded(sequence: int, *payloads: bytes, source: str = "s") -> bytes:
    return Encoder().encode(sequence, 1_795_382_343_000_000, source, payloads)


def salvaged(data: bytes, after: int = 0, start: int = 0) -> tuple[list[Record], list[tuple[int, int]]]:
    """The records of `data`, and from where to where it is damaged."""
    damage: list[tuple[int, int]] = []

    def on_damage(found: DamagedRecord, again_at: int) -> None:
        damage.append((found.at, again_at))

    return [found for found, _ in Decoder().salvage(data, after, on_damage, start)], damage


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1), sources, payload_lists)
def test_a_record_comes_back_as_it_was(sequence: int, received_at: int, source: str, payloads: list[bytes]) -> None:
    data = Encoder().encode(sequence, received_at, source, payloads)
    records = [found for found, _ in Decoder().salvage(data, -1, lambda _damage, _again: None)]
    assert records == [Record(sequence, received_at, source, payloads)]


@given(st.lists(payload_lists, min_size=1, max_size=6))
def test_records_one_behind_the_other_come_back_in_order_with_their_ends(batches: list[list[bytes]]) -> None:
    parts = [encoded(number, *payloads) for number, payloads in enumerate(batches, 1)]
    ends = [sum(map(len, parts[: number + 1])) for number in range(len(parts))]
    found = list(Decoder().salvage(b"".join(parts), 0, lambda _damage, _again: None))
    assert [(r.sequence, r.payloads) for r, _ in found] == list(enumerate(batches, 1))
    assert [end for _, end in found] == ends


def test_reading_begins_behind_a_number_or_at_an_offset() -> None:
    parts = [encoded(number, b"x" * number) for number in (1, 2, 3)]
    data = b"".join(parts)
    assert [r.sequence for r in salvaged(data, after=1)[0]] == [2, 3]
    assert [r.sequence for r in salvaged(data, start=len(parts[0]) + len(parts[1]))[0]] == [3]
    assert salvaged(data, after=3) == ([], [])


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_every_changed_byte_of_a_record_is_seen_and_costs_that_record_alone(flip: int) -> None:
    before, hit, behind = encoded(1, b"before"), encoded(2, b"hit", b"", source="ü"), encoded(3, b"behind")
    for at in range(len(hit)):
        broken = bytearray(hit)
        broken[at] ^= flip
        records, damage = salvaged(before + bytes(broken) + behind)
        assert [r.payloads for r in records] == [[b"before"], [b"behind"]], at
        assert damage == [(len(before), len(before) + len(hit))], at


def test_a_changed_byte_in_what_is_stepped_over_costs_nothing_behind_it() -> None:
    parts = [encoded(number, b"payload %d" % number) for number in range(1, 6)]
    for at in range(len(parts[1])):
        data = bytearray(b"".join(parts))
        data[len(parts[0]) + at] ^= 0xFF
        assert [r.sequence for r in salvaged(bytes(data), after=2)[0]] == [3, 4, 5], at


def test_a_record_cut_off_at_any_length_is_seen() -> None:
    whole, cut = encoded(1, b"whole"), encoded(2, b"cut", b"off")
    for length in range(1, len(cut)):
        records, damage = salvaged(whole + cut[:length])
        assert [r.sequence for r in records] == [1], length
        assert damage == [(len(whole), len(whole) + length)], length


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_damage_and_no_failure(data: bytes) -> None:
    records, damage = salvaged(data)
    assert records == []
    assert damage == ([(0, len(data))] if data else [])


def test_magic_bytes_within_a_payload_do_not_mislead() -> None:
    magic = record.MAGIC.to_bytes(4, "little")
    decoy = magic + struct.pack("<I", 2**31) + bytes(30)
    broken = bytearray(encoded(1, decoy, decoy + b"1"))
    broken[20] ^= 0xFF
    records, damage = salvaged(bytes(broken) + encoded(2, b"good"))
    assert [r.payloads for r in records] == [[b"good"]]
    assert damage == [(0, len(broken))]


def test_a_whole_record_sent_as_a_payload_does_not_come_back_as_an_older_one() -> None:
    forged = encoded(1, b"forged")
    outer = bytearray(Encoder().encode(2, 0, "s", [forged]))
    assert forged in outer, "zstd stored it as it is"
    outer[40] ^= 0xFF
    records, _ = salvaged(encoded(1, b"true") + bytes(outer) + encoded(3, b"behind"))
    assert [r.payloads for r in records] == [[b"true"], [b"behind"]]


def test_a_record_that_checks_but_cannot_be_unpacked_is_damage() -> None:
    body = b"not zstd"
    header = struct.pack("<QqIH", 1, 0, 1, 1)
    checked = header + b"s" + body
    data = struct.pack("<III", record.MAGIC, 1 + len(body), zlib.crc32(checked)) + checked
    records, damage = salvaged(data + encoded(2, b"good"))
    assert [r.sequence for r in records] == [2]
    assert damage == [(0, len(data))]


def test_more_than_a_record_can_hold_is_refused_before_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_BODY", 50)
    with pytest.raises(ValueError, match="append fewer"):
        encoded(1, bytes(range(200)))
