"""Lines out of a stream, however the network cuts it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.lines import LineSplitter

texts = st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b"0123456789", b"\0"]), max_size=60).map(b"".join)


def expected(stream: bytes, most: int) -> tuple[list[bytes], bytes, int]:
    """The plain way: all of the stream at hand."""
    *lines, last = (line.removesuffix(b"\r") for line in stream.split(b"\n"))
    fit = [line for line in lines if 0 < len(line) <= most]
    return fit, last if len(last) <= most else b"", sum(len(line) > most for line in [*lines, last])


@given(stream=texts, cuts=st.lists(st.integers(0, 600), max_size=30), most=st.integers(1, 25))
def test_any_cuts_give_the_same_lines(stream: bytes, cuts: list[int], most: int) -> None:
    splitter = LineSplitter(most)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    lines = [line for a, b in pairwise(places) for line in splitter.feed(stream[a:b])]
    assert (lines, splitter.end(), splitter.overlong) == expected(stream, most)


def test_of_a_line_that_never_ends_nothing_is_kept() -> None:
    splitter = LineSplitter(1000)
    for _ in range(10_000):
        assert splitter.feed(bytes(500)) == []
    assert sum(map(len, splitter._pieces)) == 0
    assert splitter.feed(b"\nnext\n") == [b"next"]
    assert splitter.overlong == 1
