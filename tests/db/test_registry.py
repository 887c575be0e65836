"""The registry: names to ids, descriptions, and a bound against floods."""

from sqlalchemy import Engine

from db.queries.devices import count_devices, get_device, list_devices, list_fleets
from db.registry import Registry, touch_devices
from db.seed import read_checkpoint, read_seed
from db.write import Advance, Latest
from tests.db.conftest import T0, Storing, message, state


def test_names_keep_their_ids_over_a_restart(storing: Storing) -> None:
    storing.store([message("a", 1), message("b", 1, values={"battery": 1.0})])
    again = Registry(10, 10)
    again.load(storing.writer.connection())
    assert again.devices == storing.registry.devices
    assert again.metrics == storing.registry.metrics


def test_no_more_devices_and_metrics_than_allowed_are_registered(storing: Storing, engine: Engine) -> None:
    registry = Registry(max_devices=3, max_metrics=2)
    connection = storing.writer.connection()
    registry.add_devices(connection, [f"d{i}" for i in range(10)])
    registry.add_devices(connection, ["late"])
    registry.add_metrics(connection, ["m1", "m2", "m3"])
    assert list(registry.devices) == ["d0", "d1", "d2"]
    assert list(registry.metrics) == ["m1", "m2"]
    with engine.connect() as reading:
        assert count_devices(reading) == 3


def test_texts_describe_a_device_and_are_written_only_when_they_change(storing: Storing, engine: Engine) -> None:
    storing.store([message("a", 1)])
    device = storing.registry.devices["a"]
    texts = {"label": "Line 7", "kind": "bus", "fleet": "north", "headsign": "CENTRE"}
    assert storing.registry.changed_texts(device, texts) == texts
    storing.registry.describe(storing.writer.connection(), {device: texts})
    assert storing.registry.changed_texts(device, texts | {"headsign": "HARBOUR"}) == {"headsign": "HARBOUR"}
    storing.registry.describe(storing.writer.connection(), {device: {"headsign": "HARBOUR"}})
    with engine.connect() as reading:
        found = get_device(reading, "a")
        assert found is not None
        assert (found.label, found.kind, found.fleet) == ("Line 7", "bus", "north")
        assert found.attributes == {"headsign": "HARBOUR"}
        assert list_fleets(reading) == ["north"]
        assert [d.name for d in list_devices(reading, search="LINE")] == ["a"]
        assert list_devices(reading, search="%") == []


def test_what_was_stored_last_is_known_after_a_restart(storing: Storing) -> None:
    device = 5
    record = state(device, T0 + 1, received_at=T0 + 2, lat=1.0, speed=3.5)
    storing.writer.store(
        storing.batch([]), Latest(record, {device: {"battery": (0.5, T0)}}), [Advance("journal", 0, 42)]
    )
    seed = read_seed(storing.writer.connection())
    assert read_checkpoint(storing.writer.connection(), "journal") == 42
    assert seed.live.records([device]).tobytes() == record.tobytes()
    assert seed.live.values(device) == {"battery": (0.5, T0)}
    assert seed.frontier.seed == {device: T0 + 1}
    touch_devices(storing.writer.connection())
