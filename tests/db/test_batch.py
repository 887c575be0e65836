"""Sorting rows into newer and late, and arrays into PostgreSQL's binary forms."""

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.arrays import Float4s, Float8s, Int4s, Int8s, copy_binary, register
from db.embedded import EmbeddedServers
from db.frontier import newest_so_far


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(-(10**15), 10**15)), max_size=60))
def test_a_row_is_newer_only_if_no_earlier_row_of_its_device_is_as_new(rows: list[tuple[int, int]]) -> None:
    ids = np.array([row[0] for row in rows], dtype=np.uint32)
    ts = np.array([row[1] for row in rows], dtype=np.int64)
    highest: dict[int, int] = {}
    expected = []
    for device, moment in rows:
        expected.append(moment > highest.get(device, -(2**62)))
        highest[device] = max(moment, highest.get(device, -(2**62)))
    assert newest_so_far(ids, ts).tolist() == expected


@pytest.mark.parametrize(
    ("array", "values", "cast"),
    [
        (Int4s, [1, -2, 2**31 - 1], "int4[]"),
        (Int8s, [1, -2, 2**62], "int8[]"),
        (Float4s, [0.5, -1.25], "float4[]"),
        (Float8s, [0.1, 1e300], "float8[]"),
        (Int4s, [], "int4[]"),
    ],
)
def test_an_array_arrives_as_it_was(servers: EmbeddedServers, array: type, values: list[float], cast: str) -> None:
    with psycopg.connect(servers.conninfo) as connection:
        register(connection.adapters)
        found = connection.execute(f"SELECT %s::{cast}, pg_typeof(%s)::text", (array(np.array(values)),) * 2)
        assert found.fetchone() == (
            values,
            {"int4": "integer", "int8": "bigint"}.get(
                cast[:4], {"float4[]": "real", "float8[]": "double precision"}.get(cast, "")
            )
            + "[]",
        )


def test_copy_takes_rows_with_any_pattern_of_nulls(servers: EmbeddedServers) -> None:
    count = 300
    numbers = np.random.default_rng(3).normal(size=(3, count))
    numbers[np.random.default_rng(4).random((3, count)) < 0.4] = np.nan
    ids = np.arange(count)
    with psycopg.connect(servers.conninfo) as connection:
        connection.execute("CREATE TEMP TABLE t (id int4, big int8, a float8, b float4, c float8)")
        with connection.cursor() as cursor, cursor.copy("COPY t FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(copy_binary([ids, ids * 10**12, *numbers], ["i4", "i8", "f8", "f4", "f8"]))
        rows = connection.execute("SELECT * FROM t ORDER BY id").fetchall()
    expected = np.stack([ids, ids * 10**12, numbers[0], numbers[1].astype(np.float32), numbers[2]], axis=1)
    found = np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=float)
    np.testing.assert_allclose(found, expected, rtol=1e-7, equal_nan=True)
