"""Source URLs: what is understood, and what is said about what is not."""

import pytest

from core.errors import StartupError
from ingest.decoders import decoder_for
from ingest.sources import make_source, parse_address, without_secrets


@pytest.mark.parametrize(
    ("url", "host", "port", "name"),
    [
        ("zmq://127.0.0.1:5556", "127.0.0.1", 5556, "zmq://127.0.0.1:5556"),
        ("ZMQ://Publisher.Example:1/", "publisher.example", 1, "zmq://publisher.example:1"),
        ("zmq://[::1]:65535", "::1", 65535, "zmq://[::1]:65535"),
        ("zmq://[fe80::1%25eth0]:1", "fe80::1%25eth0", 1, "zmq://[fe80::1%25eth0]:1"),
        ("zmq://h:1?source=buses", "h", 1, "buses"),
        ("zmq://h:1?source=", "h", 1, "zmq://h:1"),
        ("zmq://h:1?source=Linie%20%C3%9C", "h", 1, "Linie Ü"),
    ],
)
def test_an_address_has_host_port_and_a_name(url: str, host: str, port: int, name: str) -> None:
    address = parse_address(url)
    assert (address.transport, address.host, address.port, address.name) == ("zmq", host, port, name)


def test_where_has_an_ipv6_address_in_brackets() -> None:
    assert parse_address("zmq://[::1]:5556").where == "[::1]:5556"
    assert parse_address("zmq://localhost:5556").where == "localhost:5556"


def test_options_are_kept_as_written() -> None:
    address = parse_address("zmq://h:1?topic=&speed=mph&altitude=ft&decode=json&source=s")
    assert address.options == {"topic": "", "speed": "mph", "altitude": "ft", "decode": "json", "source": "s"}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://h:1", "http://h:1, whose transport is not known; use zmq://"),
        ("h:1", "h:1, whose transport is not known; use zmq://"),
        ("zmq:h:1", "whose transport is not known"),
        ("zmq://h", "zmq://h, which lacks host or port; write zmq://host:port"),
        ("zmq://:5556", "lacks host or port"),
        ("zmq://h:", "lacks host or port"),
        ("zmq://h:0", "lacks host or port"),
        ("zmq://h:65536", "lacks host or port"),
        ("zmq://h:five", "lacks host or port"),
        ("zmq://[::1:5556", "lacks host or port"),
        ("zmq://", "lacks host or port"),
        ("zmq://h:1?speeed=mph", "option 'speeed' is not known; use altitude, decode, source, speed, topic, tz"),
        ("zmq://h:1/buses", "zmq:// takes no user, path or fragment"),
        ("zmq://h:1#buses", "zmq:// takes no user, path or fragment"),
        ("zmq://h:1?source=a%00b", "whose source is no name"),
        ("zmq://h:1?source=" + "x" * 201, "whose source is no name: at most 200"),
    ],
)
def test_a_bad_address_is_refused_with_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(StartupError) as caught:
        parse_address(url)
    assert str(caught.value).startswith("WAYPOST_SOURCES has ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "zmq://user:hunter2@h:1",
        "htp://user:hunter2@h:1",
        "user:hunter2@h:1",
        "mqtt://user:hun/ter2@h:1/t",
        "mqtt://user:hunter2@h:port/t",
        "mqtt://user:hunter2@h",
        "mqtt://user:hunter2@h/t?password=hunter2",
        "mqtt://user:hunter2@h/t?source=a%00b",
        "mqtt://user:hunter2@h/a#b",
        "mqtt://user:hunter2@h/t?qos=2",
        "mqtt://user:hunter2@h/t?version=4",
        "mqtt://user:hunter2@h/" + "long/" * 50,
    ],
)
def test_a_refused_password_is_not_repeated(url: str) -> None:
    with pytest.raises(StartupError) as caught:
        make_source(parse_address(url))
    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_password_is_understood_and_shown_nowhere() -> None:
    address = parse_address("mqtt://me:p%40ss%2F%23@broker/owntracks/+/#?decode=owntracks")
    assert (address.user, address.password) == ("me", "p@ss/#")
    assert (address.host, address.port, address.path) == ("broker", 1883, "owntracks/+/#")
    assert address.name == "mqtt://broker:1883/owntracks/+/#"
    assert "p@ss" not in repr(address)
    assert without_secrets("mqtt://me:p@ss@broker/a/#?ca=x") == "mqtt://broker/a/#"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mqtt://h", "mqtt://h:1883, which does not say what to receive; write mqtt://host/topic"),
        ("mqtt://h/?source=x", "does not say what to receive"),
        ("mqtt://h/t?ca=x.pem", "option 'ca' is not known; use altitude, client, decode, qos"),
        ("mqtt://h/a#", "'a#' is no topic filter"),
        ("mqtt://h/#/a", "'#/a' is no topic filter"),
        ("mqtt://h/a+/b", "'a+/b' is no topic filter"),
        ("mqtt://h/t?qos=2", "qos=2 is neither 0 nor 1"),
        ("mqtt://h/t?version=3", "version=3 is not known; use one of 3.1.1, 5"),
        ("udp://h:1?topic=x", "option 'topic' is not known; use altitude, decode, repeat_s, source"),
        ("udp://h:1?repeat_s=5", "subscribe= names, and that is missing"),
        ("udp://h:1?subscribe=x&repeat_s=soon", "repeat_s=soon is not a number from 0.1 to 3600"),
        ("udp://h:1?subscribe=x&repeat_s=nan", "repeat_s=nan is not a number"),
        ("udp://u@h:1", "udp:// takes no user, path or fragment"),
        ("tcp://h:1?listen=perhaps", "listen=perhaps is neither 1 nor 0"),
        ("tcp://h:1?listen=1&connections=0", "connections=0 is not a number from 1 to 10000"),
        ("tcp://h:1?connections=5", "connections bounds how many devices connect with listen=1"),
    ],
)
def test_what_can_never_work_is_refused_before_anything_starts(url: str, said: str) -> None:
    with pytest.raises(StartupError) as caught:
        make_source(parse_address(url))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"decode": "xml"}, "decode=xml, which is not known; use json"),
        ({"speed": "furlong"}, "unknown unit of speed 'furlong'; use one of m/s"),
        ({"altitude": "mile"}, "unknown unit of length 'mile'; use one of m, ft"),
    ],
)
def test_an_unknown_decoder_or_unit_is_refused_with_those_known(options: dict[str, str], said: str) -> None:
    with pytest.raises(StartupError) as caught:
        decoder_for(options, max_ahead_s=300)
    assert said in str(caught.value)


def test_a_source_is_called_as_its_address_says() -> None:
    source = make_source(parse_address("zmq://127.0.0.1:1?source=buses"))
    assert source.name == "buses"
    assert source.status.received == 0
    source.stop()
