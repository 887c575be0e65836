"""What the URL of an MQTT source says about the session and its encryption."""

import hashlib
import ssl
from dataclasses import dataclass
from typing import Final, Self

from paho.mqtt.enums import MQTTProtocolVersion

from ingest.sources.address import AddressForm, SourceAddress

_OPTIONS: Final = frozenset({"client", "qos", "version"})
FORM: Final = AddressForm(options=_OPTIONS, default_port=1883, path=True, user=True)
TLS_FORM: Final = AddressForm(options=_OPTIONS | {"ca", "cert", "key"}, default_port=8883, path=True, user=True)

_VERSIONS: Final = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}
_LONGEST_TOPIC: Final = 65_535


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """`client_id` names the session at the broker: the same after each start, and no other client's."""

    client_id: str
    qos: int
    version: MQTTProtocolVersion
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, address: SourceAddress) -> Self:
        """The options of an address. Raises StartupError for those that can never work."""
        _check_filter(address)
        version = address.options.get("version", "3.1.1")
        if version not in _VERSIONS:
            address.refuse(f"version={version} is not known; use one of {', '.join(_VERSIONS)}")
        qos = address.options.get("qos", "1")
        if qos not in {"0", "1"}:
            address.refuse(f"qos={qos} is neither 0 nor 1")
        # 23 characters, the most that every broker of MQTT 3.1.1 takes.
        own = f"waypost-{hashlib.sha256(address.name.encode()).hexdigest()[:15]}"
        return cls(address.options.get("client") or own, int(qos), _VERSIONS[version], _tls(address))


def _check_filter(address: SourceAddress) -> None:
    levels = address.path.split("/")
    wild = any(sign in level and level != sign for level in levels for sign in "#+")
    if wild or "#" in levels[:-1] or "\0" in address.path or len(address.path.encode()) > _LONGEST_TOPIC:
        address.refuse(f"{address.path[:100]!r} is no topic filter: + stands for one level, # for all at its end")


def _tls(address: SourceAddress) -> ssl.SSLContext | None:
    if address.transport != "mqtts":
        return None
    ca, cert, key = (address.options.get(name) or None for name in ("ca", "cert", "key"))
    if key and not cert:
        address.refuse("key= needs the certificate that it belongs to in cert=")
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        address.refuse(f"ca={ca} is not usable: {error.strerror or error}")
    if cert:
        try:
            # Without a word an encrypted key would be asked for at the terminal, in the middle of the start.
            context.load_cert_chain(cert, key, password=lambda: "")
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            address.refuse(f"cert={cert}{f' with key={key}' if key else ''} is not usable: {said}")
    return context
