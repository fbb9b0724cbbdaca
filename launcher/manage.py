"""``python -m launcher.manage COMMAND …``: one of manage.py's commands, as the database's owner, on a portal that runs.

With the portal's own addresses and secrets, which ``make run`` has put in files under ``DATA_DIR``. Exit codes: the
command's own; 1 with one line in Swedish when the portal has never been started there.
"""

import os
import subprocess
import sys

from launcher import config as configuration
from launcher.config import ROOT


def environment(given: dict[str, str]) -> dict[str, str] | None:
    """What the command is given; None when there is no portal in the data folder."""
    config = configuration.from_environment(given)
    owner, queue = config.secrets / "url_database_fmu_owner", config.secrets / "url_queue"
    if not (owner.is_file() and queue.is_file()):
        return None
    kept = {name: value for name, value in given.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    kept |= {
        "DJANGO_SETTINGS_MODULE": "fmu_portal.settings",
        "DATABASE_URL_FILE": str(owner),
        "REDIS_URL_FILE": str(queue),
        "DATA_DIR": str(config.data_dir),
        "SECRETS_DIR": str(config.secrets),
    }
    return kept | ({"FMU_DEMO": "1"} if config.demo else {})


def main() -> int:
    found = environment(dict(os.environ))
    if found is None:
        print(
            "Portalen har inte startats med den datamappen. Kör make run först, i ett annat fönster.", file=sys.stderr
        )
        return 1
    return subprocess.run([sys.executable, str(ROOT / "manage.py"), *sys.argv[1:]], env=found, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
