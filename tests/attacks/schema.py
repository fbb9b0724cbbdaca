"""Calls made from the OpenAPI document. ``python -m tests.attacks.schema 10000`` (`make attack`) tries a stack of its own.

Every answer must be one that the document knows, in the form that it says, never 500, and hold nothing of a stranger's.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from schemathesis import checks

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
REAL = 0.6
"""How often a path's number and document are real ones: made-up ones come no further than 404."""


def try_all(
    schema: Any, keys: list[str], paths: dict[str, list[str]], foreign: list[str], cases: int, **call: Any
) -> Counter[str]:
    """``cases`` calls, spread over the operations; ``paths``: parameter -> real values; ``foreign``: what no answer may hold.

    Returns how many calls had which status. Raises what the checks say of the first that breaks the document.
    """
    wanted = [getattr(checks, name, None) or checks.CHECKS.get_one(name) for name in CHECKS]
    operations = [found.ok() for found in schema.get_all_operations()]
    each = max(1, cases // len(operations))
    seen: Counter[str] = Counter()
    drawn = random.Random(20181633)

    for operation in operations:

        def once(case: Any) -> None:
            case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {drawn.choice(keys)}"}
            for name, values in paths.items():
                if name in (case.path_parameters or {}) and values and drawn.random() < REAL:
                    case.path_parameters[name] = drawn.choice(values)
            response = case.call(**call)
            seen[str(response.status_code)] += 1
            case.validate_response(response, checks=wanted)
            text = response.content.decode(errors="replace")
            held = [word for word in foreign if word in text]
            assert not held, (case.method, case.formatted_path, held)

        tried: Callable[[], None] = hypothesis.settings(
            max_examples=each,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )(hypothesis.given(operation.as_strategy())(once))
        tried()
    return seen


def main() -> int:
    """Start a portal with demonstration data, try it, stop it."""
    from tests import stack

    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    folder = Path(tempfile.mkdtemp(prefix="fmu-test-", dir="/tmp"))
    folder.chmod(0o711)
    portal = stack.start_portal(folder, env={"FMU_LIMITS": "api=100000000,api_refused=100000000,document=100000000,"
                                                           "document_account=100000000"})  # fmt: skip
    try:
        secrets = portal.data_dir / "secrets"
        env = {**os.environ, "DATA_DIR": str(portal.data_dir), "SECRETS_DIR": str(secrets), "FMU_DEMO": "1",
               "DATABASE_URL_FILE": str(secrets / "url_database_fmu_web"),
               "REDIS_URL_FILE": str(secrets / "url_queue")}  # fmt: skip

        def key_of(user: str) -> str:
            command = [sys.executable, "manage.py", "api_key", "--user", user, "--sign"]
            return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.split()[-1]

        def read(key: str) -> Any:
            wanted = urllib.request.Request(
                f"{portal.url}/api/v1/assessments/", headers={"Authorization": f"Bearer {key}"}
            )
            with urllib.request.urlopen(wanted) as answer:
                return json.load(answer)["results"]

        mine, stranger = key_of("region.stockholm"), key_of("region.skane")
        own = [row["number"] for row in read(mine)]
        foreign = [row["number"] for row in read(stranger) if row["number"] not in own]
        assert own and foreign
        schema = schemathesis.openapi.from_url(f"{portal.url}/api/v1/schema/")
        tried = try_all(schema, [mine], {"number": own + foreign}, [], cases // 2)
        officer, doctor = key_of("fk.handlaggare"), key_of("utforare.lakare")
        tried += try_all(
            schema, [officer, doctor], {"number": [row["number"] for row in read(officer)]}, [], cases // 2
        )
    finally:
        portal.stop()
    print(f"{sum(tried.values())} anrop, svar: {dict(sorted(tried.items()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
