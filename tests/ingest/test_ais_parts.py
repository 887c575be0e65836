"""AIS messages of several parts, which may come in different records."""

import pytest

from core.types import Refused
from ingest.decoders import Decoded
from ingest.decoders.ais import AisDecoder
from ingest.decoders.nmea import Sentences
from tests.ingest.nmea_lines import CLASS_A, FIRST, LAST, STAMPED_AT, checked, stamp

NOW = 1_795_382_400_000_000
SECOND = 1_000_000
MISSING = "part of a message missing"
OTHER_CHANNEL = b"!" + checked(b"AIVDM,2,2,3,A,1@0000000000000,2")


def outcomes(*records: tuple[int, bytes]) -> Decoded:
    """What one decoder makes of records, each received so many seconds after the first."""
    decoder, found = AisDecoder(), Decoded([], [])
    for after_s, payload in records:
        messages, refused = decoder.decode([payload], NOW + after_s * SECOND)
        found.messages.extend(messages)
        found.refused.extend(refused)
    return found


def test_parts_in_different_records_make_one_message() -> None:
    found = outcomes((0, FIRST), (60, LAST))
    assert [m.device for m in found.messages] == ["369190000"]
    assert found.messages[0].ts == NOW + 60 * SECOND
    assert found.refused == []


def test_the_moment_beside_the_first_part_counts_for_all() -> None:
    found = outcomes((0, rb"\c:1795382343,s:station*41" + b"\\" + FIRST), (1, LAST))
    assert found.messages[0].ts == 1_795_382_343 * SECOND


@pytest.mark.parametrize(
    ("records", "refused"),
    [
        ([(0, LAST), (0, FIRST)], [(MISSING, LAST)]),
        ([(0, FIRST), (61, LAST)], [(MISSING, FIRST), (MISSING, LAST)]),
        ([(0, FIRST), (1, FIRST), (61, LAST)], [(MISSING, FIRST)]),
        ([(0, FIRST), (1, OTHER_CHANNEL)], [(MISSING, OTHER_CHANNEL)]),
        ([(0, FIRST), (-5, LAST)], [(MISSING, LAST)]),
    ],
    ids=["out of order", "too late", "begun anew", "another channel", "read a second time"],
)
def test_parts_that_do_not_belong_together_are_not_put_together(
    records: list[tuple[int, bytes]], refused: list[tuple[str, bytes]]
) -> None:
    found = outcomes(*records)
    assert [(r.reason, r.payload) for r in found.refused] == refused


def test_an_older_record_read_a_second_time_leaves_what_has_begun_since() -> None:
    found = outcomes((0, FIRST), (-5, LAST), (-120, CLASS_A), (1, LAST))
    assert [m.device for m in found.messages] == ["477553000", "369190000"]
    assert [(r.reason, r.payload) for r in found.refused] == [(MISSING, LAST)]


def test_a_message_read_a_second_time_from_its_beginning_is_whole_again() -> None:
    found = outcomes((0, FIRST), (1, LAST), (2, FIRST), (0, FIRST), (1, LAST), (2, FIRST), (3, LAST))
    assert (len(found.messages), found.refused) == (3, [])


def test_a_part_left_out_is_not_jumped_over() -> None:
    first, last = (b"!" + checked(b"AIVDM,3,%d,3,B,55P5TL01VIaAL@7WKO@m,0" % number) for number in (1, 3))
    found = outcomes((0, first), (0, last), (61, CLASS_A))
    assert [(r.reason, r.detail) for r in found.refused] == [(MISSING, "part 3 of 3"), (MISSING, "1 of 3 parts")]


def test_a_moment_written_before_a_sentence_does_not_wait_for_ever() -> None:
    assert outcomes((0, stamp(b"5C")), (60, CLASS_A)).messages[0].ts == STAMPED_AT
    assert outcomes((0, stamp(b"5C")), (61, CLASS_A)).messages[0].ts == NOW + 61 * SECOND


def test_a_message_refused_keeps_all_its_lines_so_that_it_can_be_decoded_again() -> None:
    lines = [stamp(b"%02X" % (0x3E ^ 0x55)), FIRST, LAST]
    refused: list[Refused] = []
    (whole,) = Sentences().take(lines, NOW, refused)
    assert (whole.raw, refused) == (b"\n".join(lines), [])
    assert [m.ts for m in AisDecoder().decode([whole.raw], NOW).messages] == [STAMPED_AT]


def test_no_more_than_so_many_messages_wait_for_their_parts() -> None:
    sentences = Sentences(most=3)
    refused: list[Refused] = []
    for number in range(10):
        line = b"!" + checked(FIRST[1:].partition(b"*")[0].replace(b",3,", b",%d," % number))
        assert list(sentences.take([line], NOW, refused)) == []
    assert [(r.reason, r.detail) for r in refused] == [(MISSING, "1 of 2 parts")] * 7
    assert b",2,1,0,B" in refused[0].payload
