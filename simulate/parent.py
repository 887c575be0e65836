"""A process that does not outlive the one that started it, whatever ends that: also kill -9, which tells nobody."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
POLL_S: Final = 1.0


def end_with_parent(parent: int, stop: Callable[[], None]) -> None:
    """Call `stop` when process `parent`, which started this one, is gone; at once if it is gone already.

    Linux sends a signal, within milliseconds; elsewhere a thread looks once a second. Main thread only.
    """

    def check(*_: object) -> None:
        # Linux signals the end of the thread that started us, which need not be the end of its process.
        if os.getppid() != parent:
            stop()

    signal.signal(signal.SIGHUP, check)
    if not _signal_at_death(signal.SIGHUP):
        threading.Thread(target=_poll, args=(parent, check), name="parent", daemon=True).start()
    check()  # it may have ended before the signal was asked for


def _signal_at_death(number: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):
        return int(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(number))) == 0
    return False


def _poll(parent: int, check: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    check()
