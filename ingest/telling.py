"""The job that tells of alerts: each that opens or closes is posted as JSON to the address that an admin has set
(docs/webhook.md).

What is not taken is tried again, after waits that grow, for a day. An alert that waits holds up no other: only that it
closed is not told before that it opened.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from core.errors import WaypostError
from core.log import RateLimitedLog, get_logger
from core.site import Calling
from core.text import age
from db.telling import Outbox, Untold

_TIMEOUT_S: Final = 5.0
"""For all of a delivery: name, connection, answer."""
_AT_ONCE: Final = 8
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0
_GIVE_UP: Final = timedelta(days=1)


class NotTaken(WaypostError):
    """Some alerts are not taken by who is called; the message says how many and why."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a delivery was not taken. `away`: nobody has answered at all."""

    why: str
    away: bool = False


@dataclass(frozen=True, slots=True)
class _Wait:
    """How often a delivery was tried, when it is next (monotonic, s), and why it was not taken last."""

    tries: int
    until: float
    why: str


class Telling:
    """Used by one thread, but for `stop`. `calling` says who is called."""

    def __init__(
        self,
        outbox: Outbox,
        calling: Callable[[], Calling],
        *,
        clock: Callable[[], float] = time.monotonic,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        self.taken = 0
        self.given_up = 0
        self._outbox = outbox
        self._calling = calling
        self._clock = clock
        self._timeout_s = timeout_s
        self._url: str | None = None
        self._waits: dict[int, _Wait] = {}
        self._trusted: ssl.SSLContext | None = None
        self._stopping = threading.Event()
        self._log = RateLimitedLog(get_logger("alerts"), interval_s=60.0)

    def turn(self) -> None:
        """Tell what is to be told now. Raises NotTaken while something is not taken, StoreUnavailable."""
        url = self._calling().webhook_url
        if url != self._url:  # what another receiver did says nothing of this one
            self._url, self._waits = url, {}
        if not self._outbox.take_turn():
            self._waits = {}
        elif url is None:
            self._outbox.mark_all()
        else:
            self._tell(url)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()

    def close(self) -> None:
        """Close the connection."""
        self._outbox.close()

    def _tell(self, url: str) -> None:
        now = self._clock()
        due = {alert_id for alert_id, wait in self._waits.items() if wait.until <= now}
        seen: set[int] = set()
        is_away = False
        while not is_away and not self._stopping.is_set():
            waiting = self._waits.keys() - due | seen
            wave = self._outbox.untold(waiting, _AT_ONCE)
            if not wave:
                for gone in due - seen:  # the alert is forgotten: it was kept for so long only
                    self._waits.pop(gone, None)
                break
            refusals = asyncio.run(self._post_all(url, wave))
            seen |= {one.alert.id for one, refusal in zip(wave, refusals, strict=True) if refusal is not None}
            self._settle(wave, refusals)
            is_away = any(refusal is not None and refusal.away for refusal in refusals)
        if self._waits:
            raise NotTaken(self._said(url))

    def _settle(self, wave: Sequence[Untold], refusals: Sequence[_Refusal | None]) -> None:
        """Mark what was taken, and what is given up; let the rest wait."""
        done, given_up = [], []
        for one, refusal in zip(wave, refusals, strict=True):
            if refusal is None:
                done.append(one)
            elif datetime.now(UTC) - one.happened_at >= _GIVE_UP:
                given_up.append(one)
            else:
                before = self._waits.get(one.alert.id)
                tries = 0 if before is None else before.tries
                wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**tries)
                self._waits[one.alert.id] = _Wait(tries + 1, self._clock() + wait_s, refusal.why)
        self._outbox.mark_told([*done, *given_up])
        for one in (*done, *given_up):
            self._waits.pop(one.alert.id, None)
        self.taken += len(done)
        self.given_up += len(given_up)
        self._log_what_failed([refusal.why for refusal in refusals if refusal is not None], given_up)

    def _log_what_failed(self, whys: Sequence[str], given_up: Sequence[Untold]) -> None:
        host = _host(self._url)
        if given_up:
            words, first = "alerts were not taken for a day and are given up", given_up[0].delivery
            self._log.warning("given up", words, len(given_up), host=host, first=first)
        if len(whys) > len(given_up):
            words = "alerts are not taken by who is called; they are told again"
            self._log.warning("not taken", words, len(whys) - len(given_up), host=host, why=whys[0])

    def _said(self, url: str) -> str:
        soonest = min(self._waits.values(), key=lambda wait: wait.until)
        count = f"{len(self._waits)} alerts" if len(self._waits) > 1 else "1 alert"
        wait_s = max(0.0, soonest.until - self._clock())
        when = age(wait_s) if wait_s >= 2 else "a moment"
        return f"{_host(url)} has not taken {count}: {soonest.why}. Tried again in {when}."

    async def _post_all(self, url: str, wave: Sequence[Untold]) -> list[_Refusal | None]:
        """Why each was not taken; None where it was."""
        if self._trusted is None:  # it takes a tenth of a second, so not for each wave
            self._trusted = httpx.create_ssl_context()
        client = httpx.AsyncClient(verify=self._trusted, follow_redirects=False, timeout=None)  # noqa: S113 - see _post
        async with client:
            return await asyncio.gather(*(self._post(client, url, one) for one in wave))

    async def _post(self, client: httpx.AsyncClient, url: str, one: Untold) -> _Refusal | None:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Waypost",
            "X-Waypost-Delivery": one.delivery,
        }
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                # What the answer says beside its status is not read: it may have no end.
                client.stream("POST", url, content=msgspec.json.encode(one.to_json()), headers=headers) as answer,
            ):
                return None if answer.is_success else _Refusal(_answered(answer))
        except TimeoutError:
            return _Refusal(f"it has not answered within {self._timeout_s:g} s", away=True)
        except httpx.ConnectError as error:
            return _Refusal(f"it cannot be reached ({error})", away=True)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            # Not in its own words: they may have the address in them, and that may have a secret.
            return _Refusal(f"it cannot be asked ({type(error).__name__})", away=True)


def _answered(answer: httpx.Response) -> str:
    if answer.is_redirect:
        return f"it answered {answer.status_code}, and redirects are not followed"
    return f"it answered {answer.status_code}"


def _host(url: str | None) -> str:
    """All of an address that may be told: the rest may have a secret in it."""
    return urlsplit(url or "").hostname or "?"
