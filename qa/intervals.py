"""Figures with the interval that their count allows, 95 % throughout. Knows nothing of suites."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SEED = 20261124
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value of `n` items: a share of `k` of them, a mean, or milliseconds.

    `low` and `high` bound its 95 % interval; they are None where none is computed.
    """

    name: str
    value: float
    n: int
    k: int | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""


def share(name: str, true: Sequence[bool]) -> list[Figure]:
    """Return the share of what is true with its Wilson interval, or nothing of nothing."""
    from scipy.stats import binomtest

    if not true:
        return []
    k, n = sum(true), len(true)
    wilson = binomtest(k, n).proportion_ci(method="wilson")
    return [Figure(name, k / n, n, k, float(wilson.low), float(wilson.high))]


def mean(name: str, values: Sequence[float]) -> list[Figure]:
    """Return the mean with its bootstrap interval, or nothing of nothing."""
    return _bootstrapped(name, lambda sample: float(np.mean(sample)), values)


def auc(name: str, positive: Sequence[float], negative: Sequence[float]) -> list[Figure]:
    """Return how often a positive scores above a negative, or nothing where there are not both."""
    from sklearn.metrics import roc_auc_score

    def statistic(positive: NDArray[Any], negative: NDArray[Any]) -> float:
        truth = np.repeat([1, 0], [len(positive), len(negative)])
        return float(roc_auc_score(truth, np.concatenate([positive, negative])))

    return _bootstrapped(name, statistic, positive, negative)


def balanced_accuracy(name: str, one: Sequence[bool], other: Sequence[bool]) -> list[Figure]:
    """Return the mean of the shares that are true in two classes, or nothing without both."""

    def statistic(one: NDArray[Any], other: NDArray[Any]) -> float:
        return float(np.mean(one) + np.mean(other)) / 2

    return _bootstrapped(name, statistic, one, other)


def percentiles(name: str, milliseconds: Sequence[float]) -> list[Figure]:
    """Return the 50th and the 95th percentile of times, or nothing of nothing."""
    if not milliseconds:
        return []
    cuts = np.percentile(milliseconds, [50, 95])
    return [
        Figure(f"{name} p{p}", float(cut), len(milliseconds), unit="ms")
        for p, cut in zip((50, 95), cuts, strict=True)
    ]


def _bootstrapped(
    name: str, statistic: Callable[..., float], *samples: Sequence[float] | Sequence[bool]
) -> list[Figure]:
    """Percentile bootstrap, each class resampled for itself so that none is ever empty."""
    if not all(samples):
        return []
    arrays = [np.asarray(s) for s in samples]
    rng = np.random.default_rng(_SEED)
    drawn = [statistic(*(rng.choice(a, len(a)) for a in arrays)) for _ in range(_RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    size = sum(len(a) for a in arrays)
    return [Figure(name, statistic(*arrays), size, None, float(low), float(high))]
