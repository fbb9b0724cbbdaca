"""Makes ``.venv`` hold exactly what a requirements file pins: ``python3 launcher/venv.py requirements.txt``.

Run by any Python 3.11 or newer, without packages. Nothing happens when the file was installed before (a stamp holds its
hash). Exit codes: 0 done, 1 with one line in Swedish that says what to do.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

# --no-deps: the file pins the transitive ones too. --require-hashes: and only the very files that were looked at
# (`python -m launcher.lock`). --no-compile: only what is imported gets compiled, at first use.
OPTIONS = (
    "-qq",
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    "--no-compile",
    "--no-input",
    "--disable-pip-version-check",
)


def stop(line: str) -> int:
    print(line, file=sys.stderr)
    return 1


def wanted(requirements: Path) -> str:
    """The stamp's text: what was asked for, and which Python it was installed for."""
    text = requirements.read_text()
    if "-r requirements.txt" in text:
        text += (ROOT / "requirements.txt").read_text()
    return hashlib.sha256(f"{sys.version_info[:2]}\n{text}".encode()).hexdigest()


def venv_works() -> bool:
    """False when there is none, or when the Python it was made from is gone (a moved or half-made one)."""
    if not PYTHON.exists():
        return False
    code = "import sys; sys.exit(sys.version_info[:2] != (%d, %d) or sys.prefix == sys.base_prefix)"
    return subprocess.run([PYTHON, "-c", code % sys.version_info[:2]], capture_output=True, check=False).returncode == 0


def pip_command() -> list[str] | None:
    """A pip that installs into ``.venv``: its own, else the one of this Python, else the one on PATH."""
    for own in ([str(PYTHON), "-m", "pip"], [sys.executable, "-m", "pip", "--python", str(PYTHON)]):
        if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
            return own
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found, "--python", str(PYTHON)]
    return None


def create() -> bool:
    """A fresh ``.venv``; a Debian Python may lack ensurepip, so pip is asked for elsewhere then."""
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return True
    return subprocess.run([*command, "--without-pip"], check=False).returncode == 0


def newer_pip(pip: list[str]) -> list[str]:
    """The pip that ``requirements-pip.txt`` pins, or the one there is where it cannot be had: the work is the same."""
    patience = ("--timeout=15", "--retries=1")
    command = [*pip, "install", *OPTIONS, *patience, "-r", str(ROOT / "requirements-pip.txt")]
    done = subprocess.run(command, capture_output=True, check=False)
    return [str(PYTHON), "-m", "pip"] if done.returncode == 0 else pip


def install(requirements: Path) -> int:
    """Create the environment when needed and install; returns the exit code."""
    name = requirements.name
    stamp, hashed = VENV / f".installed-{name}", wanted(requirements)
    works = venv_works()
    if works and stamp.is_file() and stamp.read_text() == hashed:
        return 0
    if not os.access(VENV if VENV.exists() else ROOT, os.W_OK):
        return stop(f"Du får inte skriva i {ROOT}. Kör som den som äger mappen, eller klona till en egen mapp.")
    print(f"Installerar paketen i {name} till .venv (en gång) …", flush=True)
    if not works and not create():
        return stop("Den virtuella miljön .venv kunde inte skapas. Kör: apt-get install -y python3-venv python3-pip")
    pip = pip_command()
    if pip is None:
        return stop("pip saknas. Kör: apt-get install -y python3-pip")
    command = [*newer_pip(pip), "install", *OPTIONS, "-r", str(requirements)]
    done = subprocess.run(command, check=False)
    if done.returncode:
        return stop(f"Paketen i {name} kunde inte installeras (se ovan). Kontrollera nätet och disken och kör igen.")
    stamp.write_text(hashed)
    return 0


def main() -> int:
    # 3.11 is what the pins were tried with; an older Python cannot run them at all.
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is also read by the Python it refuses
        return stop(
            f"Portalen behöver Python 3.11 (detta är {sys.version.split()[0]}). Kör: make run PYTHON=python3.11"
        )
    try:
        # `make run` and `make test` may be started at the same moment.
        fcntl.flock(os.open(ROOT, os.O_RDONLY), fcntl.LOCK_EX)
        return install(ROOT / sys.argv[1])
    except OSError as error:
        return stop(f"Den virtuella miljön .venv kunde inte skapas: {error.strerror}.")
    except KeyboardInterrupt:
        return stop("Avbrutet. Nästa start fortsätter.")


if __name__ == "__main__":
    sys.exit(main())
