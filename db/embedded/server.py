"""What the supervisor needs to know of a server."""

import shlex
import signal
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from core.errors import StartupError
from db.embedded.child import Child


class Server(ABC):
    """One embedded server. All methods are called from the supervisor's thread alone."""

    name: ClassVar[str]
    ready_timeout_s: ClassVar[float]
    stop_signals: ClassVar[tuple[tuple[signal.Signals, float], ...]]
    """How to stop it: a signal, how many seconds it then has, and the next one."""

    def __init__(self, log: Path) -> None:
        self.log = log

    @abstractmethod
    def prepare(self) -> None:
        """What is done once, before the first spawn. Raises StartupError."""

    @abstractmethod
    def spawn(self) -> Child:
        """Start the process, without waiting for it. Raises OSError or StartupError."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers now. Raises StartupError if it never will."""

    def failure(self, child: Child) -> StartupError:
        """The error that says why `child` did not start."""
        code = child.exit_code()
        state = "does not answer" if code is None else f"ended with code {code}"
        reason = child.output() or "it said nothing"
        return StartupError(
            f"{self.name} {state}: {reason}. Its log is {self.log}; start again once the cause is gone."
        )


def package_directory(package: str, distribution: str) -> Path:
    """Where `package` is installed, found without importing it. Raises StartupError that says what to install."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise StartupError(
            f"The package {distribution} is not installed. Install it (pip install {shlex.quote(distribution)}), "
            "or set WAYPOST_DATABASE_URL and WAYPOST_REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])
