"""A sender over HTTP that waits for each answer, and knows what was acknowledged."""

import http.client
import json
import threading
import time

from tests.app.process import Waypost

_BATCH = 20


class Sender:
    """Sends numbered messages to whichever Waypost is there; what fails is sent again, as a real sender does."""

    def __init__(self, token: str) -> None:
        self.acknowledged: set[tuple[str, float]] = set()
        self.failures = 0
        self.waypost: Waypost | None = None
        self._token = token
        self._begin = time.time() - 3600
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Sender":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        self._thread.join()

    def has_sent(self, more: int) -> bool:
        """Whether so many are acknowledged."""
        return len(self.acknowledged) >= more

    def _run(self) -> None:
        number = 0
        while not self._stopping.is_set():
            numbers = range(number, number + _BATCH)
            if self._send([(f"d{n % 20}", self._begin + n / 1000) for n in numbers]):
                number += _BATCH
            else:
                self.failures += 1
                self._stopping.wait(0.1)

    def _send(self, keys: list[tuple[str, float]]) -> bool:
        waypost = self.waypost
        if waypost is None:
            return False
        body = json.dumps([{"device_id": d, "ts": ts, "lat": 1, "lon": 2, "speed": 3} for d, ts in keys])
        connection = http.client.HTTPConnection("127.0.0.1", waypost.port, timeout=10)
        try:
            connection.request("POST", "/api/v1/ingest", body, {"Authorization": f"Bearer {self._token}"})
            if connection.getresponse().status != 200:
                return False
        except OSError:
            return False  # whether it was taken is not known: it is sent again, and must not be stored twice
        finally:
            connection.close()
        self.acknowledged.update(keys)
        return True
