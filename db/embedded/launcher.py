"""Becomes a server that dies with Waypost. Run by its path with `python -I -S`; imports the standard library only.

    launcher.py PARENT_PID DEATH_SIGNAL UID:GID|- watch|exec PROGRAM ARGUMENT...

A small program between fork and exec, rather than a preexec_fn: after a fork in a process with threads hardly any
Python is safe to run, and here everything is. It must do its work in this order:

1. as root: give up root, keeping one capability (below);
2. ask the kernel for DEATH_SIGNAL when the thread that forked us ends. A change of user clears that wish: hence second;
3. leave if the parent died before that: nobody would ever signal us;
4. exec the server. The wish survives it, as the server is not setuid and gains no capability.

PostgreSQL refuses to run as root. The user that it gets instead could not even reach its files where a directory
above them is closed (/root, a 0700 temporary directory, DATA_DIR itself). Rather than open people's directories, the
server keeps one capability as an ambient one: CAP_DAC_READ_SEARCH, to pass through directories and read, or, where a
container has dropped that, CAP_DAC_OVERRIDE. It may do less than the root that Waypost runs as.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
SECBIT_KEEP_CAPS = 1 << 4
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522

EXIT_CANNOT = 71  # EX_OSERR of sysexits.h
WATCH_INTERVAL_S = 0.2


class CapHeader(ctypes.Structure):
    """cap_user_header_t of capget(2)."""

    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class CapSets(ctypes.Structure):
    """cap_user_data_t of capget(2): bits of capabilities 0 to 31; a second one holds the rest."""

    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def prctl(libc: ctypes.CDLL, option: int, *arguments: int) -> None:
    """prctl(2). Raises OSError."""
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if libc.prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def permitted_capabilities(libc: ctypes.CDLL) -> int:
    """The bits of the capabilities 0 to 31 that this process may use. Raises OSError."""
    header, sets = CapHeader(CAPABILITY_VERSION_3, 0), (CapSets * 2)()
    if libc.capget(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), "capget failed")
    return int(sets[0].permitted)


def choose_capability(permitted: int, program: str) -> int:
    """The least capability with which another user can reach and run `program`. Raises OSError if there is none."""
    # Reading and passing through does not include execution: some installers leave programs executable by root alone.
    others_may_run = bool(Path(program).stat().st_mode & 0o001)
    wanted = [CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE] if others_may_run else [CAP_DAC_OVERRIDE]
    for capability in wanted:
        if permitted >> capability & 1:
            return capability
    raise OSError("this root has neither CAP_DAC_READ_SEARCH nor CAP_DAC_OVERRIDE; start Waypost as an ordinary user")


def become(libc: ctypes.CDLL | None, uid: int, gid: int, program: str) -> None:
    """Give up root for `uid`; on Linux keep what it needs to reach its files. Raises OSError."""
    capability = None
    if libc is not None:
        capability = choose_capability(permitted_capabilities(libc), program)
        prctl(libc, PR_SET_KEEPCAPS, 1)
        try:
            # Without it access(2) disregards capabilities, and PostgreSQL looks for its own files with access(2).
            prctl(libc, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS)
        except OSError as error:
            sys.stderr.write(f"waypost: without CAP_SETPCAP ({error}); closed directories may be out of reach\n")
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if libc is not None and capability is not None:
        bit = 1 << capability
        header, sets = CapHeader(CAPABILITY_VERSION_3, 0), (CapSets * 2)()
        sets[0] = CapSets(bit, bit, bit)
        if libc.capset(ctypes.byref(header), sets) != 0:
            raise OSError(ctypes.get_errno(), "capset failed")
        prctl(libc, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def watch(parent: int, death_signal: int, command: list[str]) -> int:
    """Run `command` as a child and signal it once `parent` is gone: for systems whose kernel does not. Exit code."""
    forwarded = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
    signal.pthread_sigmask(signal.SIG_BLOCK, forwarded)  # until they can be passed on, they must not end the watcher
    child = os.posix_spawn(command[0], command, os.environ, setsigmask=[])
    for number in forwarded:
        signal.signal(number, lambda received, _frame: os.kill(child, received))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, forwarded)
    orphaned = False
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if not orphaned and os.getppid() != parent:
            orphaned = True
            os.kill(child, death_signal)
        time.sleep(WATCH_INTERVAL_S)


def main(arguments: list[str]) -> int:
    """Never returns on Linux unless something failed; the reason is on standard error."""
    parent, death_signal, account, mode, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    # Both would be inherited: a blocked SIGTERM, or a SIGINT ignored by `nohup` or `&`, would make the server deaf.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o077)
    try:
        if account != "-":
            uid, _, gid = account.partition(":")
            become(libc, int(uid), int(gid), command[0])
        if mode == "watch":
            return watch(int(parent), int(death_signal), command)
        if libc is not None:
            prctl(libc, PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != int(parent):
            return EXIT_CANNOT
        os.execv(command[0], command)  # noqa: S606  no shell is wanted
    except OSError as error:
        sys.stderr.write(f"waypost: cannot start {command[0]}: {error}\n")
    return EXIT_CANNOT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
