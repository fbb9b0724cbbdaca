"""For containers: ``python3 -m launcher.compose secrets FOLDER`` makes every secret that ``docker-compose.yml`` names, once;
``… roles`` (in the container *setup*) makes database and roles with the passwords in those files, and the folders of DATA_DIR.

Exit codes: 0 done, 1 with one line in Swedish that says what to do.
"""

import os
import sys
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from launcher.faults import Fault
from launcher.secret_files import make_all, secret

ROLES = ("owner", "web", "worker")
SERVER = "postgres:5432"
QUEUE = "redis:6379"


def _url(user: str, password: str, database: str) -> str:
    return f"postgres://{user}:{quote(password, '')}@{SERVER}/{database}"


def make_secrets(folder: Path) -> list[str]:
    """Make what is missing and return the names of all. The folder is its owner's alone; the files inside may be read by
    whoever gets them mounted, as the portal's own user in a container must."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    make_all(folder)
    (folder / "demo_password").unlink(missing_ok=True)  # only the demonstration's
    written = {
        "database_url_admin": _url("postgres", secret(folder, "postgres_password"), "postgres"),
        "redis_url": f"redis://:{secret(folder, 'valkey_password')}@{QUEUE}/0",
        "valkey_conf": "\n".join(
            (f"requirepass {secret(folder, 'valkey_password')}", "maxmemory-policy noeviction", "appendonly yes")
        ),
    }
    for role in ROLES:
        name = f"database_url_{role}"
        if not (folder / name).is_file():
            password = secret(folder, f"password_{role}")
            written[name] = _url(f"fmu_{role}", password, "fmu")
            (folder / f"password_{role}").unlink()
    for name, text in written.items():
        (folder / name).write_text(text + "\n")
    names = sorted(path.name for path in folder.iterdir())
    for name in names:
        (folder / name).chmod(0o444)
    return names


def make_roles(folder: Path) -> None:
    """See to it that the database and its three roles exist, with the passwords of their addresses."""
    from launcher import roles

    urls = {role: (folder / f"database_url_{role}").read_text().strip() for role in ROLES}
    passwords = {role: unquote(urlsplit(url).password or "") for role, url in urls.items()}
    roles.ensure((folder / "database_url_admin").read_text().strip(), passwords, "database_url_admin", ours=True)
    roles.check_roles(roles.Urls(**urls), "database_url_owner")


def make_folders(data: Path) -> None:
    """The folders that the portal's processes write to; beat ends without its own."""
    for name in ("documents", "static", "mail", "beat", "scratch"):
        (data / name).mkdir(mode=0o700, parents=True, exist_ok=True)


def main(arguments: list[str]) -> int:
    """Do as the module says."""
    try:
        if arguments[:1] == ["secrets"] and len(arguments) == 2:
            print("\n".join(make_secrets(Path(arguments[1]))))
        elif arguments == ["roles"]:
            make_folders(Path(os.environ.get("DATA_DIR", "/data")))
            make_roles(Path(os.environ.get("SECRETS_DIR", "/run/secrets")))
        else:
            print("Skriv: python3 -m launcher.compose secrets MAPP, eller roles", file=sys.stderr)
            return 1
    except (Fault, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
