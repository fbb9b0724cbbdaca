"""The portal's processes, started in order and supervised together."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from launcher import broker, ports, roles, system
from launcher.config import ROLES, ROOT, Config
from launcher.faults import DISK_FULL, Fault, says_disk_full
from launcher.folder import last_line, log_file, write_atomically
from launcher.logins import table
from launcher.place import choose
from launcher.postgres import STOP_SIGNAL, Postgres
from launcher.processes import spawn, stop
from launcher.secret_files import make_all, secret
from launcher.stopping import StopSignals
from launcher.supervisor import Process, Service, Supervisor

READY_PATH = "/halsa"
READY_SECONDS = 60
Say = Callable[[str], None]
_NOT_FOR_CHILDREN = ("FMU_DEMO", "FMU_CHECK_ONLY", "DEMO", "DATABASE_URL", "REDIS_URL")


class Portal:
    """One running portal. ``run`` returns never; it raises ``Stopped`` or ``Fault``. Call ``close`` afterwards."""

    def __init__(self, config: Config, signals: StopSignals, say: Say, held: socket.socket) -> None:
        """``held``: the listening socket that each web server is handed in turn."""
        self.config, self.signals, self.say, self.held = config, signals, say, held
        self.postgres: Postgres | None = None
        self.pango: system.Installation | None = None
        self.redis_url = config.redis_url or ""
        self.supervisor = Supervisor(signals, say, self._remember)

    # -- the order of things ---------------------------------------------------------------------------------------

    def run(self) -> None:
        began = time.monotonic()
        make_all(self.config.secrets)
        if system.pango_missing():
            self.pango = system.Installation(system.PANGO, log_file(self.config.log, "apt"))
        urls = self._database()
        self._queue()
        self._finish_pango()
        self._manage("setup", "Förbereder databasen", urls)
        if self.config.demo:
            self._manage("demo", "Lägger in demonstrationsdata", urls)
        web, *others = self._django(urls)
        # The pages first: four Pythons importing at once make people wait longer for the first one.
        self.supervisor.start(web)
        self._wait_for_web()
        self.supervisor.start(*others, beside=True)
        self.supervisor.started = True
        self._greet(time.monotonic() - began)
        self.supervisor.run()

    def close(self) -> None:
        """Stop all that was started, and nothing else."""
        self.supervisor.stop_all()
        if self.postgres:
            self.postgres.clean_up()
        if self.pango:
            self.pango.wait(60)
        (self.config.data_dir / "run.json").unlink(missing_ok=True)

    def _remember(self, children: dict[str, int]) -> None:
        state = {"pid": os.getpid(), "url": self.config.public_url, "children": children}
        write_atomically(self.config.data_dir / "run.json", json.dumps(state) + "\n")

    # -- database and queue ----------------------------------------------------------------------------------------

    def _database(self) -> roles.Urls:
        config = self.config
        if config.role_urls:
            urls = roles.Urls(**config.role_urls)
            roles.check_roles(urls, "FMU_DATABASE_URL_OWNER")
            return urls
        passwords = {role: secret(config.secrets, f"pg_{roles.role_name(role)}") for role in ROLES}
        if config.database_url:
            roles.ensure(config.database_url, passwords, "DATABASE_URL")
            base, what = config.database_url, "DATABASE_URL"
        else:
            base, what = self._embedded_database(passwords), "Portalens egen databas"
        urls = roles.Urls(
            **{r: roles.with_login(base, roles.role_name(r), passwords[r], roles.DATABASE) for r in ROLES}
        )
        roles.check_roles(urls, what)
        return urls

    def _embedded_database(self, passwords: dict[str, str]) -> str:
        self.postgres = server = Postgres(self.config, choose(self.config, self.say))
        server.prepare()
        self.supervisor.start(Service("postgres", "Databasen", server.start, server.log, STOP_SIGNAL, grace=60.0))
        roles.ensure(server.admin_url(), passwords, "Portalens egen databas", ours=True)
        return f"postgres://{ports.LOOPBACK}:{server.port}/"

    def _queue(self) -> None:
        if self.config.redis_url:
            if not broker.answers(self.config.redis_url):
                raise Fault(
                    "Når inte kön som REDIS_URL anger. Kontrollera adressen, lösenordet och att servern är igång."
                )
            return
        server = broker.Broker(self.config)
        self.supervisor.start(Service("valkey", "Kön (Valkey)", server.start, server.log))
        self.redis_url = server.url

    def _finish_pango(self) -> None:
        if self.pango is None:
            return
        self.pango.wait(60)
        if system.pango_missing():
            self.say(f"Pango saknas: PDF kan inte skapas. En administratör kör: {system.install_line(system.PANGO)}")

    # -- Django's processes ----------------------------------------------------------------------------------------

    def _in_file(self, url: str, what: str) -> str:
        """The path of a file with the address, readable to us alone: an environment is shown to too many."""
        path = self.config.secrets / f"url_{what}"
        if not path.is_file() or path.read_text() != url + "\n":
            write_atomically(path, url + "\n")
        return str(path)

    def environment(self, url: str) -> dict[str, str]:
        """What a Django process is given: its own role's address and nobody else's, and no password but in files."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("FMU_DATABASE_URL_") and name not in _NOT_FOR_CHILDREN
        }
        kept |= {
            "DJANGO_SETTINGS_MODULE": "fmu_portal.settings",
            "DATABASE_URL_FILE": self._in_file(url, f"database_{_role_in(url)}"),
            "REDIS_URL_FILE": self._in_file(self.redis_url, "queue"),
            "DATA_DIR": str(self.config.data_dir),
            "SECRETS_DIR": str(self.config.secrets),
            "HOST": self.config.host,
            "PORT": str(self.config.port),
            "PYTHONUNBUFFERED": "1",
        }
        kept.setdefault("FMU_PUBLIC_URL", self.config.public_url)
        return kept | ({"FMU_DEMO": "1"} if self.config.demo else {})

    def _manage(self, command: str, doing: str, urls: roles.Urls) -> None:
        """Run one of manage.py's commands as the owner, its lines shown indented and kept in the log."""
        self.say(f"{doing} …")
        log = log_file(self.config.log, command)
        argv = [sys.executable, str(ROOT / "manage.py"), command]
        with open(log, "ab") as file:
            with self.signals.deferred():
                process = spawn(argv, env=self.environment(urls.owner), output=subprocess.PIPE, cwd=ROOT)
            try:
                assert process.stdout is not None
                shown = 0
                for line in process.stdout:
                    file.write(line)
                    file.flush()
                    text = line.decode(errors="replace").rstrip()
                    # A failing command's traceback is for the log.
                    if text and shown < 40 and not text.startswith(("Traceback", " ")):
                        self.say(f"  {text}")
                        shown += 1
                    elif text.startswith("Traceback"):
                        shown = 40
                code = process.wait()
            finally:
                stop(process, grace=5.0)
        if code:
            last = last_line(log)
            if says_disk_full(last):
                raise Fault(DISK_FULL.format(where=self.config.data_dir))
            raise Fault(f"{doing}: misslyckades och inget halvt sparades. {last} Mer står i {log}; starta sedan igen.")

    def _django(self, urls: roles.Urls) -> list[Service]:
        celery = ["-m", "celery", "-A", "fmu_portal"]
        worker = ["worker", "-c", "2", "-l", "INFO", "-n", f"fmu-{self.config.tag}@localhost"]
        web = ["-m", "gunicorn", "--config", str(ROOT / "launcher" / "gunicorn_conf.py"), "fmu_portal.wsgi"]
        quick = ["--without-gossip", "--without-mingle"]
        return [
            self._service("web", "Webbservern", web, urls.web, held=True),
            self._service("worker", "Bakgrundsarbetaren", [*celery, *worker, *quick], urls.worker),
            self._service("beat", "Klockan (beat)", [*celery, "beat", "-l", "INFO", "--pidfile="], urls.worker),
        ]

    def _service(self, name: str, label: str, arguments: list[str], url: str, held: bool = False) -> Service:
        log = log_file(self.config.log, name)
        sockets = [self.held.fileno()] if held else []

        def start() -> Process:
            env = self.environment(url) | ({"WEB_FD": str(sockets[0])} if sockets else {})
            with open(log, "ab") as output:
                return spawn([sys.executable, *arguments], env=env, output=output, cwd=ROOT, pass_fds=sockets)

        return Service(name, label, start, log)

    # -- ready -----------------------------------------------------------------------------------------------------

    def _wait_for_web(self) -> None:
        host = ports.LOOPBACK if self.config.host in ("0.0.0.0", "::") else self.config.host  # noqa: S104
        address = f"http://{f'[{host}]' if ':' in host else host}:{self.config.port}{READY_PATH}"
        until = time.monotonic() + READY_SECONDS
        answer = "inget svar"
        while time.monotonic() < until:
            self.supervisor.watch()
            try:
                with urllib.request.urlopen(address, timeout=5):
                    return
            except urllib.error.HTTPError as error:
                answer = f"svar {error.code}"
                error.close()
            except OSError:
                answer = "inget svar"
            time.sleep(0.1)
        log = self.config.log / "web.log"
        raise Fault(f"Webbservern blev inte klar på {READY_SECONDS} s ({answer} från {READY_PATH}). Mer står i {log}")

    def _greet(self, seconds: float) -> None:
        self.say("")
        self.say(f"FMU-portalen är igång: {self.config.public_url}   (startade på {seconds:.0f} s, Ctrl-C stoppar)")
        if self.config.demo:
            self.say(table(self._demo_password()))
        else:
            self.say("Startad utan demonstrationsdata (DEMO=0): demonstrationens inloggningar gäller inte.")

    def _demo_password(self) -> str:
        return os.environ.get("FMU_DEMO_PASSWORD") or secret(self.config.secrets, "demo_password")


def _role_in(url: str) -> str:
    """The role of a database's address, as a part of a file's name."""
    return "".join(c for c in urlsplit(url).username or "" if c.isalnum() or c in "_-") or "role"


def forget_libpq_environment(config: Config) -> None:
    """PGHOST and its like would change every connection to our own server; an outside server may need them."""
    if config.database_url or config.role_urls:
        return
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def remove_halves(data_dir: Path) -> None:
    """Files a killed launcher was writing beside the real ones."""
    for folder in (data_dir, data_dir / "secrets", data_dir / "valkey"):
        for half in folder.glob(".*-????????"):
            if half.is_file():
                with contextlib.suppress(OSError):
                    half.unlink()
