"""Who is called of alerts, by several processes, and by one that is killed, stopped, or runs as a whole."""

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from core.settings import Settings
from core.site import Calling
from db.database import conninfo
from db.engine import engine_of
from ingest.service import Ingest
from ingest.telling import Telling
from tests.app.process import ROOT, wait_for
from tests.ingest.caller import Caller, Receive


def after_a_turn(telling: Telling) -> Telling:
    telling.turn()
    return telling


def test_of_two_processes_one_tells_until_it_is_gone(caller: Caller, receive: Receive) -> None:
    receiver = receive()
    caller.webhook = receiver.url
    caller.drive(*(f"b{n}" for n in range(30)))
    caller.look()
    other = caller.another()
    together = threading.Barrier(2)

    def tell(telling: Telling) -> None:
        together.wait()
        for _ in range(5):
            telling.turn()

    threads = [threading.Thread(target=tell, args=(telling,)) for telling in (caller.telling, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receiver.deliveries) == sorted(f"{n}-opened" for n in range(1, 32))
    assert {caller.telling.taken, other.taken} == {0, 31}

    (gone, stays) = (caller.telling, other) if caller.telling.taken else (other, caller.telling)
    caller.drive("later")
    caller.look()
    stays.turn()
    assert len(receiver.calls) == 31
    gone.close()
    wait_for("the other to tell", lambda: after_a_turn(stays).taken)
    assert receiver.deliveries[31:] == ["32-opened"]


KILLED = """
import sys
from core.site import Calling
from db.telling import Outbox
from ingest.telling import Telling
Telling(Outbox(sys.argv[1]), lambda: Calling(sys.argv[2], 365), timeout_s=60.0).turn()
"""


def test_one_who_is_killed_before_it_was_marked_is_followed_by_one_who_tells_it_again(
    caller: Caller, receive: Receive
) -> None:
    receiver = receive(lambda _: None)
    caller.webhook = receiver.url
    caller.look()
    process = subprocess.Popen([sys.executable, "-c", KILLED, conninfo(caller.url), receiver.url], cwd=ROOT)
    wait_for("a call", lambda: receiver.calls)
    caller.telling.turn()
    assert len(receiver.calls) == 1, "another tells"
    process.send_signal(signal.SIGKILL)
    process.wait()
    receiver.answers = lambda _: 200
    wait_for("the next to tell", lambda: after_a_turn(caller.telling).taken)
    assert receiver.deliveries == ["1-opened", "1-opened"]
    assert receiver.calls[0].body == receiver.calls[1].body


def test_one_who_is_told_to_stop_begins_nothing_more(caller: Caller, receive: Receive) -> None:
    receiver = receive()
    caller.webhook = receiver.url
    caller.look()
    caller.telling.stop()
    caller.telling.turn()
    assert receiver.calls == []


def test_an_ingest_tells_and_shows_as_the_problem_of_its_job_that_nobody_takes_it(
    caller: Caller, receive: Receive, tmp_path: Path, redis_url: str
) -> None:
    receiver = receive(lambda _: 500)
    caller.webhook = receiver.url
    with caller.engine.connect() as connection:
        storage = engine_of(connection)
    settings = Settings.model_construct(**(Settings.model_construct().model_dump() | {"data_dir": str(tmp_path)}))
    ingest = Ingest(
        settings,
        [],
        conninfo=conninfo(caller.url),
        engine=storage,
        redis_url=redis_url,
        calling=lambda: Calling(caller.webhook, 365),
    )
    ingest.start()
    try:
        job: dict[str, Any] = wait_for(
            "a problem", lambda: (one := ingest.status()["jobs"].get("tell of alerts")) and one["problem"] and one
        )
        assert job["problem"].startswith("127.0.0.1 has not taken 1 alert: it answered 500. Tried again in ")
        receiver.answers = lambda _: 200
        wait_for("it is taken", lambda: ingest.status()["alerts_told"])
        wait_for("no problem", lambda: ingest.status()["jobs"]["tell of alerts"]["problem"] is None)
    finally:
        ingest.stop()
    assert set(receiver.deliveries) == {"1-opened"}
    assert caller.untold() == []
