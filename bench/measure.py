"""Interleaved pairs and what they say: the median of the ratios, with an interval from resampling."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random

RESAMPLES = 4000
PAIRS = 30
"""Fewest pairs that a figure may rest on."""


@dataclass(frozen=True)
class Result:
    """One figure. Times are medians in milliseconds; ``low`` and ``high`` bound the median ratio at 95 %."""

    name: str
    what: str
    baseline: str
    pairs: int
    ratio: float
    low: float
    high: float
    target: float
    ours_ms: float
    baseline_ms: float

    @property
    def met(self) -> bool:
        """Whether the median ratio is within the target."""
        return self.ratio <= self.target

    def line(self) -> str:
        """The figure as it is printed."""
        verdict = "within" if self.met else "ABOVE"
        return (
            f"{self.name}: {self.ratio:.2f}x [{self.low:.2f}, {self.high:.2f}], {verdict} {self.target:g}x"
            f"  ({self.ours_ms:.1f} ms against {self.baseline_ms:.1f} ms, {self.pairs} pairs)"
        )

    def as_dict(self) -> dict[str, object]:
        """For the JSON file."""
        return {**asdict(self), "met": self.met}


def timed(function: Callable[[], object]) -> float:
    """How long one call takes, in milliseconds."""
    started = time.perf_counter()
    function()
    return (time.perf_counter() - started) * 1000


def compare(
    name: str,
    what: str,
    ours: Callable[[], object],
    baseline_name: str,
    baseline: Callable[[], object],
    target: float,
    pairs: int = PAIRS,
    warm: int = 3,
    between: Callable[[], object] | None = None,
) -> Result:
    """Time both in turn, who is first changing each time; ``between`` runs untimed after each pair."""
    for _ in range(warm):
        ours()
        baseline()
    times: list[tuple[float, float]] = []
    for turn in range(pairs):
        if turn % 2:
            other = timed(baseline)
            times.append((timed(ours), other))
        else:
            own = timed(ours)
            times.append((own, timed(baseline)))
        if between is not None:
            between()
    ratios = [own / other for own, other in times]
    low, high = interval(ratios)
    return Result(
        name,
        what,
        baseline_name,
        pairs,
        round(statistics.median(ratios), 3),
        round(low, 3),
        round(high, 3),
        target,
        round(statistics.median(own for own, _ in times), 3),
        round(statistics.median(other for _, other in times), 3),
    )


def interval(values: list[float]) -> tuple[float, float]:
    """A 95 % interval of the median, by resampling with a fixed seed."""
    rng = Random(1)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES)]
