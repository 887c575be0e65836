"""Devices and metrics that are new get their ids, floods of them are refused, descriptions are written."""

from collections.abc import Callable, Sequence

from core.log import RateLimitedLog, get_logger
from db.registry import Registry
from ingest.database import Asks
from ingest.work import Work, refusal


class Registrar:
    """Used by the thread that stores. `announce` is told the ids of devices that are described differently now."""

    def __init__(self, registry: Registry, ask: Asks, announce: Callable[[list[int]], None]) -> None:
        self.metrics_refused = 0
        self._registry = registry
        self._ask = ask
        self._announce = announce
        self._limited = RateLimitedLog(get_logger("pipeline"))

    def register(self, work: Sequence[Work]) -> None:
        """Give ids to what is new in `work`. Raises StoreUnavailable where the database is needed and away."""
        devices = dict.fromkeys(name for w in work for name in w.new_devices)
        metrics = dict.fromkeys(name for w in work for name in w.new_metrics)
        if devices or metrics:
            names = list(filter(str.isprintable, devices))
            self._ask(lambda connection: self._registry.add_devices(connection, names))
            self._ask(lambda connection: self._registry.add_metrics(connection, metrics))
            for w in work:
                if w.new_devices:
                    self._refuse_unregistered(w)
                if w.new_metrics:
                    self._count_refused_metrics(w)
        self._describe(work)

    def _refuse_unregistered(self, w: Work) -> None:
        kept = []
        for m in w.messages:
            if m.device in self._registry.devices:
                kept.append(m)
            elif m.device.isprintable():
                most = f"at most {self._registry.max_devices} (WAYPOST_MAX_DEVICES)"
                w.refused.append(refusal("too many devices", most, m))
            else:
                w.refused.append(refusal("device is not a name", repr(m.device)[:80], m))
        w.messages = kept

    def _count_refused_metrics(self, w: Work) -> None:
        for m in w.messages:
            refused = sum(name not in self._registry.metrics for name in m.values or ())
            if refused:
                self.metrics_refused += refused
                self._limited.warning("metrics", "too many metrics; further ones are left out", device=m.device)

    def _describe(self, work: Sequence[Work]) -> None:
        changes: dict[int, dict[str, str]] = {}
        for w in work:
            for m in w.described:
                device = self._registry.devices.get(m.device)
                if device is not None and m.texts and (new := self._registry.changed_texts(device, m.texts)):
                    changes.setdefault(device, {}).update(new)
        if changes:
            self._ask(lambda connection: self._registry.describe(connection, changes))
            self._announce(list(changes))
