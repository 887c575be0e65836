"""The demo: the Austin recording, played by a process of its own that ends when Waypost does."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

REPOSITORY: Final = Path(__file__).parent.parent
RECORDING: Final = "transit-austin-2015"
SPEED: Final = 10
START: Final = "2015-03-07T17:00Z"
"""Noon of a Saturday in Austin: more than 100 buses are moving, and stay so for the next half hour at SPEED."""
LOOP_FROM: Final = "2015-03-07T13:00Z"
"""Leaves out the night, when 10 buses run: it would be half an hour of an almost empty map."""
LEAD: Final = "24m"
"""Four recorded hours at SPEED, from 13:00Z: what a first start sends at once, so that its pages have a history."""
STOP_S: Final = 3.0


class Demo:
    """The demo's publisher while it runs; stops it at the end of a `with` block."""

    def __init__(self, address: str, process: subprocess.Popen[bytes]) -> None:
        self.address = address
        self.process = process

    @property
    def pid(self) -> int:
        """The publisher's process id."""
        return self.process.pid

    def poll(self) -> int | None:
        """The exit code once it has ended (2: it could not start, and said why), None while it runs."""
        return self.process.poll()

    def stop(self) -> None:
        """End it and wait until it has ended, 3 s at most before it is killed. May be called again."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_demo(address: str, *, with_history: bool = False) -> Demo:
    """Start to publish the demo at `address` ("zmq://127.0.0.1:5556") and return at once.

    `with_history` sends the last 24 minutes at once before it: for a start on empty data, once.

    It subscribes nobody and waits for nobody: messages come a second or two later. It ends with this process,
    also when that is killed, and not by Ctrl-C in the terminal. Its errors go to standard error.
    """
    command = [sys.executable, "-m", "simulate", "publish", RECORDING, "--to", address, "--speed", str(SPEED)]
    command += ["--start", START, "--loop-from", LOOP_FROM, "--speed-unit", "mph"]
    command += ["--kind", "bus", "--fleet", "Capital Metro", "--quiet", "--die-with-parent", str(os.getpid())]
    if with_history:
        command += ["--lead", LEAD]
    process = subprocess.Popen(  # noqa: S603 - our own program, arguments are ours
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    return Demo(address, process)


def free_address() -> str:
    """A ZMQ address on this machine at a port that is free now: zmq://127.0.0.1:PORT."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"zmq://127.0.0.1:{probe.getsockname()[1]}"
