"""Whatever comes, decoding never raises, and the fast way and the careful way agree."""

import tracemalloc
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.decoders import Decoded
from ingest.decoders.fields import NAMES
from ingest.decoders.native import NativeDecoder

NOW = 1_795_382_400_000_000
REAL = [
    b'{"device_id":"bus-8929","ts":"2015-03-07T06:00:22Z","lat":30.268604,"lon":-97.74414,"speed":0,"route_id":"411"}',
    b'{"device_id":"230035780","ts":"2014-08-15T19:00:00.363Z","lat":59.7,"lon":24.7,"speed":3.18,"course":199.0}',
    b'{"device_id":"398564","ts":"2021-10-07T12:00:01Z","lat":48.3,"lon":1.4,"heading":16.3,"speed":385,"altitude":20250}',
    b'[{"device_id":"a","ts":1795382343.123,"speed":1},{"device_id":"b","ts":1795382343123,"heading":511,"course":4}]',
    b'{"device_id":"a","speed":1}\n{"device_id":"b","lat":91,"lon":181,"battery":0.5}\n',
]

numbers = st.one_of(
    st.integers(-400, 400),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([91, 181, 511, 360, 12_000, 12_001, 1795382343, 1795382343123, NOW // 1_000_000 + 301, 10**400]),
)
odd = st.one_of(
    st.none(), st.booleans(), numbers, st.text(max_size=8), st.lists(st.integers(), max_size=2), st.just("x" * 600)
)
moments = st.one_of(
    numbers,
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.datetimes().map(lambda moment: moment.isoformat() + "-13:45"),
    st.just("2026-11-22T21:19:03.1234567891Z"),
)
near_native = st.fixed_dictionaries(
    {},
    optional={
        "device_id": st.one_of(st.text(max_size=5), odd),
        "ts": st.one_of(moments, odd),
        "lat": st.one_of(st.floats(-91, 91), odd),
        "lon": st.one_of(st.floats(-181, 181), odd),
        "altitude": odd,
        "speed": odd,
        "heading": odd,
    },
)
any_names = st.sampled_from([name for names in NAMES.values() for name in names]) | st.text(max_size=4)
objects = st.one_of(near_native, st.dictionaries(any_names, st.one_of(odd, moments), max_size=9))


def as_json(value: object) -> bytes:
    """JSON, also of integers that msgspec does not write."""
    if isinstance(value, dict):
        return b"{" + b",".join(as_json(k) + b":" + as_json(v) for k, v in value.items()) + b"}"
    return str(value).encode() if type(value) is int else msgspec.json.encode(value)


def ways(payload: bytes, **options: Any) -> tuple[Decoded, Decoded]:
    """The payload decoded by one that tries the fast way, and by one that does not."""
    return tuple(NativeDecoder(fast=fast, **options).decode([payload], NOW) for fast in (True, False))  # type: ignore[return-value]


@settings(max_examples=200)
@given(objects, st.sampled_from([{}, {"speed": "mph", "altitude": "ft"}, {"max_ahead_s": 0}]))
@example({"device_id": "d", "ts": 10**400, "speed": 1}, {})
@example({"device_id": "d", "speed": 12_000 / 0.44704}, {"speed": "mph"})
@example({"device_id": "d", "heading": -0.0, "lat": -0.0, "lon": -180}, {})
@example({"device_id": "d", "speed": 1, "altitude": 1_000_000 / 0.3048}, {"altitude": "ft"})
def test_both_ways_give_the_same_message_or_refuse_for_the_same_reason(
    item: dict[str, Any], options: dict[str, Any]
) -> None:
    fast, careful = ways(as_json(item), **options)
    assert fast == careful
    assert len(fast.messages) + len(fast.refused) == 1


@given(st.lists(objects, max_size=5), st.sampled_from([b"array", b"lines"]))
def test_both_ways_give_the_same_of_arrays_and_lines_and_account_for_each(
    items: list[dict[str, Any]], how: bytes
) -> None:
    parts = [as_json(item) for item in items]
    fast, careful = ways(b"[" + b",".join(parts) + b"]" if how == b"array" else b"\n".join(parts))
    assert fast == careful
    assert len(fast.messages) + len(fast.refused) == (len(items) or 1)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_refused_or_decoded_and_never_raise(payloads: list[bytes]) -> None:
    for fast in (True, False):
        decoded = NativeDecoder(fast=fast).decode(payloads, NOW)
        assert len(decoded.messages) + len(decoded.refused) >= len(payloads)


@settings(max_examples=200)
@given(st.sampled_from(REAL), st.data())
def test_real_messages_with_bytes_changed_cut_or_doubled_never_raise(real: bytes, data: st.DataObject) -> None:
    payload = bytearray(real)
    for _ in range(data.draw(st.integers(1, 4))):
        at, length = data.draw(st.integers(0, len(real))), data.draw(st.integers(0, 12))
        payload[at : at + length] = data.draw(st.binary(max_size=6) | st.just(bytes(payload[at : at + length]) * 2))
    fast, careful = ways(bytes(payload))
    assert fast == careful
    assert fast.messages or fast.refused


@given(st.lists(st.booleans(), max_size=300))
def test_whatever_came_before_a_message_decodes_the_same(plain: list[bool]) -> None:
    payloads = [
        b'{"device_id":"d","ts":%d,"%s":1}' % (NOW // 1000 + n, b"speed" if p else b"x") for n, p in enumerate(plain)
    ]
    fast, careful = (NativeDecoder(fast=fast, max_ahead_s=10).decode(payloads, NOW) for fast in (True, False))
    assert fast == careful
    assert [m.speed is not None for m in fast.messages] == plain


def test_the_fast_way_is_tried_where_it_pays() -> None:
    """Seldom on a source of other messages alone, mostly on a mixed one, always on a plain one."""
    decoder, tried = NativeDecoder(), 0
    plain = decoder._plain

    def counted(payload: Any) -> Any:
        nonlocal tried
        tried += 1
        return plain(payload)

    decoder._plain = counted
    other, plain_one = b'{"device_id":"d","battery":1}', b'{"device_id":"d","speed":1}'
    decoder.decode([other] * 6500, NOW)
    assert 1 <= tried < 120
    decoder.decode([plain_one] * 64, NOW)
    tried = 0
    decoder.decode([other, *[plain_one] * 9] * 100, NOW)
    assert 850 < tried < 1000
    tried = 0
    decoder.decode([plain_one] * 1000, NOW)
    assert tried >= 999
    decoder._pause_left = -1  # as two threads leave it that counted down from 1 at once
    tried = 0
    decoder.decode([plain_one] * 1000, NOW)
    assert tried == 1000


def test_bad_payloads_leave_no_memory_behind() -> None:
    decoder = NativeDecoder()
    bad = [b"\xff" * 50, b"{", b"[" * 5000, b'{"a":' * 5000, b'[{"device_id":""}]', b"{}\nx\n", REAL[0][:-9]]
    batches = [[payload + b"%d" % n for payload in bad] for n in range(300)]
    for batch in batches[:100]:
        decoder.decode(batch, NOW)
    tracemalloc.start()
    for batch in batches:
        decoder.decode(batch, NOW)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 100_000
