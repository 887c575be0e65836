"""A topic in the journal's place: for collectors of which there may be any number."""

import threading
import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from core.errors import JournalFull, StartupError
from core.log import RateLimitedLog, get_logger
from ingest.kafka.address import parse_kafka
from ingest.kafka.client import producer_settings
from ingest.kafka.records import SOURCE_HEADER

SETTING: Final = "WAYPOST_COLLECTOR_TOPIC"
_GIVE_UP_S: Final = 10.0
_POLL_S: Final = 0.1
_ROOM_S: Final = 0.01

_Headers = list[tuple[str, str | bytes | None]]


class _Outcome:
    """Counts down what the brokers have said of `count` messages. Told by the one thread that polls."""

    def __init__(self, count: int) -> None:
        self.settled = threading.Event()
        self.error: KafkaError | None = None
        self._left = count

    def told(self, error: KafkaError | None, _message: Message) -> None:
        """The callback of each message."""
        self.error = self.error or error
        self._left -= 1
        if self._left == 0:
            self.settled.set()


class KafkaAppender:
    """Appends like the journal does, for any number of threads at once.

    `url` is that of the topic, which `setting` has; `give_up_s` bounds how long one call may take, in seconds. Raises
    StartupError for a URL that cannot be used.
    """

    def __init__(self, url: str, *, setting: str = SETTING, give_up_s: float = _GIVE_UP_S) -> None:
        self._address = parse_kafka(url, setting)
        self._setting = setting
        self._give_up_s = give_up_s
        self._settings = producer_settings(self._address, setting, give_up_s=give_up_s)
        self._log = get_logger("topic")
        self._limited = RateLimitedLog(self._log)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._fatal = False
        self._broken: list[Producer] = []
        self._producer = self._open()
        self._thread = threading.Thread(target=self._run, name=f"topic {self._address.topic}", daemon=True)
        self._thread.start()

    def append(self, source: str, payloads: Sequence[bytes], keys: Sequence[bytes] | None = None) -> None:
        """Return once all replicas have all of `payloads`, which carry the name of their source.

        Messages of the same key keep their order; without keys, brokers spread them. Raises JournalFull where the
        topic does not take them in time: some may be there all the same, and count as duplicates when they are sent
        again. Raises ValueError for a payload that is larger than a message may be.
        """
        if self._stopping.is_set():
            raise JournalFull(f"the topic {self._address.topic} is closed")
        if not payloads:
            return
        until = time.monotonic() + self._give_up_s
        producer = self._producer
        headers: _Headers = [(SOURCE_HEADER, source.encode())]
        outcome = _Outcome(len(payloads))
        for place, payload in enumerate(payloads):
            key = None if keys is None else keys[place]
            while not self._produce(producer, payload, key, headers, outcome):
                if time.monotonic() > until:
                    raise self._not_taken("more is waiting than memory should hold")
                time.sleep(_ROOM_S)
        # Each message has its own end, at latest when it is given up; the brokers' last word may come a little later.
        if not outcome.settled.wait(self._give_up_s + 5.0):
            raise self._not_taken("no answer")
        if outcome.error is not None:
            # The brokers miss a number in their account of this producer; some take nothing more of it then.
            self._give_up_on(producer)
            raise self._not_taken(outcome.error.str())

    def close(self) -> None:
        """Deliver what is under way, and take no more."""
        self._stopping.set()
        self._thread.join(self._give_up_s + 5.0)

    def _open(self) -> Producer:
        try:
            return Producer(self._settings | {"error_cb": self._failed})
        except KafkaException as error:
            raise StartupError(f"{self._setting}: {self._address.name} cannot be used: {error}.") from None

    def _failed(self, error: KafkaError) -> None:
        self._limited.warning(
            error.str(), "a topic cannot be written; it is tried again", topic=self._address.topic, why=error.str()
        )
        self._fatal = self._fatal or error.fatal()

    def _produce(
        self, producer: Producer, payload: bytes, key: bytes | None, headers: _Headers, outcome: _Outcome
    ) -> bool:
        """Hand over one message; False where there is no room yet."""
        try:
            producer.produce(self._address.topic, payload, key, headers=headers, on_delivery=outcome.told)
        except BufferError:
            return False
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            if reason.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                raise ValueError(f"a message of {len(payload)} bytes, more than a topic takes") from None
            raise self._not_taken(reason.str()) from None
        return True

    def _not_taken(self, why: str) -> JournalFull:
        return JournalFull(f"the topic {self._address.topic} at {self._address.brokers} does not take it: {why}")

    def _give_up_on(self, producer: Producer) -> None:
        """Open another, unless that was done: one whose account with the brokers is broken may never recover."""
        with self._lock:
            if producer is self._producer and not self._stopping.is_set():
                self._producer = self._open()
                self._broken.append(producer)
                self._log.warning("the producer was opened anew", topic=self._address.topic)

    def _run(self) -> None:
        while not self._stopping.is_set():
            producer = self._producer
            try:
                producer.poll(_POLL_S)
            except KafkaException as error:
                self._failed(error.args[0])
            if self._fatal:
                self._fatal = False
                self._give_up_on(producer)
            while self._broken:
                # Who waits for what it still has is told that it was not taken.
                broken = self._broken.pop()
                broken.purge()
                broken.flush(_POLL_S)
        self._producer.flush(self._give_up_s)
