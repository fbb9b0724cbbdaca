"""``python -m bench`` (``make bench``): start servers, load 10 000 and 100 000 assessments, measure, write the results.

Results go to ``bench/results/<name>.json``; a figure above its target makes the exit code 1. Meaning: docs/bench.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import stack
from bench.measure import Result
from tests.stack import Cluster

RESULTS = Path(__file__).with_name("results")
PARTS = ("pages", "overdue", "steps", "overview", "exports", "claims")


def say(text: str) -> None:
    """A line at once."""
    print(text, flush=True)


def main() -> int:
    """Run it; 1 when a figure is above its target."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--name", default="latest", help="name of the results file (latest)")
    parser.add_argument("--sizes", default="10000,100000", help="assessments (10000,100000)")
    parser.add_argument("--open", default="0.9", help="share of open cases, one for all sizes or one each (0.9)")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"which parts ({','.join(PARTS)})")
    wanted = parser.parse_args()
    sizes = [int(size) for size in wanted.sizes.split(",")]
    shares = wanted.open.split(",")
    shares = shares * len(sizes) if len(shares) == 1 else shares
    folder = Path(tempfile.mkdtemp(prefix="fmu-bench-", dir="/tmp"))
    folder.chmod(0o711)
    cluster, queue = stack.start(folder)
    try:
        started = time.monotonic()
        stack.prepare(cluster, queue, folder, sizes, shares)
        say(f"loaded in {time.monotonic() - started:.0f} s; load average {os.getloadavg()[0]:.1f}")
        results, read = _measure(cluster, sizes, set(wanted.parts.split(",")))
    finally:
        queue.stop()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    _write(wanted.name, sizes, shares, results, read)
    return 0 if all(result.met for result in results) else 1


def _measure(cluster: Cluster, sizes: list[int], parts: set[str]) -> tuple[list[Result], dict[str, Any]]:
    import django

    django.setup()
    import logging

    from bench import claims, overdue, overview, pages, steps

    logging.disable(logging.WARNING)
    results: list[Result] = []
    read: dict[str, Any] = {}
    largest = sizes[-1]
    if "pages" in parts:
        for size in sizes:
            with stack.at(cluster, size):
                found, read[str(size)] = pages.measure(size, say)
                results += found
        for page in read[str(largest)]:
            small, large = (read[str(size)][page]["buffers"] for size in (sizes[0], largest))
            say(f"{page}: {small} -> {large} database pages read ({large / small:.2f}x)")
    if "overview" in parts:
        for size in sizes:
            with stack.at(cluster, size):
                found, lists = overview.measure(size, say)
                read.setdefault(str(size), {}).update(lists)
                results += found
        for page in (page for page in read[str(largest)] if page.startswith("overview")):
            small, large = (read[str(size)][page]["buffers"] for size in (sizes[0], largest))
            say(f"{page}: {small} -> {large} database pages read ({large / small:.2f}x)")
    if "exports" in parts:
        with stack.at(cluster, largest, "worker"):
            results += overview.files(largest, say)
    if "claims" in parts:
        found, lists = claims.measure(cluster, sizes[0], say)
        results += found
        read["claims"] = lists
    if "steps" in parts:
        with stack.at(cluster, largest):
            results += steps.measure(largest, say)
    if "overdue" in parts:
        with stack.at(cluster, largest, "worker"):
            results.append(overdue.measure(largest, _cleaner(cluster, largest), say))
    return results, read


def _cleaner(cluster: Cluster, size: int) -> Any:
    """Vacuums what the undone transactions left, after every third pair."""
    turn = [0]

    def clean() -> None:
        turn[0] += 1
        if turn[0] % 3 == 0:
            for table in ("fmu_portal_event", "fmu_portal_dutysignal", "fmu_portal_outbox", "fmu_portal_duty"):
                stack.admin(cluster, f"VACUUM {table}", stack.database(size))

    return clean


def _write(name: str, sizes: list[int], shares: list[str], results: list[Result], read: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "postgres": "as `make run` starts it: fsync on",
        "open_share": shares,
        "sizes": sizes,
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }
    text = json.dumps({"about": about, "results": [r.as_dict() for r in results], "read": read}, indent=1)
    path.write_text(text + "\n")
    say(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main())
