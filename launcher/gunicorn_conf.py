"""gunicorn's settings. The launcher says where to listen; an organisation may use the file as it is."""

import os
from pathlib import Path
from typing import Any

_host = os.environ.get("HOST", "127.0.0.1")
_fd = os.environ.get("WEB_FD")  # the launcher's socket, listening before anything else was started
bind = f"fd://{_fd}" if _fd else f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("FMU_WEB_WORKERS", "2"))
threads = int(os.environ.get("FMU_WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 8
preload_app = False  # connections are opened after the fork
# Addresses and query strings of pages can point out a person: no access log.
accesslog = None
errorlog = "-"
# Heartbeat files in memory; on a slow disk a worker could be thought dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() and os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# A header named SCRIPT_NAME or PATH_INFO, from whoever sits on the same machine or behind a proxy there, must not move the
# address that the portal sees. Proxies' other headers are believed by the settings alone (FMU_PROXIES).
forwarded_allow_ips = ""
forwarder_headers = ""
# No control socket in the user's home: two portals would share it.
control_socket_disable = True
# gunicorn's own lines in the portal's form: an error while a file streams says where it happened, and nothing of whom.
logconfig_dict: dict[str, Any] = {
    "formatters": {
        "generic": {"()": "fmu_portal.logs.Quiet", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "root": {"level": "INFO", "handlers": []},
    "loggers": {
        "gunicorn.error": {
            "level": "INFO",
            "handlers": ["error_console"],
            "propagate": False,
        },
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
    },
}
if address := os.environ.get(
    "FMU_SYSLOG"
):  # gunicorn's own handlers are lost when any is named: the one in use is named too
    logconfig_dict["handlers"] = {
        "error_console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"},
        "syslog": {"class": "fmu_portal.logs.Syslog", "address": address, "formatter": "generic"},
    }
    logconfig_dict["loggers"]["gunicorn.error"]["handlers"].append("syslog")
