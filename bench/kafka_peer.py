"""quixstreams reads a topic into PostgreSQL with its own sink. Runs where quixstreams is, and nothing of ours."""

import json
import os
import resource
import sys
import time
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]  # only where this runs
from quixstreams.sinks.community.postgresql import PostgreSQLSink  # type: ignore[import-not-found]


def main() -> None:
    """Arguments: broker, topic, how many, and how to connect, as JSON. Says seconds and CPU seconds, as JSON."""
    broker, topic, count, connection = sys.argv[1:]
    places = json.loads(connection)
    sink = PostgreSQLSink(
        host=places["host"],
        port=int(places["port"]),
        dbname=places["dbname"],
        user=places["user"],
        password=os.environ["PGPASSWORD"],
        table_name="peer",
        include_metadata=False,
    )
    begun: list[float] = []
    add = sink.add

    def first_add(*args: Any, **more: Any) -> None:
        """Begin to measure, and get out of the way."""
        begun.extend((time.perf_counter(), _cpu()))
        sink.add = add
        add(*args, **more)

    sink.add = first_add
    app = Application(
        broker_address=broker,
        consumer_group="peer",
        auto_offset_reset="earliest",
        commit_interval=1.0,
        use_changelog_topics=False,
        loglevel="ERROR",
        # By default the client waits for 1 s whenever its queue is full: as in ours, that is not what is measured.
        consumer_extra_config={"session.timeout.ms": 6000, "fetch.queue.backoff.ms": 10},
    )
    app.dataframe(app.topic(topic, value_deserializer="json", key_deserializer="bytes")).sink(sink)
    app.run(count=int(count), collect=False)
    print(json.dumps({"seconds": time.perf_counter() - begun[0], "cpu": _cpu() - begun[1]}))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
