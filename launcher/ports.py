"""Ports on the loopback address."""

import json
import random
import socket
from pathlib import Path

from launcher.faults import Fault
from launcher.folder import read_json, write_atomically

LOOPBACK = "127.0.0.1"
BACKLOG = 2048  # gunicorn's own number


def _bound(host: str, port: int, *, listening: bool = False) -> socket.socket | None:
    """A socket at the port; None when it is taken. Connections of a server that just left (TIME_WAIT) do not count."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        if listening:
            made.listen(BACKLOG)
    except OSError:
        made.close()
        return None
    return made


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Could a server bind it now?"""
    probe = _bound(host, port)
    if probe is not None:
        probe.close()
    return probe is not None


def free_port() -> int:
    """A free port below the range the system hands to outgoing connections, so that none of those takes it later."""
    for _ in range(200):
        port = random.randint(15000, 31999)  # noqa: S311 - not a secret
        if is_free(port):
            return port
    raise Fault("Ingen ledig port hittades mellan 15000 och 32000. Stoppa något annat program och starta igen.")


def remembered(data_dir: Path, name: str) -> int:
    """The port this data folder's server had last time, or another one when it is taken."""
    path = data_dir / "ports.json"
    ports = read_json(path)
    port = ports.get(name)
    if not isinstance(port, int) or not is_free(port):
        port = free_port()
        write_atomically(path, json.dumps(ports | {name: port}) + "\n")
    return port


def hold(host: str, port: int) -> socket.socket:
    """The web server's socket, listening from the first moment: nobody takes the port while the database starts.

    Whoever calls before the web server is there, or while it is started anew, waits for it. Raises ``Fault`` with the
    next free port as a suggestion.
    """
    if (held := _bound(host, port, listening=True)) is not None:
        return held
    if port < 1024:
        raise Fault(f"Port {port} är upptagen eller kräver root. Kör på en annan, till exempel: make run PORT=8000")
    other = next((p for p in range(port + 1, min(port + 200, 65536)) if is_free(p, host)), None)
    raise Fault(
        f"Port {port} används av ett annat program. Kör på en annan, till exempel: make run PORT={other or 8000}"
    )
