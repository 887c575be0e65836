"""HTTP: batches of lines to a collector, sent again until it has taken them."""

import http.client
import json
import random
import ssl
import threading
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from simulate.transports.address import Address
from simulate.transports.base import CONNECT_S, GRACE_S, QUEUE_MESSAGES, Opening, PeerRefuses
from simulate.transports.outbox import Outbox

LINGER_S: Final = 0.2
"""A batch that is not full goes after this long."""
_CONNECTIONS: Final = 4
_ANSWER_S: Final = 30.0
_LONGEST_WAIT_S: Final = 60.0
_RETRY_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


class HttpCollector:
    """Messages in batches over a few connections; those of one device always over the same one, so they stay in order.

    429 and 5xx, and a collector that is away, are waited for: nothing is lost until it is stopped meanwhile. Where an
    answer got lost the batch is sent again, so a message may come twice.
    """

    def __init__(self, address: Address, opening: Opening) -> None:
        """Raises StartupError where nobody answers at the address."""
        self._address, self._notice = address, opening.notice
        self._counts: Counter[str] = Counter(dict.fromkeys(("accepted", "rejected", "requests", "waited", "again"), 0))
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failure: PeerRefuses | None = None
        self._lost = 0
        query = f"?{urlencode(address.options)}" if address.options else ""
        self._target = f"/{quote(address.path)}{query}"
        self._headers = {"Content-Type": "application/x-ndjson", "User-Agent": "waypost-simulate"}
        if opening.token:
            self._headers["Authorization"] = f"Bearer {opening.token}"
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        first = self._connection(CONNECT_S)
        try:
            first.connect()
        except OSError as error:
            address.refuse(f"does not answer: {error.strerror or error}. Start the collector, or name it with --to.")
        finally:
            first.close()
        room = max(opening.batch, QUEUE_MESSAGES // _CONNECTIONS)
        self._outboxes = [Outbox(room, batch=opening.batch) for _ in range(_CONNECTIONS)]
        self._threads = [threading.Thread(target=self._run, args=(one,), daemon=True) for one in self._outboxes]
        for thread in self._threads:
            thread.start()

    def has_receiver(self) -> bool:
        """True: while the collector is away, what is sent waits for it."""
        return True

    def send(self, payload: bytes, device: str = "") -> bool:
        """Queue one message; False: the queue is full. Raises PeerRefuses where the collector will never take it."""
        self._check()
        return self._outboxes[zlib.crc32(device.encode()) % _CONNECTIONS].put(payload.replace(b"\n", b" "))

    def flush(self) -> int:
        """How many messages the collector has not yet answered. Raises PeerRefuses where it will never take them."""
        self._check()
        return sum(outbox.pending for outbox in self._outboxes)

    def close(self) -> None:
        """Wait up to two seconds for answers; what has none then is lost."""
        for outbox in self._outboxes:
            outbox.close()
        self._stopping.wait(0 if self._failure else GRACE_S if any(o.pending for o in self._outboxes) else 0)
        self._stopping.set()
        for thread in self._threads:
            thread.join(GRACE_S)
        self._lost = sum(outbox.pending for outbox in self._outboxes)

    def account(self) -> Mapping[str, int]:
        """`rejected` were taken but could not be used; `waited` is how often it said 429, `again` other retries."""
        with self._lock:
            return {"lost": self._lost, **self._counts}

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        where = (self._address.host, self._address.port)
        if self._tls is not None:
            return http.client.HTTPSConnection(*where, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(*where, timeout=timeout)

    def _run(self, outbox: Outbox) -> None:
        connection = self._connection(_ANSWER_S)
        try:
            while batch := outbox.take(LINGER_S):
                self._deliver(connection, batch)
                outbox.done(len(batch))
        except PeerRefuses as failure:
            self._failure = failure
        except _Stopped:
            pass  # what it had stays pending, and is counted as lost
        finally:
            connection.close()

    def _deliver(self, connection: http.client.HTTPConnection, batch: list[bytes]) -> None:
        """Send until it is taken. Raises PeerRefuses, or _Stopped."""
        body, tries = b"\n".join(batch), 0
        while True:
            try:
                connection.request("POST", self._target, body, self._headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._wait(_RETRY_S[min(tries, len(_RETRY_S) - 1)], "again", f"does not answer: {error}" * (tries == 1))
            else:
                self._count("requests")
                if answer.status == 429:
                    self._wait(_seconds(answer.headers.get("Retry-After")), "waited", "has no room" * (tries == 0))
                elif answer.status >= 500:
                    pause = _RETRY_S[min(tries, len(_RETRY_S) - 1)]
                    self._wait(pause, "again", f"answers {answer.status}" * (tries == 1))
                elif answer.status == 413 and len(batch) > 1:
                    self._deliver(connection, batch[: len(batch) // 2])
                    self._deliver(connection, batch[len(batch) // 2 :])
                    return
                else:
                    self._answered(answer.status, said, len(batch))
                    return
            tries += 1

    def _answered(self, status: int, said: bytes, sent: int) -> None:
        detail = _object(said)
        if status < 300:
            rejected = detail.get("rejected")
            refused = len(rejected) if isinstance(rejected, list) else 0
            self._count("accepted", sent - refused)
            self._count("rejected", refused)
        elif status in (400, 413):
            # A request whose only line is no JSON is refused as a whole.
            self._count("rejected", sent)
        else:
            why = str(detail.get("detail") or "")
            hint = " Give the token with --token or WAYPOST_INGEST_TOKEN." if status in (401, 403) else ""
            raise PeerRefuses(f"{self._address.scheme}://{self._address.where} answers {status}. {why}{hint}".strip())

    def _wait(self, seconds: float, counted: str, why: str) -> None:
        self._count(counted)
        if why:
            self._notice(f"{self._address.scheme}://{self._address.where} {why}. Trying again.")
        spread = random.uniform(1.0, 1.1)  # noqa: S311 - so that all connections do not come back at one moment
        if self._stopping.wait(seconds * spread):
            raise _Stopped

    def _count(self, name: str, by: int = 1) -> None:
        with self._lock:
            self._counts[name] += by


class _Stopped(Exception):
    pass


def _seconds(retry_after: str | None) -> float:
    """Seconds of a Retry-After; a date, or nothing, is a second."""
    try:
        return min(max(float(retry_after or 1.0), 0.0), _LONGEST_WAIT_S)
    except ValueError:
        return 1.0


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
