"""Runtime settings: what can be taken, what is refused and in which words, and that nothing stored breaks a page."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.machines import DEFAULT_MACHINES, Transition, machines_of, to_json
from core.settings import Settings
from core.site import NOBODY, Calling, InvalidSetting, check, defaults, merged, site_of
from core.site_fields import FIELDS, PAGES

INITIAL = defaults(Settings.model_construct(tiles_url=None, tiles_attribution=""))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def refusal(name: str, value: Any, **changed: Any) -> str:
    values = INITIAL | {key.replace("__", "."): one for key, one in changed.items()}
    with pytest.raises(InvalidSetting) as refused:
        check(name, value, values)
    assert refused.value.name == name
    return str(refused.value)


def test_every_default_is_within_its_own_limits_and_makes_settings() -> None:
    for name, field in FIELDS.items():
        assert check(name, field.default, INITIAL) == field.default, name
        assert field.says.endswith(".")
        assert field.label
    site = site_of(INITIAL)
    assert set(site.pages) == set(PAGES)
    assert (site.pages["live"].mode, site.pages["summary"].mode) == ("live", "interval")
    assert (site.refresh("summary").interval_s, site.refresh("no page").interval_s) == (5, 5)
    assert (site.tiles.url, site.top_n, site.units.speed) == (None, 20, "km/h")
    json.dumps(site.for_pages())
    assert site.calling == NOBODY


def test_who_is_called_is_told_to_no_page() -> None:
    values, _ = merged({"alerts.webhook_url": "https://h/secret", "alerts.keep_days": 30}, INITIAL)
    site = site_of(values)
    assert site.calling == Calling("https://h/secret", 30)
    assert "secret" not in json.dumps(site.for_pages())
    assert [name for name, field in FIELDS.items() if field.secret] == ["alerts.webhook_url"]


def test_the_environment_gives_the_tiles_until_an_admin_sets_others() -> None:
    initial = defaults(Settings.model_construct(tiles_url="https://a/{z}/{x}/{y}.png", tiles_attribution="A"))
    assert site_of(initial).tiles.url == "https://a/{z}/{x}/{y}.png"
    values, refused = merged({"map.tiles_url": ""}, initial)
    assert (site_of(values).tiles.url, site_of(values).tiles.attribution, refused) == (None, "A", [])


@pytest.mark.parametrize(
    "name, value, kept",
    [
        ("summary.interval_s", 1, 1),
        ("summary.interval_s", 2.0, 2),
        ("summary.interval_s", 2.54, 2.5),
        ("top.n", 500.0, 500),
        ("map.tiles_url", "  ", ""),
        ("map.tiles_url", "https://{s}.t.org:8443/{z}/{x}/{y}{r}.png?k=1", "https://{s}.t.org:8443/{z}/{x}/{y}{r}.png?k=1"),
        ("map.tiles_attribution", '© <a href="https://o.org/c">OSM</a>', '© <a href="https://o.org/c">OSM</a>'),
        ("alerts.webhook_url", " https://u:p@h.example:8443/a?k=1 ", "https://u:p@h.example:8443/a?k=1"),
        ("alerts.webhook_url", "http://[::1]/hook", "http://[::1]/hook"),
        ("alerts.webhook_url", "", ""),
        ("alerts.keep_days", 1, 1),
    ],
)  # fmt: skip
def test_what_is_within_the_limits_is_kept_in_one_form(name: str, value: Any, kept: Any) -> None:
    found = check(name, value, INITIAL)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("summary.interval_s", 0.4, "outside of 0.5 to 3600 s"),
        ("summary.interval_s", 3601, "outside of"),
        ("summary.interval_s", "5", "Give a number"),
        ("summary.interval_s", True, "Give a number"),
        ("summary.interval_s", float("nan"), "Give a number"),
        ("summary.mode", "push", "live, interval"),
        ("summary.mode", ["live"], "live, interval"),
        ("top.n", 0, "1 to 500"),
        ("top.n", 2.5, "whole number"),
        ("units.speed", "mps", "km/h, mph, kn, m/s"),
        ("map.tiles_url", "javascript:alert(1)//{z}{x}{y}", "address such as"),
        ("map.tiles_url", "https://h; script-src *//{z}{x}{y}", "address such as"),
        ("map.tiles_url", "https://h'/{z}{x}{y}", "address such as"),
        ("map.tiles_url", "https://user:pw@h/{z}{x}{y}", "address such as"),
        ("map.tiles_url", "https://[/{z}{x}{y}", "address such as"),
        ("map.tiles_url", "https://h/{z}/{x}.png", "{z}, {x} and {y}"),
        ("map.tiles_url", "https://h/{z}/{x}/{y}; x", "percent-encode"),
        ("map.tiles_url", 5, "Give a text"),
        ("map.tiles_attribution", "<img src=x onerror=alert(1)>", "Only links"),
        ("map.tiles_attribution", '<a href="javascript:x">a</a>', "Only links"),
        ("map.tiles_attribution", '<a href="https://a" onclick="x">a</a>', "Only links"),
        ("map.tiles_attribution", "a\nb", "one line"),
        ("event_types", 5, "list of machines"),
        ("alerts.webhook_url", "ftp://h/a", "address such as"),
        ("alerts.webhook_url", "javascript:alert(1)", "address such as"),
        ("alerts.webhook_url", "hooks.example.org/a", "address such as"),
        ("alerts.webhook_url", "https:///a", "address such as"),
        ("alerts.webhook_url", "https://h:0/a", "address such as"),
        ("alerts.webhook_url", "https://h:65536/a", "address such as"),
        ("alerts.webhook_url", "https://[::1/a", "address such as"),
        ("alerts.webhook_url", "https://h/a b", "address such as"),
        ("alerts.webhook_url", "https://h/\nx", "one line"),
        ("alerts.webhook_url", f"https://h/{'x' * 500}", "at most 500 characters"),
        ("alerts.webhook_url", None, "Give a text"),
        ("alerts.keep_days", 0.5, "outside of 1 to 3650 days"),
        ("alerts.keep_days", 3651, "outside of"),
    ],
)
def test_what_is_outside_is_refused_in_one_sentence(name: str, value: Any, words: str) -> None:
    message = refusal(name, value)
    assert words in message
    assert message.endswith(".")


def test_an_interval_below_its_floor_and_a_floor_above_its_interval_are_refused() -> None:
    assert "below this page's floor of 1 s" in refusal("top.interval_s", 0.5)
    assert "above this page's interval of 5 s" in refusal("top.floor_s", 6)
    assert "floor of 10 s" in refusal("top.interval_s", 5, top__floor_s=10, top__interval_s=20)
    assert check("top.floor_s", 0.5, INITIAL) == 0.5
    with pytest.raises(KeyError):
        check("no.such", 1, INITIAL)


@given(stored=st.dictionaries(st.sampled_from([*FIELDS, "unknown"]), ANYTHING))
def test_whatever_is_stored_there_are_settings_to_go_by(stored: dict[str, Any]) -> None:
    values, refused = merged(stored, INITIAL)
    site = site_of(values)
    assert all(0.5 <= one.floor_s <= one.interval_s <= 3600 for one in site.pages.values())
    assert set(refused) <= set(stored)


def test_machines_say_what_an_event_does_and_from_where_it_may() -> None:
    door = {
        "machine": "door",
        "events": {"door_open": {"to": "open", "from": ["closed", None]}, "slam": {"to": "closed"}},
    }
    (found,) = machines_of(door)
    assert found.events["door_open"] == Transition("open", frozenset({"closed", None}))
    assert [found.events["door_open"].allows(state) for state in ("closed", None, "open")] == [True, True, False]
    assert found.events["slam"].allows("anything")
    assert to_json((found,)) == [door]
    assert machines_of(to_json(DEFAULT_MACHINES)) == DEFAULT_MACHINES


@pytest.mark.parametrize(
    "given, words",
    [
        ([{"machine": "door"}], '"events" must be'),
        ([{"machine": "", "events": {"a": {"to": "b"}}}], "name of 1 to 64"),
        ([{"machine": "door", "events": {"a": {}}}], "door, a must be"),
        ([{"machine": "door", "events": {"a": {"to": "b", "from": []}}}], '"from" must be a list'),
        ([{"machine": "door", "events": {"a": {"to": "b", "from": "c"}}}], '"from" must be a list'),
        ([{"machine": "door", "events": {"a": {"to": "b", "if": 1}}}], "door, a must be"),
        ([{"machine": "m", "events": {"a": {"to": "b"}}}] * 2, "Two machines are called 'm'"),
        ([{"machine": str(n), "events": {"a": {"to": "b"}}} for n in range(51)], "at most 50"),
        ("door", "list of machines"),
        ([5], "Machine 1 must be an object"),
    ],
)  # fmt: skip
def test_what_is_no_machine_is_refused_with_its_place(given: Any, words: str) -> None:
    assert words in refusal("event_types", given)


def test_the_docs_have_every_setting_with_its_limits_and_no_other() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text()
    rows = {
        cells[1].strip("` "): cells for line in text.splitlines() if (cells := line.split("|"))[1:2] and "`" in cells[1]
    }
    of_summary = [name for name in FIELDS if name.startswith("summary.")]
    of_pages = {name.replace("summary.", "PAGE.") for name in of_summary}
    of_each = {name.replace("summary", page) for name in of_summary for page in PAGES}
    others = FIELDS.keys() - of_each
    assert set(rows) == of_pages | others
    for name, cells in rows.items():
        field = FIELDS[name.replace("PAGE", "summary")]
        if field.kind == "number":
            assert str(field.default) == cells[2].strip()
            assert f"{field.least:.9g} to {field.most:.9g}" in cells[3]
        assert all(choice in cells[3] for choice in field.choices)
    assert all(page in text for page in PAGES)
