"""Starting and stopping one process, so that it never outlives the launcher."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class RunAs:
    """The user a process runs as; ``None`` instead of it means ourselves."""

    uid: int
    gid: int

    def options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def _tether(stop_signal: int, parent: int) -> None:
    """In the new process: be told to stop when the launcher dies, however it dies (also by SIGKILL)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != parent:
            os._exit(1)


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    output: IO[Any] | int,
    cwd: Path = Path("/"),
    run_as: RunAs | None = None,
    stop_signal: int = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (a Ctrl-C in the terminal reaches only the launcher).

    ``stop_signal`` is what it gets if the launcher dies. Its standard input is empty; of our own files it has
    ``pass_fds`` open and no others.
    """
    parent = os.getpid()
    return subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=pass_fds,
        preexec_fn=lambda: _tether(stop_signal, parent),  # noqa: PLW1509 - the launcher has one thread
        **(run_as.options() if run_as else {}),
    )


def stop(process: subprocess.Popen[bytes], stop_signal: int = signal.SIGTERM, grace: float = 10.0) -> None:
    """Ask the process to stop; after ``grace`` seconds kill it and what is left of its session."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
    kill_group(process.pid)
    process.wait()


def kill_group(group: int) -> None:
    """Kill the children a process left behind in its session."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def is_alive(pid: int) -> bool:
    """Is there such a process, zombies not counted?"""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return False
    return state != "Z"


def wait_gone(pid: int, seconds: float) -> bool:
    """Wait for somebody else's child to end; False when it is still there after ``seconds``."""
    until = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
