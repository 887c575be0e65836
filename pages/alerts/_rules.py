"""The card of rules: what is watched, how it stands, and how to set one up. Pure functions."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from auth.roles import Role, Visitor
from components.alert_words import Words
from components.attributes import aria, data
from components.icons import icon
from components.states import empty, skeleton
from core.text import age, number, shorten
from db.queries.alerts import StoredRule
from pages.alerts import _ids as ids
from pages.alerts._parts import severity_mark

_COLUMNS: Final = ("Rule", "Looks for", "Severity", "How it stands", "Open", "")
_STARTERS: Final = (
    ("space", "A space is full"),
    ("silence", "A device is silent"),
    ("metric", "A metric is above a limit"),
)
"""What most begin with, by the name it has in the address."""


def may_change(author: str, who: Visitor | None) -> bool:
    """Whether somebody may change or remove what `author` has made: analysts their own, admins all."""
    return who is not None and (who.may(Role.ADMIN) or (who.may(Role.ANALYST) and who.name == author))


def who_may(who: Visitor | None, then: str, *buttons: Component) -> list[Component]:
    """The buttons for those who may set up; for others the way to become one. `then` is where to go after."""
    if who is None:
        return [html.Span("The database does not answer, so nothing can be set up now.", className="wp-hint")]
    if who.may(Role.ANALYST):
        return list(buttons)
    if who.name is not None:
        return [html.Span(f"{who.name} may look.", className="wp-hint")]
    href = f"/sign-in?next={quote(then, safe='')}"
    return [dcc.Link("Sign in to set up rules", href=href, className="wp-text-link")]


def asks_for(label: str, target: str, what: str, *, main: bool = False, **more: Any) -> Component:
    """A button that sets `target` to what is asked for."""
    return html.Button(
        label,
        type="button",
        className="wp-button wp-button-main" if main else "wp-button wp-button-flat",
        **data(target=target, choose=what),
        **more,
    )


def rules_table(rules: Sequence[StoredRule], words: Words, who: Visitor | None, then: str) -> Component:
    """All rules, or what a rule is for and three to begin with."""
    if not rules:
        return _no_rules(who, then)
    return html.Table(
        [_head(), html.Tbody([_row(one, words, who) for one in rules])], className="wp-table wp-alert-rules"
    )


def rules_skeleton() -> Component:
    """The table before the first answer."""
    cells = [html.Td(skeleton("70%", "14px")) for _ in _COLUMNS]
    return html.Table([_head(), html.Tbody([html.Tr(cells) for _ in range(3)])], className="wp-table wp-alert-rules")


def _head() -> Component:
    columns = [html.Th(name or html.Span("Change it", className="wp-unseen"), scope="col") for name in _COLUMNS]
    return html.Thead(html.Tr(columns))


def _no_rules(who: Visitor | None, then: str) -> Component:
    text = (
        "A rule says what must not pass unseen: of one device, a fleet or all, or of spaces. It is looked at each"
        " second, and who has this page open is told at once."
    )
    starters = [asks_for(label, ids.OPEN, ids.asking(new=kind), **aria(haspopup="dialog")) for kind, label in _STARTERS]
    return empty(
        "There is no rule yet",
        text,
        html.Div(who_may(who, then, *starters), className="wp-alert-starters"),
        picture="bell",
    )


def _row(one: StoredRule, words: Words, who: Visitor | None) -> Component:
    rule = one.rule
    changes = may_change(one.author, who)
    turn = [_switch(rule.name, on=rule.enabled)] if changes else []
    edit = (
        [asks_for("Edit", ids.OPEN, ids.asking(edit=rule.name), **aria(label=f"Edit {rule.name}", haspopup="dialog"))]
        if changes
        else []
    )
    return html.Tr(
        [
            html.Td(html.Span(shorten(rule.name, 48), title=f"{rule.name}, by {one.author}", className="wp-rule-name")),
            html.Td(
                [
                    html.Span(f"{shorten(words.whom(rule.condition), 40)}: {words.looked_for(rule.condition)}"),
                    html.Span(_waits(one), className="wp-alert-more"),
                ],
                className="wp-rule-what",
            ),
            html.Td(severity_mark(rule.severity, quiet=not one.open), className="wp-rule-severity"),
            html.Td(_stands(one), className="wp-rule-stands"),
            html.Td(_open(one), className="wp-rule-open"),
            html.Td([*turn, *edit], className="wp-rule-change"),
        ],
        **data(rule=rule.name),
        **({} if rule.enabled else data(none="")),
    )


def _waits(one: StoredRule) -> str:
    waits = []
    if one.rule.for_s:
        waits.append(f"must hold for {age(one.rule.for_s)}")
    if one.rule.clear_s:
        waits.append(f"must be over for {age(one.rule.clear_s)}")
    return ", ".join(waits)


def _stands(one: StoredRule) -> Component:
    if not one.rule.enabled:
        return html.Span("Off")
    if one.problem is not None:
        return html.Span([icon("triangle-alert"), html.Span(one.problem)], className="wp-rule-problem")
    return html.Span("Watching")


def _open(one: StoredRule) -> Any:
    if not one.open:
        return "0"
    return html.Button(
        number(one.open),
        type="button",
        title="Show them",
        className="wp-link-button wp-rule-alerts",
        **data(target=ids.RULE, choose=one.rule.name),
        **aria(label=f"Show the {number(one.open)} open alerts of {one.rule.name}"),
    )


def _switch(name: str, *, on: bool) -> Component:
    return html.Button(
        html.Span(className="wp-switch-knob"),
        type="button",
        role="switch",
        title="Watching: switch it off" if on else "Off: switch it on",
        className="wp-switch",
        **data(target=ids.TURN, choose=ids.asking(rule=name, on=not on)),
        **aria(checked=str(on).lower(), label=f"Watch {name}"),
    )


def rule_choices(rules: Sequence[StoredRule], chosen: object) -> list[dict[str, str]]:
    """The rules to choose from; the one chosen stays among them though there is none of that name any more."""
    names = [one.rule.name for one in rules]
    if isinstance(chosen, str) and chosen and chosen not in names:
        names.append(chosen)
    return [{"value": name, "label": shorten(name, 40)} for name in names]
