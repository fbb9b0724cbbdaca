"""The data folder: claimed once, held by one launcher at a time."""

import errno
import fcntl
import json
import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import Any, TextIO

from launcher.faults import DISK_FULL, Fault

MARKER = ".fmu-portal"
# What may lie in a data folder that lost its marker (a start killed before the marker, or a bare manage.py).
OUR_NAMES = {"secrets", "log", "postgres", "postgres.new", "valkey", "documents", "static", "mail", "beat", "scratch"}
OUR_FILES = {MARKER, "launcher.lock", "ports.json", "run.json"}
NEEDED_BYTES = 500 * 1024 * 1024
LOG_BYTES = 10 * 1024 * 1024


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Write beside and rename, so that a kill leaves the old file or the new one, never half."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """The object in the file, or an empty one when there is none or it cannot be read."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _check_owner(data_dir: Path) -> None:
    owner = data_dir.stat().st_uid
    if owner != os.geteuid():
        raise Fault(
            f"Datamappen {data_dir} tillhör {user_name(owner)}, men du kör som {user_name(os.geteuid())}. "
            f"Kör som {user_name(owner)}, eller välj en egen mapp: make run DATA_DIR=/sökväg/till/mapp"
        )


def _check_contents(data_dir: Path) -> None:
    if (data_dir / MARKER).is_file():
        return
    strangers = sorted(p.name for p in data_dir.iterdir() if p.name not in OUR_NAMES | OUR_FILES)
    strangers = [name for name in strangers if not name.startswith(f".{MARKER}-")]
    if strangers:
        raise Fault(
            f"Mappen {data_dir} innehåller annat än portalens data ({strangers[0]}). "
            "Välj en tom mapp: make run DATA_DIR=/sökväg/till/mapp"
        )


def _check_space(data_dir: Path) -> None:
    if shutil.disk_usage(data_dir).free < NEEDED_BYTES:
        raise Fault(DISK_FULL.format(where=data_dir))


def claim(data_dir: Path) -> TextIO:
    """Make the folder ours and hold it: the returned file is the lock, released when it is closed or we die.

    Raises ``Fault`` when the folder is somebody else's, in use, or on a full disk.
    """
    if data_dir.exists() and not data_dir.is_dir():
        raise Fault(f"DATA_DIR={data_dir} är en fil. Välj en mapp: make run DATA_DIR=/sökväg/till/mapp")
    data_dir.mkdir(parents=True, exist_ok=True)
    _check_owner(data_dir)
    _check_contents(data_dir)
    _check_space(data_dir)
    lock = open(data_dir / "launcher.lock", "a")  # noqa: SIM115 - held for the launcher's whole life
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        running = read_json(data_dir / "run.json")
        raise Fault(
            f"Portalen körs redan med datamappen {data_dir} (process {running.get('pid', '?')}, "
            f"{running.get('url', 'startar')}). Stoppa den först, eller kör en till: "
            "make run PORT=8001 DATA_DIR=/sökväg/till/mapp"
        ) from error
    # As root, PostgreSQL runs as another user and must be able to walk through; nobody may list the folder.
    data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
    if not (data_dir / MARKER).is_file():
        write_atomically(data_dir / MARKER, "{}\n")
    for name in ("secrets", "log", "documents", "static", "mail", "beat"):
        (data_dir / name).mkdir(mode=0o700, exist_ok=True)
    return lock


def log_file(folder: Path, name: str) -> Path:
    """The log of one process; the previous one is kept as ``.1`` when it grew large."""
    path = folder / f"{name}.log"
    if path.is_file() and path.stat().st_size > LOG_BYTES:
        path.replace(folder / f"{name}.log.1")
    return path


def last_line(path: Path) -> str:
    """The last line with something on it, at most 200 characters; empty when there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 4096))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        return ""
    return lines[-1][:200] if lines else ""
