"""A small Waypost for the tests to kill: starts the servers, commits a row after the other, says what it committed.

    python -m tests.embedded.parent DATA_DIR [orderly]

Prints the conninfo, the Redis URL, then the number of each committed row; writes a last row when interrupted.
`orderly`: SIGTERM ends it like Ctrl-C.
"""

import itertools
import signal
import sys
import time
from pathlib import Path

import psycopg

from core import log
from core.errors import StartupError
from db.embedded import start_embedded


def say(line: object) -> None:
    """One line to the test, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def commit_rows(conninfo: str) -> None:
    """One after the other, until it is interrupted."""
    with psycopg.connect(conninfo, autocommit=True) as database:
        database.execute("CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)")
        for n in itertools.count():
            database.execute("INSERT INTO kept VALUES (%s)", [n])
            say(n)
            time.sleep(0.001)


def main(data_dir: str, *options: str) -> int:
    """Runs until it is ended."""
    log.configure()  # to standard error: standard output is for the test
    if "orderly" in options:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with start_embedded(Path(data_dir)) as servers:
            say(servers.conninfo)
            say(servers.redis_url)
            try:
                commit_rows(servers.conninfo)
            finally:
                time.sleep(0.2)  # were the servers hit by the same Ctrl-C, they would be gone by now
                with psycopg.connect(servers.conninfo) as database:
                    database.execute("INSERT INTO kept VALUES (-1)")
                say("wrote to the end")
    except StartupError as error:
        say(error)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
