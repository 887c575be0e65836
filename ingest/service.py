"""The ingest as a whole: sources, journal, pipeline and the scheduler that drives it."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from core import garbage
from core.errors import StoreUnavailable
from core.log import RateLimitedLog, get_logger
from core.settings import Settings
from core.site import NOBODY, Calling
from core.timelines import DEFAULT_RULES, Rules
from db.engine import StorageEngine
from db.live import LiveWriter
from db.live_alerts import Announcer
from db.live_counts import CountsWriter
from db.maintenance import Keep, Maintenance
from db.reconcile import Reconciler
from db.registry import Registry
from db.reports import Reporter
from db.telling import Outbox
from db.watching import Watch
from db.write import Writer
from ingest.alerting import EVERY_S, Alerting
from ingest.collector import RECEIVERS, AppendingCollector, receivers
from ingest.counting import SpaceCounts
from ingest.decoders import decoder_for
from ingest.journal import Journal
from ingest.journal.waiting import InFlight
from ingest.kafka.appender import KafkaAppender
from ingest.kafka.forward import Forwarder
from ingest.kafka.forwarding import make_forwarder
from ingest.kafka.source import KafkaSource
from ingest.lake.archive import Archive
from ingest.pipeline import Pipeline
from ingest.planned import plan
from ingest.sources import SourceAddress, SourceStatus
from ingest.telling import NotTaken, Telling

_SWITCH_S: Final = 0.001
"""How long a thread keeps the interpreter that another waits for. Receiving, decoding and storing take turns, and what
stores lets go of it at each step of numpy: measured at 0.43 of COPY, against 0.35 to 0.38 with Python's 5 ms."""
_THREADS: Final = ("default", "maintenance", "report", "reconcile", "alerts", "telling")


class Ingest:
    """Receives and stores until stopped.

    `urls` are the source URLs. Everything that can be refused is refused in the constructor (StartupError). A `writer`
    of the caller's own is closed at the end, too. `rules` gives those that events are judged by, `calling` who is
    called of alerts.
    """

    def __init__(
        self,
        settings: Settings,
        urls: list[str],
        *,
        conninfo: str,
        engine: StorageEngine,
        redis_url: str,
        writer: Writer | None = None,
        rules: Callable[[], Rules] = lambda: DEFAULT_RULES,
        calling: Callable[[], Calling] = lambda: NOBODY,
    ) -> None:
        addresses, self._sources, decoders = plan(urls, max_ahead_s=settings.max_ahead_s)
        self.source_names = [address.name for address in addresses]
        self._settings = settings
        default = decoder_for({}, max_ahead_s=settings.max_ahead_s)
        decoders |= receivers(settings.max_ahead_s)
        self._journal = Journal(
            Path(settings.data_dir) / "journal",
            segment_bytes=settings.journal_segment_mb << 20,
            max_bytes=settings.journal_max_mb << 20,
        )
        self._writer = writer or Writer(conninfo, engine)
        self._live = LiveWriter(redis_url)
        keep = Keep(settings.keep_raw_days, settings.keep_minute_days, settings.keep_hour_days)
        compress_after = timedelta(hours=settings.compress_after_hours)
        self._reconciler = Reconciler(conninfo, engine)
        self._calling = calling
        self._alerting = Alerting(
            Watch(conninfo), Announcer(redis_url), tells=lambda: calling().webhook_url is not None
        )
        self._telling = Telling(Outbox(conninfo), calling)
        self._maintenance = Maintenance(conninfo, engine, keep, compress_after=compress_after)
        self._pipeline = Pipeline(
            decoders=decoders,
            default_decoder=default,
            writer=self._writer,
            live=self._live,
            registry=Registry(settings.max_devices, settings.max_metrics),
            batch_messages=settings.batch_messages,
            spaces=SpaceCounts(CountsWriter(redis_url)),
            keep_days=settings.keep_raw_days,
            rules=rules,
        )
        self._rules = rules
        for source in self._sources:
            if isinstance(source, KafkaSource):
                self._pipeline.follow(source)
        self._forwarder: Forwarder | None = None
        if settings.forward is not None:
            self._forwarder = self._make_forwarder(settings.forward, addresses, Writer(conninfo, engine))
        self._archive = Archive(settings, urls, self._journal)
        appender = KafkaAppender(settings.collector_topic) if settings.collector_topic else self._journal
        self.collector = AppendingCollector(appender, decoders, default, taken=self.source_names)
        self._reporter = Reporter(redis_url, f"{socket.gethostname()}:{os.getpid()}")
        self._jobs: dict[str, dict[str, Any]] = {}
        self._log = get_logger("ingest")
        self._limited = RateLimitedLog(self._log)
        # A thread each: what takes long in maintenance holds up no tick, and does not silence us.
        self._scheduler = BackgroundScheduler(
            executors={name: ThreadPoolExecutor(1) for name in _THREADS},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Take up where storing stopped, and begin to receive. Raises StartupError, StoreUnavailable."""
        sys.setswitchinterval(_SWITCH_S)
        garbage.look_seldom()
        self._maintenance.set_chunk_interval(self._settings.chunk_hours)
        self._pipeline.start()
        self._take_up_the_journal()
        self._every("tick", self._settings.tick_ms / 1000, self._pipeline.tick)
        self._every("report", 1.0, self._report, executor="report")
        self._every("roll up", 15.0, self._maintenance.roll_up, executor="maintenance")
        self._every("reconcile spaces", 5.0, self._reconciler.turn, executor="reconcile")
        self._every("alerts", EVERY_S, self._alerting.turn, executor="alerts")
        self._every("tell of alerts", 1.0, self._telling.turn, executor="telling")
        self._every("forget alerts", 3600.0, self._forget_alerts, executor="alerts")
        self._every("order rollups", 300.0, self._maintenance.order, executor="maintenance")
        self._every("add up duplicates", 15.0, self._maintenance.add_up_duplicates, executor="maintenance")
        self._every("movement", 15.0, self._maintenance.keep_movement, executor="maintenance")
        self._every("touch devices", 60.0, self._maintenance.touch_devices, executor="maintenance")
        self._every("judge events", 5.0, self._judge_anew, executor="maintenance")
        self._every("compress", 600.0, self._maintenance.compress, executor="maintenance")
        self._every("expire", 3600.0, self._maintenance.expire, executor="maintenance")
        self._every("trim quarantine", 600.0, self._trim_quarantine, executor="maintenance")
        self._every("lake", 5.0, self._archive.turn, executor="maintenance")
        self._scheduler.start()
        if self._forwarder is not None:
            self._forwarder.start()
        for source in self._sources:
            source.start(self._journal)

    def stop(self) -> None:
        """Stop receiving, store what was received, and close everything."""
        for source in self._sources:
            source.stop()
        self.collector.stop()
        self._telling.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            self._guard("tick", self._pipeline.tick)
        if self._forwarder is not None:
            self._forwarder.stop()
        self._archive.stop()
        self._maintenance.close()
        self._reconciler.close()
        self._alerting.close()
        self._telling.close()
        self._pipeline.close()
        self._writer.close()
        self._live.close()
        self._reporter.close()
        self._journal.close()

    def status(self) -> dict[str, Any]:
        """What the ingest is doing, for the health pages: plain values."""
        pipeline = self._pipeline
        return {
            "backlog": max(0, self._journal.next_sequence - 1 - pipeline.stored(self._journal)),
            "journal_bytes": self._journal.size(),
            "journal_damaged": self._journal.damaged_bytes,
            "last_commit_at": pipeline.status.last_commit_at,
            "database_problem": pipeline.status.database_problem,
            "redis_problem": pipeline.live_state.problem,
            "refused": dict(pipeline.storer.refused),
            "metrics_refused": pipeline.registrar.metrics_refused,
            "lake": self._archive.status(),
            "jobs": dict(self._jobs),
            "alerts_told": self._telling.taken,
            "alerts_given_up": self._telling.given_up,
            "forward": None if self._forwarder is None else self._forwarder.report(),
            "disk_free": shutil.disk_usage(self._settings.data_dir).free,
            "sources": self._source_statuses(),
        }

    def _make_forwarder(self, url: str, addresses: list[SourceAddress], writer: Writer) -> Forwarder:
        """It has a thread of its own, and so decoders of its own."""
        ahead = self._settings.max_ahead_s
        decoders = {a.name: decoder_for(a.options, max_ahead_s=ahead) for a in addresses}
        decoders |= {name: decoder_for({"decode": name}, max_ahead_s=ahead) for name in RECEIVERS}
        return make_forwarder(
            url,
            sources=addresses,
            lanes=self._pipeline.lanes,
            writer=writer,
            registry=self._pipeline.registry,
            decoders=decoders,
            default_decoder=decoder_for({}, max_ahead_s=ahead),
            keep_days=self._settings.keep_raw_days,
        )

    def _statuses(self) -> dict[str, SourceStatus]:
        return {source.name: source.status for source in self._sources} | dict(self.collector.statuses)

    def _source_statuses(self) -> dict[str, dict[str, Any]]:
        waiting, now = self._in_flight(), time.time()
        return {
            name: status.snapshot()
            | {
                "in_flight": waiting[name].payloads if name in waiting else 0,
                "lag_s": max(0.0, now - waiting[name].since / 1e6) if name in waiting else 0.0,
            }
            for name, status in self._statuses().items()
        }

    def _in_flight(self) -> dict[str, InFlight]:
        """What is in the journal, or was fetched from topics, and is not stored yet, by source."""
        found = self._journal.in_flight()
        for source in self._sources:
            if isinstance(source, KafkaSource):
                for stream in source.streams():
                    for name, here in stream.in_flight().items():
                        found[name] = here.beside(found.get(name))
        return found

    def _take_up_the_journal(self) -> None:
        behind = self._journal.take_up(self._pipeline.add(self._journal))
        if behind:
            self._log.info("the journal holds records that are not stored yet; storing them", records=behind)

    def _job(self, begun: float, problem: str | None) -> dict[str, Any]:
        return {"last_at": begun, "took_s": time.time() - begun, "problem": problem}

    def _report(self) -> None:
        self._reporter.report(self.status())

    def _judge_anew(self) -> None:
        """Where the rules have changed, device after device: between two of them others may have their turn."""
        if self._maintenance.judge_events(self._rules()):
            self._pipeline.mirror.is_stale = True

    def _forget_alerts(self) -> None:
        self._alerting.forget(self._calling().keep_days)

    def _trim_quarantine(self) -> None:
        self._maintenance.trim_quarantine(self._settings.quarantine_max)

    def _every(self, name: str, seconds: float, job: Callable[[], object], executor: str = "default") -> None:
        self._scheduler.add_job(self._guard, "interval", seconds=seconds, args=(name, job), id=name, executor=executor)

    def _guard(self, name: str, job: Callable[[], object]) -> None:
        """A job that fails is logged and tried again at its next turn; it never ends the ingest."""
        begun = time.time()
        try:
            job()
            self._jobs[name] = self._job(begun, None)
        except NotTaken as error:  # it logs that itself, seldomer
            self._jobs[name] = self._job(begun, str(error))
        except StoreUnavailable as error:
            self._jobs[name] = self._job(begun, str(error))
            self._limited.warning(name, "job waits for the database", job=name, why=str(error))
        except Exception as error:  # noqa: BLE001 - the loop must survive whatever a batch holds; nothing is lost
            self._jobs[name] = self._job(begun, repr(error))
            self._limited.warning(name, "job failed; it is tried again", job=name, why=repr(error), exc_info=True)
