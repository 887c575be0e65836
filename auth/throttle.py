"""How often somebody may try: a few times each address, and not without end all together."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

_MOST_ADDRESSES: Final = 10_000


class _Bucket:
    """Holds `size` tries, and gets one back every `refill_s` seconds."""

    def __init__(self, size: int, refill_s: float, now: float) -> None:
        self._size = size
        self._refill_s = refill_s
        self._left = float(size)
        self._at = now

    def wait_s(self, now: float) -> float:
        """How long until there is a try; 0 where there is one."""
        self._left = min(self._size, self._left + (now - self._at) / self._refill_s)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) * self._refill_s

    def take(self) -> None:
        """Use a try."""
        self._left -= 1

    def give_back(self) -> None:
        """It was none."""
        self._left = min(self._size, self._left + 1)


class Throttle:
    """Counts tries. Each address has 5, and one more every 30 s; all together have 60, and one more every second.

    Memory is bounded: of more than 10,000 addresses the one that tried longest ago is forgotten, and the limit of all
    together stays. The addresses of a network of IPv6 (/64), which one sender has as many of as he likes, count as one.
    """

    def __init__(
        self,
        *,
        each: tuple[int, float] = (5, 30.0),
        together: tuple[int, float] = (60, 1.0),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._each = each
        self._clock = clock
        self._lock = threading.Lock()
        self._addresses: OrderedDict[str, _Bucket] = OrderedDict()
        self._together = _Bucket(*together, clock())

    def take(self, address: str) -> float:
        """Use a try of `address`. Gives 0, or the seconds to wait: then none was used."""
        with self._lock:
            now = self._clock()
            bucket = self._bucket(network_of(address), now)
            wait_s = max(bucket.wait_s(now), self._together.wait_s(now))
            if wait_s == 0:
                bucket.take()
                self._together.take()
            return wait_s

    def give_back(self, address: str) -> None:
        """The try was a good one: it does not count."""
        with self._lock:
            self._bucket(network_of(address), self._clock()).give_back()
            self._together.give_back()

    def __len__(self) -> int:
        return len(self._addresses)

    def _bucket(self, network: str, now: float) -> _Bucket:
        bucket = self._addresses.pop(network, None) or _Bucket(*self._each, now)
        self._addresses[network] = bucket
        if len(self._addresses) > _MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        return bucket


def network_of(address: str) -> str:
    """What an address is counted as."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
