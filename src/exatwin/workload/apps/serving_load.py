"""What is asked of a service: how many requests, how long, and how soon they must be answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import erf, sqrt

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.workload.roofline import Value


@dataclass(frozen=True)
class Lengths:
    """Tokens of prompts and answers: means, and standard deviations over the means (lognormal)."""

    input: Value
    """Mean tokens of a prompt."""
    output: Value
    """Mean tokens of an answer."""
    input_cv: Value = 0.0
    """Standard deviation of the prompts over their mean."""
    output_cv: Value = 0.0
    """Standard deviation of the answers over their mean."""
    prefill: Value = 1.0
    """Share of the tokens of prompts that is computed here; 0 where another pool does that."""

    @property
    def context(self) -> Value:
        """Mean tokens behind a decoding request, long answers counted for as long as they last."""
        return self.input + 0.5 * self.output * (1.0 + self.output_cv**2)

    @property
    def behind(self) -> Value:
        """Mean tokens of the own prompt that a token of a prompt attends to."""
        return 0.5 * self.input * (1.0 + self.input_cv**2)


@cache
def _scores() -> tuple[Float64, Float64]:
    """Return standard normal quantities, and the shares below them."""
    scores = np.linspace(-5.0, 5.0, 2001)
    return scores, np.array([0.5 * (1.0 + erf(score / sqrt(2.0))) for score in scores.tolist()])


def normal_score(share: Value) -> Value:
    """Return the standard normal quantile of `share`.

    Examples
    --------
    >>> round(float(normal_score(0.975)), 2)
    1.96
    """
    scores, shares = _scores()
    return np.interp(share, shares, scores)


def share_above(score: Value) -> Value:
    """Return the share of a standard normal quantity above `score`.

    Examples
    --------
    >>> round(float(share_above(1.96)), 3)
    0.025
    """
    scores, shares = _scores()
    return 1.0 - np.interp(score, scores, shares)


def spread_quantile(mean: Value, cv: Value, share: Value) -> Value:
    """Return the quantile `share` of a lognormal quantity with `mean` and standard deviation over mean `cv`.

    Examples
    --------
    >>> round(float(spread_quantile(1.0, 1.0, 0.5)), 3)
    0.707
    """
    sigma2 = np.log1p(np.square(cv))
    return mean * np.exp(np.sqrt(sigma2) * normal_score(share) - 0.5 * sigma2)


__all__ = ["Lengths", "normal_score", "share_above", "spread_quantile"]
