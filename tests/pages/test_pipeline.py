"""What the Pipeline page says of the messages: sums that add up or are said not to, and words for every state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.roles import ANYONE, Role, Visitor
from core.reasons import AIS_WITHOUT_USE
from db.pipeline import Gap
from db.queries.ledger import Account, Forward, Job, Pipeline, Process, SourceLine, join
from db.queries.quarantine import Group, Kept
from pages.pipeline import _figures as figures
from pages.pipeline import _ids as ids
from pages.pipeline import _panel as panels
from pages.pipeline import _parts as draw
from pages.pipeline._load import View, group_of, key_of, longer, rates_of
from pages.pipeline._settling import settled_group
from pages.pipeline._words import count, duration, rate, size_text, visible
from tests.pages.test_summary import parts_of, words

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ADMIN = Visitor("admin", Role.ADMIN)


def account(source: str, *counts: int, gaps: int = 0) -> Account:
    received, stored, duplicate, quarantined = counts
    return Account(source, received, stored, duplicate, quarantined, gaps, NOW)


def process(**said: Any) -> Process:
    known: dict[str, Any] = {
        "backlog": 1,
        "journal_bytes": 1 << 20,
        "disk_free": 5 << 30,
        "last_commit_at": NOW,
        "metrics_refused": 0,
    }
    known |= {"database_problem": None, "redis_problem": None, "jobs": ()}
    return Process("host:1", **(known | said))


def view(*lines: SourceLine, missing: tuple[Gap, ...] = (), rates: dict[str, float] | None = None, **said: Any) -> View:
    return View(Pipeline(lines, (process(**said),), True), missing, (), rates or {})


def kept(n: int, payload: bytes = b"{}", **more: Any) -> Kept:
    known: dict[str, Any] = {
        "source": "gate",
        "reason": "no device",
        "detail": f"detail {n}",
        "native": False,
        "again": False,
        "device": None,
    }
    return Kept(n, NOW - timedelta(seconds=n), payload=payload, **(known | more))


BUSES = SourceLine(
    "buses", account("buses", 1000, 990, 6, 4), "receiving", in_flight=20, lag_s=0.4, dropped=0, heard=50
)
GATE = SourceLine("gate", account("gate", 10, 9, 0, 0, gaps=3), "failed", "connection refused", 0, 0.0, 7, restarts=4)
OPEN = key_of("gate", "no device")
GROUP = Group("gate", "no device", 1200, NOW, NOW, 30, kept(1))


def test_the_ledger_reads_as_a_sum_and_says_whether_it_adds_up() -> None:
    rows = draw.ledger_table(view(BUSES, GATE)).children[1].children
    assert [words(row) for row in rows] == [
        "buses 1\u2009020 =  990 +  6 +  4 +  20 Yes",
        "gate 10 =  9 +  0 +  0 +  0 1 unaccounted for",
        "All 1\u2009030 =  999 +  6 +  4 +  20 1 unaccounted for",
    ]
    more = SourceLine("x", account("x", 1, 2, 0, 0), in_flight=0)
    assert "1 too many" in words(draw.ledger_table(view(more)))


def test_one_source_needs_no_total_and_none_an_explanation() -> None:
    assert len(draw.ledger_table(view(BUSES)).children[1].children) == 1
    assert "Nothing is in the ledger yet" in words(draw.ledger_table(view()))


def test_the_bar_has_the_parts_that_there_are_by_their_share() -> None:
    bar = draw.account_bar((990, 0, 4, None))
    assert [getattr(part, "data-part") for part in bar.children] == ["stored", "quarantined"]
    assert [part.style["flexGrow"] for part in bar.children] == [990, 4]


def test_a_source_tells_its_state_its_trouble_and_its_losses() -> None:
    table = draw.source_table(view(BUSES, GATE, rates={"buses": 141.6}), NOW)
    first, second = table.children[1].children
    assert words(first) == "buses Receiving 142 0.4 s 0 0 –"
    assert words(second) == "gate Failed tried 4 times connection refused – – 3 7 –"
    assert [getattr(p, "data-state") for p in parts_of(second) if hasattr(p, "data-state")] == ["failed"]
    assert [words(p) for p in parts_of(second) if getattr(p, "className", "") == "wp-worry"] == ["3", "7"]
    assert "No source has sent anything yet" in words(draw.source_table(view(), NOW))


@pytest.mark.parametrize("state", ["receiving", "silent", "waiting", "failed", "connecting", "gone", None])
def test_every_state_has_a_word(state: str | None) -> None:
    shown = draw.source_table(view(SourceLine("a", None, state)), NOW)
    assert len(words(shown.children[1]).split()) > 3


def test_figures_are_dashes_where_nobody_knows() -> None:
    known = [words(card) for card in figures.figures(view(BUSES, GATE), 2 << 30)]
    assert known == [
        "Received 1\u2009030", "In flight 20", "Quarantined 4", "Journal 1 MB", "Disk free 5 GB", "Metrics refused 0",
    ]  # fmt: skip
    nothing = View(join(None, None), (), None, {})
    assert [words(card) for card in figures.figures(nothing, 1)] == [f"{label} –" for label in figures.FIGURE_LABELS]
    assert len(figures.figure_skeletons()) == len(known)


def test_the_flow_says_what_each_part_does_and_marks_trouble() -> None:
    good = figures.flow(view(BUSES, rates={"buses": 12.34}), NOW, 2 << 30)
    for said in ("1 of 1 receiving", "12 /s", "1 MB of 2 GB", "waits 0.4 s", "Written now", "Up to date"):
        assert said in words(good).replace("  ", " ")
    states = [getattr(part, "data-state") for part in parts_of(good) if hasattr(part, "data-state")]
    assert states == ["good"] * 4
    bad = figures.flow(
        view(GATE, missing=(Gap("redis", ""),), database_problem="away", journal_bytes=2 << 30), NOW, 2 << 30
    )
    assert "Does not answer" in words(bad)
    assert "Paused: Redis is away" in words(bad)
    assert [getattr(part, "data-state") for part in parts_of(bad) if hasattr(part, "data-state")] == ["trouble"] * 4


def test_what_is_passed_on_to_a_topic_is_in_the_flow_where_there_is_one() -> None:
    assert "Forwarded" not in words(figures.flow(view(BUSES), NOW, 1 << 30))
    going = words(figures.flow(view(BUSES, forward=Forward(1200, 0, 0, None)), NOW, 1 << 30))
    assert "Forwarded 1\u2009200 sent" in going
    assert "at once  to other systems" in going
    held = figures.flow(view(BUSES, forward=Forward(1200, 34, 5, "out does not take it")), NOW, 1 << 30)
    assert "Waits for Kafka  · 5 records lost" in words(held)
    assert "34 behind" in words(held)
    assert "does not take it" not in words(held), "what brokers said is for admins"
    [node] = [part for part in parts_of(held) if "wp-flow-forward" in str(getattr(part, "className", "")).split()]
    assert getattr(node, "data-state") == "trouble"


def test_a_journal_that_the_disk_did_not_keep_says_how_much_of_it() -> None:
    assert "damaged" not in words(figures.flow(view(BUSES), NOW, 1 << 30))
    hurt = figures.flow(view(BUSES, journal_damaged=2048), NOW, 1 << 30)
    assert "2 kB damaged" in words(hurt)
    [node] = [part for part in parts_of(hurt) if "wp-flow-journal" in str(getattr(part, "className", "")).split()]
    assert getattr(node, "data-state") == "trouble"


def test_without_a_process_the_flow_says_that_none_is_heard() -> None:
    silent = View(join([account("a", 1, 1, 0, 0)], {}), (Gap("ingest", ""),), (), {})
    assert "No process is heard" in words(figures.flow(silent, NOW, 1))


def test_groups_open_by_their_key_which_the_address_keeps() -> None:
    table = draw.group_table([GROUP], key_of("gate", "no device"), NOW)
    [row] = table.children[1].children
    assert words(row) == "no device gate 1\u2009200 30 being decoded now"
    button = next(part for part in parts_of(row) if hasattr(part, "data-choose"))
    assert (getattr(button, "data-target"), getattr(button, "data-choose")) == (ids.GROUP, "no device|gate")
    assert getattr(button, "aria-expanded") == "true"
    closed = draw.group_table([GROUP], "", NOW)
    assert not any(getattr(part, "aria-expanded", "") == "true" for part in parts_of(closed))
    assert "The quarantine is empty" in words(draw.group_table([], "", NOW))


def test_what_is_in_order_and_of_no_use_stands_last_and_is_not_counted_as_to_be_looked_into() -> None:
    idle = replace(GROUP, source="ais", reason=AIS_WITHOUT_USE, count=422)
    first, last = draw.group_table([idle, GROUP], "", NOW).children[1].children
    assert words(first).startswith("no device gate")
    assert "In order, with nothing to keep" in words(last)
    assert "In order" not in words(first)
    assert draw.groups_note([idle, GROUP]) == "1\u2009622 kept, 1\u2009200 of them to look into"
    assert draw.groups_note([idle]) == "422 kept, none of them to look into"
    assert draw.groups_note([GROUP]) == "1\u2009200 kept"
    assert "nothing to mend" in words(panels.panel(key_of("ais", AIS_WITHOUT_USE), [kept(1)], 20, ADMIN))
    assert "nothing to mend" not in words(panels.panel(key_of("gate", "no device"), [kept(1)], 20, ADMIN))


@pytest.mark.parametrize("source", ["gate", "zmq://h:1|x", "", "ä b"])
def test_a_key_names_one_group_whatever_the_source_is_called(source: str) -> None:
    assert group_of(key_of(source, "no device")) == (source, "no device")


def test_an_address_that_names_no_group_opens_an_empty_one() -> None:
    assert group_of("nonsense") == ("", "nonsense")
    assert "\0" not in "".join(group_of("a\0|b\0"))


@pytest.mark.parametrize(
    "who, enabled, says",
    [
        (ADMIN, True, "is stored"),
        (ANYONE, False, "This takes an admin"),
        (Visitor("eve", Role.ANALYST), False, "eve is none"),
        (None, False, "The database does not answer"),
    ],
)
def test_decoding_again_is_for_admins_and_others_are_told_what_to_do(
    who: Visitor | None, enabled: bool, says: str
) -> None:
    shown = panels.panel("no device|gate", [kept(1)], 20, who)
    button = next(part for part in parts_of(shown) if getattr(part, "id", None) == ids.AGAIN)
    assert button.disabled is not enabled
    assert says in words(shown)
    links = [part.href for part in parts_of(shown) if hasattr(part, "href")]
    assert links == (["/sign-in?next=%2Fpipeline%3Fgroup%3Dno%2Bdevice%257Cgate"] if who == ANYONE else [])


def test_payloads_are_shown_as_text_however_hostile_and_cut_where_they_are_long() -> None:
    shown = panels.panel(
        "a|b", [kept(1, b"<script>alert(1)</script>\x00\x1b[2J"), kept(2, b"\xff\xfe"), kept(3, b"x" * 1500)], 20, ADMIN
    )
    payloads = [words(part) for part in parts_of(shown) if getattr(part, "className", "") == "wp-kept-payload"]
    assert payloads == ["<script>alert(1)</script>\u2400\u241b[2J", "ff fe", "x" * 1000]
    assert "not text, shown in hexadecimal" in words(shown)
    assert "500 more characters" in words(shown)


def test_a_message_leads_to_its_device_where_that_is_known() -> None:
    shown = panels.panel("a|b", [kept(1, device="bus/1"), kept(2)], 20, ADMIN)
    links = [(words(part), part.href) for part in parts_of(shown) if hasattr(part, "href")]
    assert links == [("bus/1", "/device/bus%2F1")]


def test_only_as_many_messages_are_shown_as_were_asked_for() -> None:
    shown = panels.panel("a|b", [kept(n) for n in range(21)], 20, ADMIN)
    assert len([part for part in parts_of(shown) if getattr(part, "className", "") == "wp-kept-payload"]) == 20


def test_a_group_that_is_empty_says_so() -> None:
    assert "Nothing is left in this group" in words(panels.panel("a|b", [], 20, ADMIN))


def test_jobs_tell_admins_what_went_wrong_and_others_that_something_did() -> None:
    jobs = [
        Job("host:1", "tick", NOW, 0.0214, None),
        Job("host:1", "roll up", NOW - timedelta(minutes=4), 12.0, "host db-7"),
    ]
    shown = [words(row) for row in draw.job_table(jobs, NOW, several=True, full=True).children[1].children]
    assert shown == ["Tick host:1 now 21 ms None", "Roll up host:1 4 min ago 12 s host db-7"]
    assert "db-7" not in words(draw.job_table(jobs, NOW, several=False, full=False))
    assert "No job has run" in words(draw.job_table([], NOW, several=False, full=True))


def test_rates_are_over_the_answers_of_the_last_half_minute() -> None:
    history: Any = []
    for n in range(12):
        line = SourceLine("a", None, "receiving", heard=100 * n)
        history = longer(history, 1000.0 + 5 * n, Pipeline((line,), (), True))
    assert len(history) == 7
    assert rates_of(history) == {"a": 20.0}
    assert rates_of(history[-1:]) == {}
    assert rates_of([]) == {}


def test_a_process_that_was_started_anew_makes_no_rate_below_zero() -> None:
    assert rates_of([(0, {"a": 900}), (5, {"a": 1000}), (10, {"a": 5}), (15, {"a": 55})]) == {"a": 10.0}
    assert rates_of([(0, {"a": 900}), (5, {"a": 5})]) == {}
    assert rates_of([(0, {"a": 1}), (5, {}), (10, {"a": 11}), (15, {"a": 21})]) == {"a": 2.0}


def test_answers_of_long_ago_and_of_the_future_do_not_count() -> None:
    line = SourceLine("a", None, "receiving", heard=5)
    assert longer([(0.0, {"a": 1}), (2000.0, {"a": 2})], 1000.0, Pipeline((line,), (), True)) == [(1000.0, {"a": 5})]


def test_words() -> None:
    assert [size_text(n) for n in (None, 0, 999, 1 << 20, 2048 << 20, 5 << 40)] == [
        "–",
        "0 B",
        "999 B",
        "1 MB",
        "2 GB",
        "5 TB",
    ]
    assert [rate(n) for n in (None, 0.0, 0.04, 3.14159, 141.6, 12345.0)] == ["–", "0", "0", "3.1", "142", "12\u2009345"]
    assert [duration(n) for n in (None, 0.0004, 0.021, 0.44, 9.94, 75.0)] == [
        "–",
        "0 ms",
        "21 ms",
        "0.4 s",
        "9.9 s",
        "1 min",
    ]
    assert [count(n) for n in (None, 0, 1234567)] == ["–", "0", "1\u2009234\u2009567"]
    assert visible("a\nb\t\x07") == "a\nb\t\u2407"


def test_what_is_away_is_said_with_what_it_means_for_the_page() -> None:
    said = [words(one) for one in draw.notices((Gap("database", "x"), Gap("redis", "x"), Gap("ingest", "Start one.")))]
    assert "are the last picture" in said[0]
    assert "live updates are paused" in said[1]
    assert said[2].strip() == "Start one."
    assert "The ledger is not known" in words(draw.not_known("The ledger"))


def test_the_open_group_is_shown_anew_where_it_was_decoded_again_or_has_shrunk_and_not_where_it_grew() -> None:
    def stands(
        count: int, again: int, *, before: dict[str, Any] | None, waits: bool = False, opened: str = OPEN
    ) -> Any:
        here = replace(view(), groups=(replace(GROUP, count=count, again=again),))
        return settled_group(here, opened, before, 5.0, is_waited_for=waits)

    then = {"group": OPEN, "count": 10, "again": 0, "at": 1.0}
    assert stands(10, 0, before=None) == then | {"at": 5.0}
    assert stands(10, 0, before=then | {"group": "another"}) == then | {"at": 5.0}
    assert stands(10, 0, before=then) is None
    assert stands(12, 0, before=then) is None, "somebody may be reading it"
    assert stands(9, 0, before=then) == then | {"count": 9, "at": 5.0}
    assert stands(10, 10, before=then) == then | {"again": 10, "at": 5.0}
    assert stands(10, 0, before=then, waits=True) == then | {"at": 5.0}, (
        "done before the browser knew that it had asked"
    )
    assert stands(10, 0, before=then, opened="gone")["count"] == 0
