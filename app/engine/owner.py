"""Which process owns a job, told so that a later process can see whether it still lives."""

import os
import platform
import sys
from pathlib import Path


def myself() -> str:
    """Return a name for this process that no other process, past or future, shares."""
    return f"{platform.node()}|{os.getpid()}|{_start_of(os.getpid())}"


def is_alive(owner: str) -> bool:
    """Whether the process named `owner` still runs; processes of other computers count as running."""
    _host, _, rest = owner.partition("|")
    pid, _, start = rest.partition("|")
    if not pid.isdigit():
        return False
    if not is_here(owner):
        return True
    return _start_of(int(pid)) == start


def is_here(owner: str) -> bool:
    """Whether `owner` is a process of this computer."""
    return owner.partition("|")[0] == platform.node()


def _start_of(pid: int) -> str:
    """Return a text that tells this run of `pid` from any other; empty if there is no such process."""
    if sys.platform == "linux":
        return _linux_start_of(pid)
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""


def _linux_start_of(pid: int) -> str:
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
    fields = status.rpartition(")")[2].split()  # the name before it may hold spaces
    state, ticks = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot[:8]}-{ticks}"
