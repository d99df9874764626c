"""Whether something grows: slopes over the minutes of a run, and what they are held against.

Each threshold is what would be noticed in a process that runs for a week.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Verdict = Literal["grows", "does not grow", "too short to tell"]

# Per hour. A week has 168 hours.
MEMORY_MB = 10.0  # 1.7 GB in a week, as much as the process has with its model
THREADS = 0.5  # 84 in a week; each is a stack and a place in every scheduler
HANDLES = 2.0  # 336 in a week, a third of the 1,024 that most systems give a process
LATENCY_SHARE = 0.1  # of its median: twice as slow after ten hours, which is one day's work
# In the first minutes caches fill and pools grow to their size: 20,000 vectors of sentences, 256
# answers, 40 threads. A slope over them would tell of the start.
WARMING_SHARE, WARMING_MINUTES = 0.25, 10.0


@dataclass(frozen=True, slots=True)
class Slope:
    """How much something changes in an hour, with a 95 % interval, and what that means."""

    what: str
    unit: str
    per_hour: float
    low: float
    high: float
    threshold: float
    verdict: Verdict


def slope(
    what: str, unit: str, minutes: Sequence[float], values: Sequence[float], threshold: float
) -> Slope:
    """Return the median of the slopes between any two values (Theil and Sen), per hour.

    An outlier moves it little. The interval is Sen's, from Kendall's statistic. With fewer than
    four values nothing is told.

    >>> slope("memory", "MB", [0, 1, 2, 3, 4, 5], [10, 11, 12, 13, 14, 15], 10.0).verdict
    'grows'
    """
    n = len(values)
    if n < 4:
        return Slope(what, unit, 0.0, -np.inf, np.inf, threshold, "too short to tell")
    first, second = np.triu_indices(n, k=1)
    at, of = np.asarray(minutes, float), np.asarray(values, float)
    slopes = np.sort(60 * (of[second] - of[first]) / (at[second] - at[first]))
    width = 1.96 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = slopes[max(0, int((len(slopes) - width) / 2))]
    high = slopes[min(len(slopes) - 1, int(np.ceil((len(slopes) + width) / 2)))]
    verdict: Verdict = (
        "grows"
        if low > threshold
        else "does not grow"
        if high <= threshold
        else "too short to tell"
    )
    middle = float(np.median(slopes))
    return Slope(what, unit, middle, float(low), float(high), threshold, verdict)


def warm(minutes: float) -> float:
    """Return how many of the minutes of a run are left out of its slopes."""
    return min(WARMING_MINUTES, WARMING_SHARE * minutes)
