"""Counts what is tried: `probe()` once per attempt, and the sums per file at the end of the run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_tried: Counter[str] = Counter()


@pytest.fixture
def probe(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """``probe()`` says that one more thing was tried (``probe(12)``: twelve)."""
    count = [0]

    def tried(more: int = 1) -> None:
        count[0] += more

    yield tried
    assert count[0], "the test tried nothing"
    request.node.user_properties.append(("probes", count[0]))


def pytest_runtest_logreport(report: Any) -> None:
    """In the controller: the probes of a test that has ended (its teardown carries them)."""
    if report.when == "teardown" and "PYTEST_XDIST_WORKER" not in os.environ:
        for name, count in report.user_properties:
            if name == "probes":
                _tried[report.nodeid.split("::")[0]] += count


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The sums, per file."""
    if not _tried:
        return
    terminalreporter.section("probes")
    for name, count in sorted(_tried.items()):
        terminalreporter.write_line(f"{count:6}  {name}")
    terminalreporter.write_line(f"{sum(_tried.values()):6}  in all")
