"""The MQTT source against a real broker that is really killed."""

import logging
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import trustme

from core.errors import StartupError
from ingest.sources import make_source, parse_address
from ingest.sources.mqtt import payload_of
from tests.ingest.mqtt_broker import LOCAL, Broker, WireTap, find_mosquitto, publish
from tests.ingest.receiving import Receiver, receiving, wait_until

Start = Callable[..., Broker]


@pytest.fixture(scope="module")
def mosquitto() -> str:
    return find_mosquitto()


@pytest.fixture
def start(mosquitto: str, tmp_path: Path) -> Iterator[Start]:
    made: list[Broker] = []

    def make(extra: str = "", **options: bool) -> Broker:
        made.append(Broker(mosquitto, tmp_path / f"broker-{len(made)}", extra, **options))
        made[-1].start()
        return made[-1]

    yield make
    for broker in made:
        broker.stop()


def subscribed(receiver: Receiver) -> None:
    wait_until(lambda: receiver.status.state in {"silent", "receiving"})


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_what_is_published_under_the_filter_stands_in_the_journal_in_order(
    tmp_path: Path, start: Start, version: str, qos: int
) -> None:
    broker = start()
    with receiving(tmp_path, f"mqtt://{LOCAL}:{broker.port}/fleet/+/position?version={version}") as receiver:
        subscribed(receiver)
        sent = [b'{"id":"d","seq":%d}' % n for n in range(500)]
        publish(broker.port, [("fleet/7/other", b"no"), *(("fleet/7/position", one) for one in sent)], qos=qos)
        receiver.await_payloads(sent)
        assert (receiver.status.received, receiver.status.dropped, receiver.status.problem) == (500, 0, None)


def test_what_is_published_while_it_is_away_is_sent_when_it_is_back(tmp_path: Path, start: Start) -> None:
    broker = start()
    url = f"mqtt://{LOCAL}:{broker.port}/%23?source=s"
    with receiving(tmp_path / "1", url) as receiver:
        subscribed(receiver)
    publish(broker.port, [("a/b", b"%d" % n) for n in range(100)])
    with receiving(tmp_path / "2", url) as receiver:
        receiver.await_payloads([b"%d" % n for n in range(100)])


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("kill", [False, True])
def test_with_the_broker_restarted_mid_flight_nothing_acknowledged_is_missing(
    tmp_path: Path, start: Start, kill: bool, version: str
) -> None:
    """The tap asks the journal before the acknowledgement reaches the broker."""
    broker = start()
    too_early: list[bytes] = []
    acknowledged: set[bytes] = set()
    known: set[bytes] = set()
    holder: list[Receiver] = []

    def look(payload: bytes) -> None:
        # In MQTT 5 properties stand before the payload; here there are none: one byte of length 0.
        payload = payload.removeprefix(b"\0")
        if payload not in known:
            known.update(holder[0].payloads())
        acknowledged.add(payload)
        if payload not in known:
            too_early.append(payload)

    tap = WireTap(broker.port, look)
    receiver = Receiver(tmp_path / "journal", f"mqtt://{LOCAL}:{tap.port}/t?client=tapped&version={version}")
    holder.append(receiver)
    receiver.start()
    subscribed(receiver)
    sent = [b"%d" % n for n in range(3_000)]
    publishing = threading.Thread(target=lambda: publish(broker.port, [("t", one) for one in sent[:2_000]]))
    publishing.start()
    wait_until(lambda: receiver.status.received > 200)
    broker.stop(kill=kill)
    wait_until(lambda: receiver.status.restarts > 0)
    broker.start()
    publishing.join()
    publish(broker.port, [("t", one) for one in sent[2_000:]])
    wait_until(lambda: set(receiver.payloads()) >= set(sent[2_000:]))
    if not kill:
        # Killed, it loses what it had acknowledged to the publisher and not saved; that is not ours to keep.
        wait_until(lambda: set(receiver.payloads()) == set(sent))
    receiver.source.stop()
    stored = set(receiver.payloads())
    assert not too_early, "acknowledged before the journal had it"
    assert acknowledged <= stored
    assert len(acknowledged) > 1_000, "the tap saw next to nothing"
    receiver.close()
    tap.close()


def test_while_the_journal_is_full_nothing_is_acknowledged_and_nothing_is_lost(tmp_path: Path, start: Start) -> None:
    broker = start()
    acknowledged: list[bytes] = []
    tap = WireTap(broker.port, acknowledged.append)
    with receiving(tmp_path, f"mqtt://{LOCAL}:{tap.port}/t") as receiver:
        subscribed(receiver)
        receiver.journal.full.set()
        sent = [b"%d" % n for n in range(1_000)]
        publish(broker.port, [("t", one) for one in sent])
        wait_until(lambda: receiver.journal.refused > 3)
        assert (receiver.status.state, receiver.status.problem) == ("waiting", "the journal is full")
        assert acknowledged == []
        receiver.journal.full.clear()
        receiver.await_payloads(sent)
        wait_until(lambda: len(acknowledged) == 1_000)
        assert receiver.status.dropped == 0
    tap.close()


def test_what_was_in_hand_when_stopped_with_the_journal_full_comes_again(tmp_path: Path, start: Start) -> None:
    broker = start()
    url = f"mqtt://{LOCAL}:{broker.port}/t"
    with receiving(tmp_path / "1", url) as receiver:
        subscribed(receiver)
        receiver.journal.full.set()
        publish(broker.port, [("t", b"%d" % n) for n in range(50)])
        wait_until(lambda: receiver.status.state == "waiting")
    with receiving(tmp_path / "2", url) as receiver:
        wait_until(lambda: Counter(receiver.payloads()) == Counter(b"%d" % n for n in range(50)))


def test_of_owntracks_the_topic_goes_into_the_journal_and_a_retained_message_taken_back_does_not(
    tmp_path: Path, start: Start
) -> None:
    broker = start()
    with receiving(tmp_path, f"mqtt://{LOCAL}:{broker.port}/owntracks/#?decode=owntracks") as receiver:
        subscribed(receiver)
        publish(broker.port, [("owntracks/jane/phone", b""), ("owntracks/jane/phone", b'{"_type":"location","lat":1}')])
        wait_until(lambda: receiver.status.received == 1)
        (payload,) = receiver.payloads()
        item = msgspec.json.decode(payload)
        assert item["lat"] == 1
        assert item["_topic"] == "owntracks/jane/phone"


def test_a_payload_that_is_no_object_stays_as_it_is() -> None:
    assert payload_of("owntracks/u/d", b"[1]") == b"[1]"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_files(authority: trustme.CA, tmp_path: Path) -> dict[str, Path]:
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "server", "client", "other-ca")}
    authority.cert_pem.write_to_path(files["ca"])
    trustme.CA().cert_pem.write_to_path(files["other-ca"])
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(files["server"])
    authority.issue_cert("device@example.org").private_key_and_cert_chain_pem.write_to_path(files["client"])
    return files


def test_over_tls_the_broker_is_checked_and_shown_a_certificate(
    tmp_path: Path, start: Start, tls_files: dict[str, Path]
) -> None:
    ca, server, client = tls_files["ca"], tls_files["server"], tls_files["client"]
    broker = start(f"cafile {ca}\ncertfile {server}\nkeyfile {server}\nrequire_certificate true\n")
    context = ssl.create_default_context(cafile=str(ca))
    context.load_cert_chain(client)
    at = f"mqtts://localhost:{broker.port}/t"
    with receiving(tmp_path / "good", f"{at}?ca={ca}&cert={client}&key={client}") as receiver:
        subscribed(receiver)
        sent = [b"%d" % n + bytes(20_000) for n in range(300)]
        publish(broker.port, [("t", one) for one in sent], tls=context)
        receiver.await_payloads(sent)
    with receiving(tmp_path / "stranger", f"{at}?source=x&cert={client}&ca={tls_files['other-ca']}") as receiver:
        wait_until(lambda: receiver.status.restarts > 0)
        assert "certificate verify failed" in str(receiver.status.problem)
    with receiving(tmp_path / "nobody", f"{at}?source=y&ca={ca}") as receiver:
        wait_until(lambda: receiver.status.restarts > 0)
        assert receiver.status.problem
        assert receiver.payloads() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("?ca=/nowhere.pem", "ca=/nowhere.pem is not usable: No such file"),
        ("?ca={text}", "is not usable"),
        ("?cert={text}", "is not usable"),
        ("?key=/nowhere.pem", "key= needs the certificate"),
    ],
)
def test_a_tls_file_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path, options: str, said: str) -> None:
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    with pytest.raises(StartupError, match=said) as caught:
        make_source(parse_address("mqtts://u:hunter2@broker/t" + options.format(text=text)))
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_password_lets_it_in_and_never_appears(
    tmp_path: Path, start: Start, mosquitto: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    program = str(Path(mosquitto).parent.parent / "bin" / "mosquitto_passwd")
    subprocess.run([program, "-b", str(passwords), "me", "hunter2 @/"], check=True)
    broker = start(f"password_file {passwords}\n", anonymous=False)
    at = f"{LOCAL}:{broker.port}/t"
    with receiving(tmp_path / "good", f"mqtt://me:hunter2%20%40%2F@{at}") as receiver:
        assert receiver.source.name == f"mqtt://{at}"
        subscribed(receiver)
        publish(broker.port, [("t", b"in")], user=("me", "hunter2 @/"))
        receiver.await_payloads([b"in"])
    with receiving(tmp_path / "bad", f"mqtt://me:hunter3@{at}?source=other") as receiver:
        wait_until(lambda: receiver.status.restarts > 0)
        assert "the broker refuses the connection: Not authorized" in str(receiver.status.problem)
        assert "hunter" not in repr(receiver.status.snapshot())
    printed = capfd.readouterr()
    assert "hunter" not in printed.out + printed.err + caplog.text


def test_a_broker_that_is_not_there_is_tried_on(tmp_path: Path) -> None:
    with receiving(tmp_path, f"mqtt://{LOCAL}:1/t") as receiver:
        wait_until(lambda: receiver.status.restarts >= 2)
        assert receiver.status.problem == "Connection refused"


def test_the_session_has_one_name_for_one_source_at_every_start() -> None:
    def client_id(url: str) -> str:
        return str(make_source(parse_address(url))._options.client_id)  # type: ignore[attr-defined]

    assert client_id("mqtt://h/t") == client_id("mqtt://u:p@h:1883/t")
    assert client_id("mqtt://h/t") != client_id("mqtt://h/t2")
    assert len(client_id("mqtt://h/t")) <= 23
    assert client_id("mqtt://h/t?client=mine") == "mine"
