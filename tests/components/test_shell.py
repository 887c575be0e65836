"""The frame: where its links lead, and what it says of alerts before the browser knows any."""

from typing import Any

from components.shell import shell
from core.settings import Settings
from core.site import defaults, site_of
from tests.pages.test_summary import parts_of

LAYOUT = shell(site_of(defaults(Settings.model_construct())))


def of_class(component: Any, name: str) -> list[Any]:
    """The parts that have this class."""
    return [part for part in parts_of(component) if name in str(getattr(part, "className", "")).split()]


def paths(component: Any) -> list[str]:
    """Where the links of pages lead, in order."""
    return [part.href for part in of_class(component, "wp-nav-link") if getattr(part, "href", None)]


def test_alerts_stand_between_spaces_and_pipeline_and_on_a_phone_among_the_others() -> None:
    (rail,), (bar,) = of_class(LAYOUT, "wp-rail"), of_class(LAYOUT, "wp-bar")
    (more,) = of_class(bar, "wp-more-pages")
    found = paths(rail)
    at = found.index("/alerts")
    assert found[at - 1 : at + 2] == ["/spaces", "/alerts", "/pipeline"]
    assert "/alerts" in paths(more)
    assert len(paths(bar)) - len(paths(more)) == 4


def test_a_badge_is_on_each_link_to_the_alerts_and_on_what_holds_one_and_none_says_a_number_yet() -> None:
    badges = of_class(LAYOUT, "wp-badge")
    assert [(one.hidden, one.role) for one in badges] == [(True, "img")] * 3
    holders = [part for part in of_class(LAYOUT, "wp-nav-link") if of_class(part, "wp-badge")]
    assert [getattr(one, "href", None) for one in holders] == ["/alerts", None, "/alerts"]


def test_the_store_of_alerts_has_nothing_open_before_the_server_has_told() -> None:
    (store,) = [part for part in parts_of(LAYOUT) if getattr(part, "id", None) == "alerts"]
    assert store.data == {"open": 0, "critical": 0, "unseen": 0, "newest": None, "devices": [], "spaces": []}


def test_what_a_toast_says_is_heard_as_a_status_or_where_it_is_critical_as_an_alert() -> None:
    (place,) = of_class(LAYOUT, "wp-toasts")
    assert {part.id: part.role for part in place.children} == {
        "alert-toast-warning": "status",
        "alert-toast-critical": "alert",
    }
