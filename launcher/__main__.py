"""``python -m launcher``: start the portal and stay until it is stopped. ``make run`` runs this.

Exit codes: 0 stopped by a person, 1 a fault, told in one line on standard error.
"""

import contextlib
import io
import os
import sys

from launcher import config as configuration
from launcher.faults import Fault, Stopped, from_os_error
from launcher.folder import claim
from launcher.portal import Portal, forget_libpq_environment, remove_halves
from launcher.ports import hold
from launcher.stopping import StopSignals


def say(line: str) -> None:
    # The terminal may be gone; that is no reason to leave the database running.
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def _start(signals: StopSignals) -> None:
    config = configuration.from_environment(os.environ)
    forget_libpq_environment(config)
    lock = claim(config.data_dir)
    held = hold(config.host, config.port)
    remove_halves(config.data_dir)
    say(f"Startar FMU-portalen. Data och loggar: {config.data_dir}")
    portal = Portal(config, signals, say, held)
    try:
        portal.run()
    finally:
        signals.asked = signals.settled = True
        say("Stoppar …")
        portal.close()
        held.close()
        lock.close()


def main() -> int:
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    signals = StopSignals()
    signals.install()
    try:
        _start(signals)
    except Stopped:
        say("Stoppat. Alla data finns kvar; make run startar igen.")
        return 0
    except Fault as fault:
        print(fault, file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        print(from_os_error(error), file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
