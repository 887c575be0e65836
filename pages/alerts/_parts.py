"""The Alerts page's figures and its table of alerts, and what stands for them: pure functions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from auth.roles import Role, Visitor
from components.alert_words import SEVERITIES, Words
from components.attributes import aria, data
from components.cards import figure_card, figure_skeleton
from components.events import moment_path, when
from components.icons import IconName, icon
from components.paging import shown_note
from components.period import longer
from components.states import empty, failed, skeleton
from core.alerts import Severity
from core.period import Period, period_words
from core.text import age, iso_utc, number, shorten
from db.queries.alerts import Alert, Filter, Watching
from pages.alerts import _ids as ids
from pages.alerts._load import Overview

State = Literal["open", "closed", "all"]
STATES: Final[dict[State, str]] = {"open": "Open", "closed": "Closed", "all": "All"}
_HEADINGS: Final[dict[State, str]] = {"open": "Open alerts", "closed": "Closed alerts", "all": "Alerts"}
_FIGURES: Final = ("Open", "Critical", "Not acknowledged", "Rules that watch")
_COLUMNS: Final = ("Severity", "Of", "What happened", "Rule", "Since", "Acknowledged")
_LATE_S: Final = 10.0
_NO_NOTE: Final = "\u00a0"
"""Keeps the line, so that nothing moves when there is something to say."""


def asked_for(state: object, rule: object, severity: object, subject: object, period: Period) -> Filter:
    """The filter that the controls say. A browser may send anything: what is none of it counts as nothing.

    What is open is shown whenever it opened; the period is that of what has closed.
    """
    which = known_state(state)
    return Filter(
        state=which,
        rule=rule if isinstance(rule, str) and rule and "\0" not in rule else None,
        severity=next((one for one in Severity if one == severity), None),
        start=None if which == "open" else period.start,
        end=None if which == "open" or period.to == "now" else period.end,
        search=_text(subject),
    )


def known_state(state: object) -> State:
    """Which alerts are asked for, as an address says it; those that are open for anything else."""
    return next((one for one in get_args(State) if one == state), "open")


def _text(given: object) -> str | None:
    return given.strip() if isinstance(given, str) and given.strip() and "\0" not in given else None


def heading(asked: Filter, period: Period) -> str:
    """What the card of alerts is called."""
    words = _HEADINGS[asked.state]
    return words if asked.state == "open" else f"{words}, {period_words(period)}"


def figures(one: Overview) -> list[Component]:
    """The row of figures."""
    standing = one.standing
    watch = [rule for rule in one.rules if rule.rule.enabled and rule.problem is None]
    cannot = sum(rule.problem is not None for rule in one.rules if rule.rule.enabled)
    off = sum(not rule.rule.enabled for rule in one.rules)
    notes = [f"{number(n)} {words}" for n, words in ((off, "off"), (cannot, "with a problem")) if n]
    subjects = len(standing.devices) + len(standing.spaces)
    return [
        _counted(_FIGURES[0], standing.open, f"of {number(subjects)} devices and spaces" if standing.open else ""),
        _counted(_FIGURES[1], standing.critical),
        figure_card(_FIGURES[2], number(standing.unseen), note=_NO_NOTE),
        figure_card(_FIGURES[3], number(len(watch)), note=", ".join(notes) or _NO_NOTE),
    ]


def _counted(label: str, count: int, note: str = "") -> Component:
    made = figure_card(label, number(count), note=note or _NO_NOTE)
    if count:
        made.className += " wp-figure-alert"  # type: ignore[attr-defined]  # Dash gives its properties no types
    return made


def figure_skeletons() -> list[Component]:
    """The row before its numbers are known."""
    return [figure_skeleton(label) for label in _FIGURES]


def away_s(watching: Watching | None, now: datetime) -> float | None:
    """For how many seconds nobody has looked, where that is longer than usual; None where somebody watches."""
    if watching is None:
        return None
    since = (now - watching.turned_at).total_seconds()
    return since if since > max(_LATE_S, 3 * watching.every_s) else None


def nobody_watches(one: Overview, now: datetime) -> Component | None:
    """A banner where rules are set up that nobody looks at."""
    if not any(rule.rule.enabled for rule in one.rules):
        return None
    if one.watching is None:
        return failed("Nobody is watching: no ingest has looked yet. Alerts open once one runs.")
    seconds = away_s(one.watching, now)
    if seconds is None:
        return None
    return failed(f"Nobody is watching: no ingest has looked for {age(seconds)}. Alerts open again once it runs.")


def looked(watching: Watching | None, now: datetime) -> list[Any]:
    """When the watch has looked last."""
    return [] if watching is None else ["Looked ", when(watching.turned_at, now)]


def table(
    one: Overview, asked: Filter, period: Period, words: Words, *, who: Visitor | None, now: datetime
) -> Component:
    """The alerts of a page, or why there are none and what to do."""
    if one.page.items:
        return html.Table(
            [_head(), html.Tbody([_row(alert, words, who, now) for alert in one.page.items])],
            className="wp-table wp-alerts",
        )
    if asked.rule or asked.search or asked.severity:
        return empty(
            "No alert fits",
            "None is as the filters above ask for.",
            html.Button("Show all of them", id={"alerts": "clear"}, type="button", className="wp-button"),
            picture="search-x",
        )
    if asked.state != "open":
        return empty("No alert", f"None was open in the {period_words(period)}.", longer())
    return _nothing_open(one, now)


def _nothing_open(one: Overview, now: datetime) -> Component:
    watch = sum(rule.rule.enabled and rule.problem is None for rule in one.rules)
    if not one.rules:
        return empty("Nothing is watched yet", "Alerts open here as soon as there is a rule: set one up below.")
    if one.watching is None or away_s(one.watching, now) is not None:
        return empty("No alert is open", "Nobody is watching now, so none can open.", picture="clock-alert")
    if not watch:
        return empty("No alert is open", "No rule watches: all of them are off, or have a problem that is said below.")
    text = "One rule watches." if watch == 1 else f"{number(watch)} rules watch."
    return empty("Nothing is wrong", text, picture="check")


def _head() -> Component:
    return html.Thead(html.Tr([html.Th(name, scope="col") for name in _COLUMNS]))


def _row(alert: Alert, words: Words, who: Visitor | None, now: datetime) -> Component:
    worst = words.worst(alert)
    rule = html.Button(
        shorten(alert.rule, 40),
        type="button",
        title=f"{alert.rule}: show its alerts",
        className="wp-link-button",
        **data(target=ids.RULE, choose=alert.rule),
    )
    return html.Tr(
        [
            html.Td(severity_mark(alert.severity), className="wp-alert-severity"),
            html.Td(_subject(alert), className="wp-alert-subject"),
            html.Td(
                [html.Span(words.happened(alert)), *([html.Span(worst, className="wp-alert-more")] if worst else [])],
                className="wp-alert-what",
            ),
            html.Td(rule, className="wp-alert-rule"),
            html.Td(_since(alert, now), className="wp-alert-since"),
            html.Td(_acknowledged(alert, who, now), className="wp-alert-seen"),
        ],
        **data(alert=str(alert.id)),
        **({} if alert.closed_at is None else data(none="")),
    )


def severity_mark(severity: Severity, *, quiet: bool = False) -> Component:
    """How much it matters, by shape, colour and word; `quiet` where nothing is wrong now, as red is for that alone."""
    name: IconName = "octagon-alert" if severity is Severity.CRITICAL else "triangle-alert"
    return html.Span(
        [icon(name), SEVERITIES[severity]],
        className="wp-pill wp-severity" + (" wp-severity-quiet" if quiet else ""),
        **data(severity=severity.value),
    )


def _subject(alert: Alert) -> Component:
    """A link to the page of the device at that moment, or to the space."""
    if alert.subject_kind == "space":
        href, title = f"/spaces?space={quote(alert.subject, safe='')}", f"{alert.subject}: show it among the spaces"
    else:
        href, title = moment_path(alert.subject, alert.opened_at), f"{alert.subject}: show it at that moment"
    return dcc.Link(shorten(alert.subject, 28), href=href, title=title, className="wp-link")


def _since(alert: Alert, now: datetime) -> list[Component]:
    title = f"Holds since {iso_utc(alert.since)}, opened {iso_utc(alert.opened_at)}"
    if alert.closed_at is None:
        return [html.Time(age(_seconds(now - alert.since)), dateTime=iso_utc(alert.since), title=title)]
    lasted = _seconds(alert.closed_at - alert.opened_at)
    return [
        html.Span(when(alert.opened_at, now), title=f"{title}, closed {iso_utc(alert.closed_at)}"),
        html.Span(f"open for {age(lasted)}" if lasted >= 2 else "open for a moment", className="wp-alert-more"),
    ]


def _seconds(length: timedelta) -> float:
    return max(0.0, length.total_seconds())


def _acknowledged(alert: Alert, who: Visitor | None, now: datetime) -> list[Component]:
    if alert.acked_at is not None:
        title = f"{alert.acked_by} at {iso_utc(alert.acked_at)}"
        seen: list[Component] = [
            html.Span([f"{shorten(alert.acked_by or '?', 20)}, ", when(alert.acked_at, now)], title=title)
        ]
        note = alert.ack_note or ""
        return [*seen, html.Span(shorten(note, 80), title=note, className="wp-alert-more")] if note else seen
    if alert.closed_at is not None or who is None or not who.may(Role.ANALYST):
        return [html.Span("not yet" if alert.closed_at is None else "by nobody", className="wp-hint")]
    button = html.Button(
        "Acknowledge",
        type="button",
        className="wp-button wp-button-flat",
        **data(target=ids.SEE, choose=str(alert.id)),
        **aria(label=f"Acknowledge {alert.rule} of {alert.subject}"),
    )
    return [button]


def see_all(items: Sequence[Alert], who: Visitor | None) -> list[Component]:
    """What acknowledges all that are shown and open at once, where there are several."""
    unseen = [str(one.id) for one in items if one.closed_at is None and one.acked_at is None]
    if len(unseen) < 2 or who is None or not who.may(Role.ANALYST):
        return []
    label = f"Acknowledge all {number(len(unseen))}"
    choose = data(target=ids.SEE, choose=",".join(unseen))
    return [html.Button(label, type="button", className="wp-button wp-button-flat", **choose)]


def note(items: Sequence[Alert], behind: int, *, more: bool) -> str:
    """How many are shown, and which of them."""
    if not items or (not behind and not more):
        return ""
    return shown_note(items, behind, more=more)


def table_skeleton() -> Component:
    """The table before the first answer."""
    cells = [html.Td(skeleton("70%", "14px")) for _ in _COLUMNS]
    return html.Table([_head(), html.Tbody([html.Tr(cells) for _ in range(4)])], className="wp-table wp-alerts")
