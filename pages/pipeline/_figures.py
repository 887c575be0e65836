"""The Pipeline page's figures and the drawing of the flow: pure functions."""

from datetime import datetime
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.cards import figure_card, figure_skeleton
from components.states import skeleton
from core.text import NO_VALUE
from db.queries.ledger import Forward
from pages.pipeline._load import View
from pages.pipeline._words import count, duration, rate, size, size_text, when

FIGURE_LABELS: Final = ("Received", "In flight", "Quarantined", "Journal", "Disk free", "Metrics refused")


def figures(view: View, journal_limit: int) -> list[Component]:
    """The row of figures, all sources together."""
    p = view.pipeline
    received = [line.received for line in p.sources if line.received is not None] if p.has_ledger else []
    in_flight = [line.in_flight for line in p.sources if line.in_flight is not None]
    bad = [line.account.quarantined for line in p.sources if line.account is not None]
    limit = journal_limit * max(1, len(p.processes or ()))
    return [
        figure_card(
            FIGURE_LABELS[0], count(sum(received)) if p.has_ledger else NO_VALUE, title="Since the first start"
        ),
        figure_card(
            FIGURE_LABELS[1], count(sum(in_flight)) if in_flight else NO_VALUE, title="Received, not stored yet"
        ),
        figure_card(FIGURE_LABELS[2], count(sum(bad)) if p.has_ledger else NO_VALUE, title="Could not be used"),
        figure_card(FIGURE_LABELS[3], *size(p.journal_bytes), title=f"Of at most {size_text(limit)}"),
        figure_card(FIGURE_LABELS[4], *size(p.disk_free), title="Where the journal is kept"),
        figure_card(
            FIGURE_LABELS[5], count(p.metrics_refused), title="Values left out, because there are too many metrics"
        ),
    ]


def figure_skeletons() -> list[Component]:
    """The row before its numbers are known."""
    return [figure_skeleton(label) for label in FIGURE_LABELS]


def flow(view: View, now: datetime, journal_limit: int) -> Component:
    """The way of a message: sources, journal, and from there to the database and the live map."""
    p = view.pipeline
    active = [line for line in p.sources if line.state not in {None, "gone"}]
    receiving = sum(line.state == "receiving" for line in active)
    troubled = any(line.state in {"failed", "waiting"} for line in active)
    silent = not active or receiving == 0
    known = bool(p.processes)
    total = sum(view.rates.values()) if view.rates else None
    lag = max((line.lag_s for line in p.sources if line.lag_s is not None), default=None)
    limit = journal_limit * max(1, len(p.processes or ()))
    share = None if p.journal_bytes is None else p.journal_bytes / limit
    database = view.lacks("database") or any(one.database_problem for one in p.processes or ())
    redis = view.lacks("redis") or any(one.redis_problem for one in p.processes or ())
    stored = ["Written ", when(p.last_commit_at, now)] if p.last_commit_at else "Answers"
    moves = bool(total)
    nodes = [
        _node(
            "sources",
            "Sources",
            f"{receiving} of {len(active)} receiving" if known else "No process is heard",
            "trouble" if troubled or not known else "idle" if silent else "good",
        ),
        _edge("in", f"{rate(total)} /s" if total is not None else NO_VALUE, "messages arrive", moving=moves),
        _node(
            "journal",
            "Journal",
            [
                size_text(p.journal_bytes),
                html.Span(f" of {size_text(limit)}", className="wp-flow-muted"),
                *_damage(p.journal_damaged),
            ],
            "idle" if share is None else "trouble" if share > 0.8 or p.journal_damaged else "good",
            _meter(share),
        ),
        _edge(
            "store",
            f"waits {duration(lag)}" if lag else "no wait" if known else NO_VALUE,
            "until it is stored",
            moving=moves and not database,
        ),
        _node("database", "Database", "Does not answer" if database else stored, "trouble" if database else "good"),
        _edge("live", "paused" if redis else "at once", "to the live map", moving=moves and not redis),
        _node(
            "map",
            "Live map",
            "Paused: Redis is away" if redis else "Up to date" if known else "Nothing comes",
            "trouble" if redis else "good" if known else "idle",
        ),
        *_forward(p.forward, moving=moves),
    ]
    return html.Ul(nodes, className="wp-flow wp-flow-three" if p.forward else "wp-flow")


def _damage(damaged: int) -> list[Component]:
    """What the disk did not keep, in the journal's part of the flow."""
    if not damaged:
        return []
    means = "It was to be stored and could not be read: the disk did not keep it. What stands behind it was stored."
    return [html.Span(f" · {size_text(damaged)} damaged", className="wp-worry", title=means)]


def _forward(forward: Forward | None, *, moving: bool) -> list[Component]:
    """Where messages are passed on to a topic: what was sent, and how much of what is stored still waits."""
    if forward is None:
        return []
    waits = f"{count(forward.behind)} behind" if forward.behind else "at once"
    says: list[Any] = [f"{count(forward.sent)} sent"]
    if forward.problem:
        says = ["Waits for Kafka"]
    if forward.lost:
        lost = f" · {count(forward.lost)} records lost"
        says.append(html.Span(lost, className="wp-worry", title="The journal had to make room before they were sent"))
    trouble = bool(forward.problem or forward.lost)
    return [
        _edge("forward", waits, "to other systems", moving=moving and not forward.problem),
        _node("forward", "Forwarded", says, "trouble" if trouble else "good"),
    ]


def flow_skeleton() -> Component:
    """The drawing before anything is known."""
    parts = [
        html.Li(skeleton("100%", "72px"), className=f"wp-flow-{name}")
        for name in ("sources", "journal", "database", "map")
    ]
    return html.Ul(parts, className="wp-flow")


def _node(name: str, label: str, says: Any, state: str, extra: Component | None = None) -> Component:
    children: list[Component] = [html.Span(label, className="wp-flow-label"), html.Span(says, className="wp-flow-says")]
    if extra is not None:
        children.append(extra)
    return html.Li(children, className=f"wp-flow-node wp-flow-{name}", **data(state=state))


def _edge(name: str, says: str, means: str, *, moving: bool) -> Component:
    return html.Li(
        [
            html.Span([says, html.Span(f" {means}", className="wp-unseen")], className="wp-flow-rate"),
            html.Span(className="wp-flow-arrow", **aria(hidden="true")),
        ],
        className=f"wp-flow-edge wp-flow-edge-{name}",
        **data(moving="yes" if moving else "no"),
    )


def _meter(share: float | None) -> Component:
    return html.Div(
        html.Div(style={"width": f"{100 * min(1.0, share or 0.0):.1f}%"}, className="wp-bar-fill"),
        className="wp-bar-track wp-flow-meter",
        **aria(hidden="true"),
    )
