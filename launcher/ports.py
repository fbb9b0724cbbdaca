"""Ports on the loopback address."""

import json
import random
import socket
from pathlib import Path

from launcher.faults import Fault
from launcher.folder import read_json, write_atomically

LOOPBACK = "127.0.0.1"
BACKLOG = 2048  # gunicorn's own number


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Could a server bind it now? Connections of a server that just left (TIME_WAIT) do not count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


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
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
        held.listen(BACKLOG)
    except OSError:
        held.close()
    else:
        return held
    if port < 1024:
        raise Fault(f"Port {port} är upptagen eller kräver root. Kör på en annan, till exempel: make run PORT=8000")
    other = next((p for p in range(port + 1, min(port + 200, 65536)) if is_free(p, host)), None)
    raise Fault(
        f"Port {port} används av ett annat program. Kör på en annan, till exempel: make run PORT={other or 8000}"
    )
