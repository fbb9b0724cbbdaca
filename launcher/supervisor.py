"""Keeps the started processes running together, and stops them together."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from launcher.faults import DISK_FULL, Fault, says_disk_full
from launcher.folder import last_line
from launcher.processes import kill_group, stop
from launcher.stopping import StopSignals

Process = subprocess.Popen[bytes]
Say = Callable[[str], None]
# This many deaths within this many seconds, and the launcher gives up; sooner before the first page was answered.
DEATHS, DEATHS_AT_START, WITHIN = 6, 3, 60.0
LONGEST_WAIT = 10.0


@dataclass
class Service:
    """One supervised process: how to start it, what it is called in a line for people, how it is asked to stop."""

    name: str
    label: str
    start: Callable[[], Process]
    log: Path
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0
    process: Process | None = None
    died: list[float] = field(default_factory=list)
    restart_at: float | None = None


class Supervisor:
    """Services in the order they were started; they are stopped in groups, the last group first."""

    def __init__(self, signals: StopSignals, say: Say, changed: Callable[[dict[str, int]], None]) -> None:
        self._signals, self._say, self._changed = signals, say, changed
        self._groups: list[list[Service]] = []
        self.started = False

    def start(self, *services: Service, beside: bool = False) -> None:
        """Start a group, or more of the last group (``beside``).

        Each service's own ``start`` decides whether it waits until the process answers.
        """
        if not beside:
            self._groups.append([])
        group = self._groups[-1]
        for service in services:
            with self._signals.deferred():
                service.process = service.start()
                group.append(service)
        self._tell()

    def _all(self) -> Iterable[Service]:
        return (service for group in self._groups for service in group)

    def _tell(self) -> None:
        self._changed({s.name: s.process.pid for s in self._all() if s.process is not None})

    def watch(self) -> None:
        """Look once: note deaths, restart what is due. Raises ``Fault`` when a service keeps dying."""
        now = time.monotonic()
        for service in self._all():
            if service.process is not None and service.process.poll() is not None:
                self._note_death(service, now)
            if service.restart_at is not None and now >= service.restart_at:
                with self._signals.deferred():
                    service.process = service.start()
                    service.restart_at = None
                self._tell()

    def _note_death(self, service: Service, now: float) -> None:
        assert service.process is not None
        code = service.process.returncode
        kill_group(service.process.pid)
        service.process = None
        service.died = [at for at in service.died if now - at < WITHIN] + [now]
        line = last_line(service.log)
        if says_disk_full(line):
            raise Fault(DISK_FULL.format(where=service.log.parent.parent))
        how = f"signal {-code}" if code < 0 else f"kod {code}"
        if len(service.died) >= (DEATHS if self.started else DEATHS_AT_START):
            raise Fault(
                f"{service.label} dör gång på gång ({how}); allt stoppas. Sista raden i {service.log}: {line or 'tom'}"
            )
        wait = min(LONGEST_WAIT, 0.5 * 2 ** (len(service.died) - 1))
        service.restart_at = now + wait
        self._say(f"{service.label} avslutades oväntat ({how}). Startar om den om {wait:g} s. Logg: {service.log}")

    def run(self) -> None:
        """Watch until ``Stopped`` or ``Fault`` is raised."""
        while True:
            self.watch()
            time.sleep(0.2)

    def stop_all(self) -> None:
        """Stop what was started, last group first. Within a group all are asked at once."""
        for group in reversed(self._groups):
            running = [(s, s.process) for s in group if s.process is not None]
            for service, process in running:
                if process.poll() is None:
                    process.send_signal(service.stop_signal)
            asked = time.monotonic()
            for service, process in running:
                while process.poll() is None:
                    grace = 1.0 if self._signals.hurry and service.grace <= 10 else service.grace
                    if time.monotonic() - asked > grace:
                        break
                    time.sleep(0.05)
                stop(process, service.stop_signal, grace=0.0)
                service.process = None
        self._groups.clear()
