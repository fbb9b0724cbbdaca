"""The embedded PostgreSQL: made once, started, asked whether it is ready."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg2

from launcher import ports
from launcher.config import Config
from launcher.faults import DISK_FULL, Fault, says_disk_full
from launcher.folder import last_line, log_file
from launcher.place import Place
from launcher.processes import spawn, stop, wait_gone
from launcher.secret_files import secret

SUPERUSER = "postgres"
# Literals and key values of a failed statement may be personal data: they never reach the log.
OPTIONS = (
    "listen_addresses=127.0.0.1",
    "max_connections=80",
    "shared_buffers=256MB",
    "effective_cache_size=1GB",
    "work_mem=16MB",
    "maintenance_work_mem=128MB",
    "random_page_cost=1.1",
    "max_wal_size=1GB",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "lc_messages=C",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
)
# The superuser comes in only over the socket, the portal's roles also over loopback; everybody gives a password.
HBA = """\
local all {superuser} scram-sha-256
local all fmu_owner,fmu_web,fmu_worker scram-sha-256
host all fmu_owner,fmu_web,fmu_worker 127.0.0.1/32 scram-sha-256
"""
_RETRY_SIGNS = ("lock file", "shared memory block", "address already in use", "could not bind", "database system is")
_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
STOP_SIGNAL = signal.SIGINT  # "fast": open transactions are rolled back, the files are left clean


class Postgres:
    """One cluster. ``spawn`` may be called again after a death; the port is then kept if it is free."""

    def __init__(self, config: Config, place: Place) -> None:
        self.config, self.place = config, place
        self.password = secret(config.secrets, "pg_superuser")
        self.port = 0
        self.log = log_file(config.log, "postgres")
        self._sockets: Path | None = None
        self._seen = self._log_size()

    @property
    def sockets(self) -> Path:
        """The socket's folder: short (the whole path may have 107 characters), and only PostgreSQL's user's."""
        if self._sockets is None:
            prefix = f"fmu-{self.config.tag}-"
            for stale in Path("/tmp").glob(f"{prefix}*"):  # noqa: S108 - unguessable name, mode 0700
                if stale.lstat().st_uid == self.place.uid:
                    shutil.rmtree(stale, ignore_errors=True)
            self._sockets = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
            self._give(self._sockets)
        return self._sockets

    def admin_url(self, database: str = "postgres") -> str:
        """The superuser's address, over the socket."""
        return (
            f"postgres://{SUPERUSER}:{quote(self.password)}@:{self.port}/{database}?host={quote(str(self.sockets), '')}"
        )

    def url(self, role: str, password: str, database: str) -> str:
        return f"postgres://{role}:{quote(password)}@{ports.LOOPBACK}:{self.port}/{database}"

    # -- made once -------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """See to it that there is a whole cluster of ours that these programs can run. Raises ``Fault``."""
        cluster = self.place.cluster
        major = self.place.major()
        if (cluster / "PG_VERSION").is_file():
            self._check(int((cluster / "PG_VERSION").read_text()), major)
            self._end_orphan()
            return
        if cluster.exists() and any(cluster.iterdir()):
            raise Fault(f"Mappen {cluster} finns men är ingen databas. Flytta den, eller välj en annan: DATA_DIR=…")
        self._initialise(major)

    def _check(self, made_by: int, major: int) -> None:
        cluster = self.place.cluster
        if made_by != major:
            raise Fault(
                f"Databasen i {cluster} är gjord med PostgreSQL {made_by}, men programmen i {self.place.bindir} är "
                f"version {major}. Ange rätt program: make run PG_BINDIR=/usr/lib/postgresql/{made_by}/bin"
            )
        if cluster.stat().st_uid != self.place.uid:
            raise Fault(
                f"Databasen i {cluster} tillhör en annan användare (uid {cluster.stat().st_uid}). "
                "Kör som den användaren, eller välj en annan mapp: make run DATA_DIR=/sökväg/till/mapp"
            )

    def _initialise(self, major: int) -> None:
        """initdb into a folder beside, renamed when whole: a kill at any moment leaves no half cluster."""
        half = self.place.cluster.with_name("postgres.new")
        if half.exists():
            shutil.rmtree(half)
        half.mkdir(mode=0o700)
        self._give(half)
        password_file = self.sockets / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password + "\n")
        self._give(password_file)
        locale = ["--locale=C.UTF-8"]
        if major >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command: list[str | Path] = [self.place.bindir / "initdb", "-D", half, "-U", SUPERUSER, "-E", "UTF8", *locale]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
        if "fsync=off" in self.config.pg_options:
            command.append("--no-sync")
        with open(self.log, "ab") as output:
            process = spawn(command, env=_ENV, output=output, run_as=self.place.run_as)
            try:
                code = process.wait()
            finally:
                stop(process)
                password_file.unlink(missing_ok=True)
        if code:
            raise self._fault("Databasen kunde inte skapas")
        hba = half / "pg_hba.conf"
        hba.write_text(HBA.format(superuser=SUPERUSER))
        if self.place.cluster.exists():
            self.place.cluster.rmdir()
        half.rename(self.place.cluster)

    def _give(self, path: Path) -> None:
        if self.place.run_as:
            os.chown(path, self.place.run_as.uid, self.place.run_as.gid)

    def _end_orphan(self) -> None:
        """A PostgreSQL left by a launcher that was killed is asked to stop: it holds our files."""
        try:
            pid = int((self.place.cluster / "postmaster.pid").read_text().splitlines()[0])
            if Path(os.readlink(f"/proc/{pid}/cwd")) != self.place.cluster:
                return
        except (OSError, ValueError, IndexError):
            return
        # The launcher's death has already told it to stop; twice is once.
        for number, seconds in ((signal.SIGINT, 20), (signal.SIGQUIT, 10)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            except PermissionError:
                break
            if wait_gone(pid, seconds):
                return
        raise Fault(f"En databas från en tidigare start använder {self.place.cluster} (process {pid}). Kör: kill {pid}")

    # -- each start ------------------------------------------------------------------------------------------------

    def spawn(self) -> "subprocess.Popen[bytes]":
        if not self.port or not ports.is_free(self.port):
            self.port = ports.remembered(self.config.data_dir, "postgres")
        options = [*OPTIONS, f"port={self.port}", f"unix_socket_directories={self.sockets}", *self.config.pg_options]
        arguments = [part for option in options for part in ("-c", option)]
        with open(self.log, "ab") as output:
            return spawn(
                [self.place.bindir / "postgres", "-D", self.place.cluster, *arguments],
                env=_ENV,
                output=output,
                run_as=self.place.run_as,
                stop_signal=STOP_SIGNAL,
            )

    def answers(self) -> bool:
        """Does it take the superuser's connection? Raises ``Fault`` when it refuses our password."""
        try:
            psycopg2.connect(self.admin_url(), connect_timeout=3).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error) or "no pg_hba.conf entry" in str(error):
                raise Fault(
                    f"Databasen i {self.place.cluster} är inte skapad av den här installationen (lösenordet i "
                    f"{self.config.secrets} passar inte). Välj en annan mapp: make run DATA_DIR=/sökväg/till/mapp"
                ) from None
            return False
        return True

    def start(self) -> "subprocess.Popen[bytes]":
        """Start and wait until it answers; several tries, as a killed server's lock file may linger."""
        for attempt in range(10):
            self._seen = self._log_size()
            process = self.spawn()
            try:
                if self._wait(process):
                    return process
            except BaseException:
                stop(process, STOP_SIGNAL)
                raise
            said = self._said()
            if says_disk_full(said) or not any(sign in said for sign in _RETRY_SIGNS):
                break
            if "already in use" in said or "could not bind" in said:
                self.port = 0
            time.sleep(0.2 + attempt * 0.2)
        raise self._fault("Databasen startar inte")

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.is_file() else 0

    def _said(self) -> str:
        """What this try has written to the log, in lower case."""
        with open(self.log, "rb") as file:
            file.seek(self._seen)
            return file.read().decode(errors="replace").lower()

    def _wait(self, process: "subprocess.Popen[bytes]") -> bool:
        until = time.monotonic() + 120  # recovery after a power cut takes its time
        while time.monotonic() < until:
            if process.poll() is not None:
                return False
            if self.answers():
                return True
            time.sleep(0.05)
        stop(process, STOP_SIGNAL)
        return False

    def _fault(self, what: str) -> Fault:
        line = last_line(self.log)
        if says_disk_full(self._said()):
            return Fault(DISK_FULL.format(where=self.place.cluster))
        return Fault(f"{what}: {line or 'inget svar'}. Mer står i {self.log}")

    def clean_up(self) -> None:
        """Remove the socket's folder, after the server has stopped."""
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
