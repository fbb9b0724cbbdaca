"""What the environment says about how to start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from launcher.faults import Fault

ROOT = Path(__file__).resolve().parent.parent
ROLES = ("owner", "web", "worker")


@dataclass(frozen=True)
class Config:
    """The launcher's choices. Every path is absolute."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = True
    database_url: str | None = None
    role_urls: Mapping[str, str] = field(default_factory=dict)
    redis_url: str | None = None
    pg_bindir: Path | None = None
    # Extra options of the embedded PostgreSQL; the tests turn fsync off with it.
    pg_options: tuple[str, ...] = ()

    @property
    def secrets(self) -> Path:
        return self.data_dir / "secrets"

    @property
    def log(self) -> Path:
        return self.data_dir / "log"

    @property
    def public_url(self) -> str:
        """Secure cookies work over plain http only on ``localhost``."""
        return f"http://localhost:{self.port}"

    @property
    def tag(self) -> str:
        """A short name of this data folder, for sockets and for folders elsewhere."""
        return sha256(str(self.data_dir).encode()).hexdigest()[:10]


def from_environment(env: Mapping[str, str]) -> Config:
    """Read ``PORT``, ``HOST``, ``DATA_DIR``, ``DATABASE_URL``, ``REDIS_URL``, ``PG_BINDIR``, ``DEMO``.

    ``FMU_DATABASE_URL_OWNER``, ``_WEB`` and ``_WORKER`` name existing roles and are given all three or not at all.
    Raises ``Fault`` for a value that cannot be used.
    """
    port = env.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Fault(f"PORT={port} är inget portnummer. Kör till exempel: make run PORT=8001")
    role_urls = {role: url for role in ROLES if (url := env.get(f"FMU_DATABASE_URL_{role.upper()}"))}
    if role_urls and len(role_urls) != len(ROLES):
        raise Fault(
            "Ange FMU_DATABASE_URL_OWNER, FMU_DATABASE_URL_WEB och FMU_DATABASE_URL_WORKER, alla tre eller ingen."
        )
    bindir = env.get("PG_BINDIR")
    if bindir and not (Path(bindir) / "initdb").is_file():
        raise Fault(
            f"PG_BINDIR={bindir} innehåller inte PostgreSQL:s program (initdb). Rätta sökvägen eller utelämna den."
        )
    return Config(
        data_dir=Path(os.path.abspath(ROOT / (env.get("DATA_DIR") or "var"))).resolve(),
        host=env.get("HOST") or "127.0.0.1",
        port=int(port),
        demo=env.get("DEMO", "1") != "0",
        database_url=env.get("DATABASE_URL") or None,
        role_urls=role_urls,
        redis_url=env.get("REDIS_URL") or None,
        pg_bindir=Path(bindir).resolve() if bindir else None,
        pg_options=tuple(env.get("FMU_PG_OPTIONS", "").split()),
    )
