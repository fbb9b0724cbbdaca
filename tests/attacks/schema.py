"""Calls made from the OpenAPI document. ``python -m tests.attacks.schema 10000`` (`make attack`) tries a stack of its own.

Every answer must be one that the document knows, in the form that it says, never 500, and hold nothing of a stranger's.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import urllib.error
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
PARTS = ("documents", "visits", "expansions", "deferrals", "deviations", "inquiries")
"""What a case has rows of that a path names by number and key."""
REAL = 0.8
"""How often what a path names is really there: what is made up comes no further than 404."""


def try_all(
    schema: Any,
    keys: list[str],
    paths: dict[str, list[str]],
    foreign: list[str],
    cases: int,
    *,
    rows: dict[str, list[dict[str, str]]] | None = None,
    told: bool = False,
    **call: Any,
) -> Counter[str]:
    """At least ``cases`` calls, spread over the operations.

    ``paths``: parameter -> real values; ``rows``: a part of a path -> the parameters that together name a row which is
    there; ``foreign``: what no answer may hold.

    Returns how many calls had which status. Every operation is tried, whatever the ones before it did; then raises what
    the checks say of each that breaks the document.
    """
    wanted = [getattr(checks, name, None) or checks.CHECKS.get_one(name) for name in CHECKS]
    operations = [found.ok() for found in schema.get_all_operations()]
    each = math.ceil(cases / len(operations))
    seen: Counter[str] = Counter()
    drawn = random.Random(20181633)
    broken: list[BaseException] = []

    for operation in operations:

        def once(case: Any) -> None:
            case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {drawn.choice(keys)}"}
            for name, values in paths.items():
                if name in (case.path_parameters or {}) and values and drawn.random() < REAL:
                    case.path_parameters[name] = drawn.choice(values)
            for start, there in (rows or {}).items():
                if start in case.operation.path and there and drawn.random() < REAL:
                    case.path_parameters.update(drawn.choice(there))
            response = case.call(**call)
            seen[str(response.status_code)] += 1
            case.validate_response(response, checks=wanted)
            text = response.content.decode(errors="replace")
            sent = f"{case.formatted_path} {case.query} {case.body}"  # what a call says itself may be said back
            held = [word for word in foreign if word in text and word not in sent]
            assert not held, (case.method, case.formatted_path, held)

        tried: Callable[[], None] = hypothesis.settings(
            max_examples=each,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )(hypothesis.given(operation.as_strategy())(once))
        before = sum(seen.values())
        try:
            tried()
        except (Exception, BaseExceptionGroup) as error:  # schemathesis' own groups are of the latter kind
            if isinstance(error, BaseExceptionGroup) and error.subgroup((KeyboardInterrupt, SystemExit)):
                raise
            broken.append(error)
            if told:
                print(f"{operation.method.upper()} {operation.path}: {error}", flush=True)
        if told:
            count = sum(seen.values()) - before
            print(f"{operation.method.upper()} {operation.path}: {count} anrop", flush=True)
    if broken:
        raise BaseExceptionGroup(f"{len(broken)} operations break the document; {dict(sorted(seen.items()))}", broken)
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

        def read(key: str, path: str = "assessments/") -> Any:
            wanted = urllib.request.Request(f"{portal.url}/api/v1/{path}", headers={"Authorization": f"Bearer {key}"})
            try:
                with urllib.request.urlopen(wanted) as answer:
                    return json.load(answer)["results"]
            except urllib.error.HTTPError as error:  # a role that may not, a case that is another's
                assert error.code in (403, 404), error
                return []

        def tried(keys: list[str], numbers: list[str], foreign: list[str]) -> Counter[str]:
            known = {"number": numbers + foreign}
            known["thread"] = [str(row["id"]) for key in keys for row in read(key, "threads/")]
            rows: dict[str, list[dict[str, str]]] = {}
            for name, number, key in itertools.product(PARTS, numbers[:30], keys):
                parameter = "document_id" if name == "documents" else "id"
                found = read(key, f"assessments/{number}/{name}/")
                rows.setdefault(f"/{name}/{{", []).extend(
                    {"number": number, parameter: str(row["id"])} for row in found
                )
            print({name: len(values) for name, values in (known | rows).items()}, flush=True)
            return try_all(schema, keys, known, foreign, cases // 2, rows=rows, told=True)

        region, stranger = key_of("region.stockholm"), key_of("region.skane")
        officer, doctor = key_of("fk.handlaggare"), key_of("utforare.lakare")
        schema = schemathesis.openapi.from_url(f"{portal.url}/api/v1/schema/")
        own = [row["number"] for row in read(region)]
        foreign = [row["number"] for row in read(stranger) if row["number"] not in own]
        assert own and foreign
        seen: Counter[str] = Counter()
        broken: list[BaseException] = []
        shared = [row["number"] for row in read(doctor)]
        for keys, numbers, others in (([region], own, foreign), ([officer, doctor], shared, [])):
            try:
                seen += tried(keys, numbers, others)
            except BaseExceptionGroup as error:
                broken.append(error)
        if broken:
            raise BaseExceptionGroup("the document is broken", broken)
    finally:
        for line in (portal.data_dir / "log" / "web.log").read_text().splitlines():
            if " ERROR " in line:
                print(line)
        portal.stop()
    print(f"{sum(seen.values())} anrop, svar: {dict(sorted(seen.items()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
