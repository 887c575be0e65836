"""Several devices and metrics at once: equal to each asked alone, and to a plain computation."""

from datetime import timedelta
from statistics import fmean

import pytest
from sqlalchemy import Engine

from core.types import Message, from_micros
from db.annotations import add_annotation, remove_annotation
from db.queries.annotations import get_annotation, list_annotations
from db.queries.metrics import list_metrics
from db.queries.rows import Span
from db.queries.series import device_series, many_series
from tests.db.conftest import T0, Storing, message

HOUR = 3600


def value_of(message: Message, metric: str) -> float | None:
    """What a message says of a metric."""
    value: float | None = (
        getattr(message, metric) if metric in {"speed", "altitude"} else (message.values or {}).get(metric)
    )
    return value


def test_many_series_are_those_of_each_alone_and_of_a_plain_computation(storing: Storing, engine: Engine) -> None:
    names = ("a", "b", "silent")
    made = [
        message(
            "ab"[n % 2],
            n * 97.0,
            speed=None if n % 5 == 0 else n % 23 / 2,
            altitude=n % 7 if n % 2 else None,
            values={"load": n / 8, "; DROP TABLE device; --": -1.0 * n} if n % 3 else None,
        )
        for n in range(600)
    ]
    storing.store([*made, message("silent", -HOUR * 100)])
    ids = [storing.registry.devices[name] for name in names]
    start = from_micros(T0) + timedelta(seconds=1717)
    with engine.connect() as connection:
        metrics = [metric for metric in list_metrics(connection) if metric.name != "heading"]
        for length, points in ((timedelta(minutes=30), 1000), (timedelta(hours=14), 60), (timedelta(hours=15), 5)):
            span = Span(start, start + length)
            found = many_series(connection, metrics, ids, span, points=points)
            assert [(line.metric.name, line.device_id) for line in found] == [
                (metric.name, id_) for metric in metrics for id_ in ids
            ]
            for line in found:
                alone = device_series(connection, line.metric, line.device_id, span, points=points)
                assert line.series == alone
                name = names[ids.index(line.device_id)]
                values = [
                    value
                    for m in made
                    if m.device == name and span.start <= from_micros(m.ts) < span.end
                    if (value := value_of(m, line.metric.name)) is not None
                ]
                assert sum(bucket.n for bucket in alone.points) == len(values)
                if values:
                    mean = sum(bucket.mean * bucket.n for bucket in alone.points) / len(values)
                    assert mean == pytest.approx(fmean(values))
                    assert min(bucket.min for bucket in alone.points) == min(values)
                    assert max(bucket.max for bucket in alone.points) == max(values)
            assert len(found[0].series.points) <= points + 1  # the first bucket may begin before the span
        nothing = Span(start, start)
        assert all(line.series.points == () for line in many_series(connection, metrics, ids, nothing))
        assert many_series(connection, metrics, [], Span(start, start + timedelta(hours=1))) == []


def test_annotations_are_found_where_they_touch_and_removed_once(storing: Storing, engine: Engine) -> None:
    storing.store([message("a", 0), message("b", 0)])
    ids = storing.registry.devices
    zero = from_micros(T0)

    def at(minutes: float) -> timedelta:
        return timedelta(minutes=minutes)

    with engine.begin() as connection:

        def write(text: str, start: float, end: float | None = None, device: str | None = None) -> int:
            return add_annotation(
                connection,
                start=zero + at(start),
                end=None if end is None else zero + at(end),
                device_id=None if device is None else ids[device],
                text=text,
                author="ann",
            )

        span = write("  rain ", 0, 60)
        write("towed", 30, device="a")
        write("painted", 40, device="b")
        write("over", -60, -1)
        shown = Span(zero + at(10), zero + at(50))
        assert [one.text for one in list_annotations(connection, shown)] == ["painted", "towed", "rain"]
        assert [one.text for one in list_annotations(connection, shown, device_ids=[ids["a"]])] == ["towed", "rain"]
        assert [one.text for one in list_annotations(connection, shown, device_ids=[])] == ["rain"]
        assert [one.text for one in list_annotations(connection, shown, limit=1)] == ["painted"]
        one = get_annotation(connection, span)
        assert one is not None
        assert (one.start, one.end, one.device, one.author) == (zero, zero + at(60), None, "ann")
        for text, start, end in (("", 0, None), ("x" * 501, 0, None), ("a\0b", 0, None), ("x", 5, 5), ("x", 5, 4)):
            with pytest.raises(ValueError, match="annotation"):
                write(text, start, end)
        assert remove_annotation(connection, span)
        assert not remove_annotation(connection, span)
        assert get_annotation(connection, span) is None
