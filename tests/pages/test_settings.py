"""What the Settings page shows: each setting with its limits and default, and changes in words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from auth.roles import Role, Visitor
from core.settings import Settings
from core.site import defaults
from core.site_fields import FIELDS
from db.naming import Renamed
from db.queries.audit import Change
from db.queries.naming import Named
from db.site import Changed
from pages.settings import _audit as audit
from pages.settings import _changes as changes
from pages.settings import _devices as devices
from pages.settings import _ids as ids
from pages.settings import _parts as draw
from pages.settings import _words as said
from tests.pages.test_summary import parts_of, words

INITIAL = defaults(Settings.model_construct())


def test_every_setting_has_a_control_and_a_way_back_to_its_default() -> None:
    values = INITIAL | {"summary.interval_s": 1}
    shown = [
        draw.refreshing(values, INITIAL),
        *(draw.fields(anchor, values, INITIAL) for anchor in ("display", "map", "events", "alerts")),
    ]
    parts = {str(part.id): part for root in shown for part in parts_of(root) if getattr(part, "id", None)}
    assert len(parts) == 3 * len(FIELDS)
    for name, field in FIELDS.items():
        control, default = parts[str(ids.field(name))], parts[str(ids.default(name))]
        assert said.read(field, control.value) == values[name]
        assert parts[str(ids.known(name))].data == control.value, "it would be saved though nobody has changed it"
        assert said.read(field, json.loads(default.value)) == INITIAL[name]
        assert ("differs" in default.className) == (name == "summary.interval_s")
    labelled = [part for part in parts.values() if part.id["part"] == "control"]
    assert all(getattr(part, "label", None) or getattr(part, "aria-label", None) for part in labelled)


def test_every_section_has_a_heading_and_what_it_holds_is_shown_once() -> None:
    anchors = [anchor for anchor, _ in draw.SECTIONS]
    assert anchors == ["refreshing", "display", "map", "devices", "events", "alerts", "audit"]
    links = [part.href for part in parts_of(draw.navigation()) if hasattr(part, "href")]
    assert links == [f"#{anchor}" for anchor in anchors]


def test_values_are_said_in_words() -> None:
    assert draw.said("summary.interval_s", 5, 1) == "Summary, refresh every: 1 s now, was 5 s."
    assert draw.said("top.n", 20, 50) == "Rows of Top N: 50 devices now, was 20 devices."
    assert draw.said("map.tiles_url", "", "https://t/{z}/{x}/{y}") == "Map tiles: https://t/{z}/{x}/{y} now, was none."
    assert draw.said("alerts.keep_days", 365, 30) == "Keep closed alerts: 30 days now, was 365 days."
    assert draw.said("alerts.webhook_url", "", "https://h/x") == "Webhook: https://h/x now, was none."
    assert draw.said("alerts.floor_s", 1, 2) == "Alerts, floor: 2 s now, was 1 s."
    assert said.text("event_types", INITIAL["event_types"]) == "door, ignition, connection"
    assert said.text("event_types", 5) == "none"
    assert said.text("2 devices: fleet", {"a": "north", "b": None}) == "a: north, b: none"
    assert said.text("alert rule r", {"for_s": 0.0, "enabled": False}) == "for_s: 0, enabled: no"
    assert said.text("placements of a", ["door +1", "gate -1"]) == "door +1, gate -1"
    assert said.text("placements of a", []) == "none"
    assert len(said.text("device x: label", "y" * 500)) == 60
    assert said.limits(FIELDS["top.n"]) == "From 1 to 500 devices."


def test_state_machines_are_written_so_that_they_can_be_read_and_edited() -> None:
    field = FIELDS["event_types"]
    shown = said.typed(field, field.default)
    assert json.loads(shown) == field.default
    assert shown.count("\n") > 6
    for wrong in ("[", "", None, "[1,]"):
        with pytest.raises(ValueError, match="no JSON"):
            said.read(field, wrong)


def test_who_may_not_change_settings_is_told_where_to_go() -> None:
    nobody = draw.only_for_admins(Visitor(None, Role.VIEWER).name)
    assert [p.href for p in parts_of(nobody) if hasattr(p, "href")] == ["/sign-in?next=/settings"]
    assert "signed in as vera" in words(draw.only_for_admins("vera"))


@pytest.mark.parametrize(
    "total, shown, search, text",
    [
        (0, 0, "", "No device has sent anything yet"),
        (0, 0, "x", "No device has 'x' in its name, label or fleet"),
        (1, 1, "", "1 device"),
        (190, 190, "", "190 devices"),
        (12000, 5000, "", "The first 5 000 of 12 000 devices; search to narrow"),
    ],
)
def test_the_note_of_the_table_says_how_many_and_how_many_of_them(
    total: int, shown: int, search: str, text: str
) -> None:
    assert devices.note(total, shown, search).replace("\u2009", " ") == text


def test_a_row_says_what_of_it_was_given() -> None:
    row = devices.row(Named("a", "Airport", "north", None, frozenset({"label"})))
    assert row == {"device": "a", "label": "Airport", "fleet": "north", "kind": None, "given": ["label"]}


def renamed(name: str, **more: Any) -> Renamed:
    known: dict[str, Any] = {"before": {"fleet": "n"}, "after": {"fleet": "s"}, "given": {"fleet": None}}
    return Renamed(1, name, **(known | more))


def test_a_change_knows_how_it_is_taken_back() -> None:
    one = changes.of_devices([renamed("a")])
    assert one == {"devices": [["a", "fleet", None]], "said": "a, fleet: s now, was n."}
    many = changes.of_devices([renamed("a"), renamed("b", given={"fleet": "own"})])
    assert many == {
        "devices": [["a", "fleet", None], ["b", "fleet", "own"]],
        "said": "2 devices are in the fleet s now.",
    }
    setting = changes.of_setting("summary.interval_s", Changed(5, 1))
    assert (setting["setting"], setting["before"]) == ("summary.interval_s", 5)


@pytest.mark.parametrize("stack", [None, "x", [1, "a"], {"a": 1}])
def test_whatever_the_browser_sends_for_a_stack_a_change_comes_on_top(stack: object) -> None:
    assert changes.pushed(stack, {"said": "x"}) == [{"said": "x"}]
    full = [{"said": str(n)} for n in range(changes.MOST)]
    assert len(changes.pushed(full, {"said": "x"})) == changes.MOST


def test_the_audit_is_a_table_in_which_hostile_names_are_text() -> None:
    moment = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    hostile = "device <img src=x onerror=alert(1)>: label"
    table = audit.table([Change(2, moment, "admin", "top.n", 20, 50), Change(1, moment, "admin", hostile, None, "A")])
    assert "20 devices" in words(table)
    assert hostile in words(table)
    assert "Nothing has been changed" in words(audit.table([]))
