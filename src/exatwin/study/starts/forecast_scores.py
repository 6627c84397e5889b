"""How bands of forecasts did beside bands that are the same for every job: held, width, interval score.

Three constant guesses stand beside them. *Hindsight* is P10 to P90 of all the waits that are scored, known
beforehand: no constant band has a better interval score. *Past* is P10 to P90 of the waits of the jobs that
had started by then, as somebody at the machine could have guessed. *Narrowest* is, again in hindsight, the
shortest constant band that holds as many starts as ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64
from exatwin.study.starts.analogs import HELD, HIGH, LEVELS, LOW, Past, corrected

HINDSIGHT, PAST, NARROWEST = "hindsight", "past", "narrowest"


@dataclass(frozen=True)
class Band:
    """How the bands of some forecasts did."""

    jobs: int
    held_frac: float
    """Share of the starts inside."""
    mean_width_s: float
    median_width_s: float
    interval_s: float
    """Mean interval score: width, and ten times by how far starts lie outside [s]."""

    @classmethod
    def of(cls, wait_s: Float64, low_s: Float64, high_s: Float64) -> Band:
        """Return how bands from `low_s` to `high_s` did [s], shape (jobs,).

        T. Gneiting, A. E. Raftery, J. Am. Stat. Assoc. 102 (2007), doi:10.1198/016214506000001437.
        """
        width = high_s - low_s
        outside = np.maximum(low_s - wait_s, 0.0) + np.maximum(wait_s - high_s, 0.0)
        return cls(
            jobs=len(wait_s),
            held_frac=float(np.mean(outside == 0.0)),
            mean_width_s=float(width.mean()),
            median_width_s=float(np.median(width)),
            interval_s=float(np.mean(width + 2.0 / (1.0 - HELD) * outside)),
        )


@dataclass(frozen=True)
class Scores:
    """How forecasts of one log did, and constant guesses on the same rows beside them."""

    band: Band
    """The bands from P10 to P90."""
    guess: dict[str, Band]
    """Constant guesses: HINDSIGHT, PAST, NARROWEST."""
    guess_s: tuple[float, float]
    """P10 and P90 of all these waits [s]."""
    narrowest_s: tuple[float, float]
    """The shortest constant band that holds as many starts as ours [s]."""
    narrower_frac: float
    """Share of the bands that are narrower than that from P10 to P90 of all waits."""
    alone: tuple[Band, Band] | None
    """Bands, and the guess in hindsight, of jobs with nobody waiting who asks for no more than they do."""
    behind: tuple[Band, Band] | None
    """The same of jobs behind somebody who asks for no more."""
    pinball_s: tuple[float, float, float]
    """Mean pinball loss at P10, P50 and P90 of the distributions [s]."""
    guess_pinball_s: tuple[float, float, float]
    """The same of the constant guess in hindsight [s]."""
    error_s: tuple[float, float]
    """Median and mean of how far P50 is off [s]."""
    guess_error_s: tuple[float, float]
    """The same of the median of all waits [s]."""

    def worse(self) -> Iterator[str]:
        """Yield what is worse than a constant guess, in words."""
        known = self.guess[HINDSIGHT]
        pairs = [
            ("mean width", self.band.mean_width_s, known.mean_width_s, "P10 to P90 of all waits"),
            ("median width", self.band.median_width_s, known.median_width_s, "P10 to P90 of all waits"),
            ("interval score", self.band.interval_s, known.interval_s, "P10 to P90 of all waits"),
            ("mean width", self.band.mean_width_s, self.guess[NARROWEST].mean_width_s,
             "the shortest that holds as many"),
            ("median error of P50", self.error_s[0], self.guess_error_s[0], "the median of all waits"),
            ("mean error of P50", self.error_s[1], self.guess_error_s[1], "the median of all waits"),
        ]  # fmt: skip
        pairs += [
            (f"pinball loss at {name}", ours, theirs, f"{name} of all waits")
            for name, ours, theirs in zip(
                ("P10", "P50", "P90"), self.pinball_s, self.guess_pinball_s, strict=True
            )
        ]
        for what, ours, theirs, who in pairs:
            if ours > theirs:
                yield f"{what} {ours:,.0f} s, of {who} {theirs:,.0f} s"


def scores(past: Past, first: int) -> tuple[Scores, Float64, Float64]:
    """Return how corrected forecasts from row `first` on did, and the edges of their bands [s]."""
    told = corrected(past)
    wait, low, high = past.wait_s[first:], told.low_s[first:], told.high_s[first:]
    guess = np.quantile(wait, (LOW, 0.5, HIGH))
    band = Band.of(wait, low, high)
    narrowest = shortest(wait, band.held_frac)
    at = [told.sample_s[first:, np.searchsorted(LEVELS, level)] for level in (LOW, 0.5, HIGH)]
    constant = [np.full(len(wait), each) for each in guess]
    behind = past.alike[first:] > 0
    found = Scores(
        band=band,
        guess={
            HINDSIGHT: Band.of(wait, constant[0], constant[2]),
            PAST: Band.of(wait, *_of_the_past(past, first)),
            NARROWEST: Band.of(wait, *(np.full(len(wait), edge) for edge in narrowest)),
        },
        guess_s=(float(guess[0]), float(guess[2])),
        narrowest_s=narrowest,
        narrower_frac=float(np.mean(high - low < guess[2] - guess[0])),
        alone=_both(wait, (low, high), (constant[0], constant[2]), ~behind),
        behind=_both(wait, (low, high), (constant[0], constant[2]), behind),
        pinball_s=_three(wait, at),
        guess_pinball_s=_three(wait, constant),
        error_s=_error(wait, at[1]),
        guess_error_s=_error(wait, constant[1]),
    )
    return found, low, high


Edges = tuple[Float64, Float64]


def _both(wait: Float64, ours: Edges, theirs: Edges, who: np.ndarray) -> tuple[Band, Band] | None:
    if not who.any():
        return None
    return Band.of(wait[who], *(edge[who] for edge in ours)), Band.of(
        wait[who], *(edge[who] for edge in theirs)
    )


def _of_the_past(past: Past, first: int) -> Edges:
    """Return P10 and P90 of the waits that were over at each forecast from row `first` on [s]."""
    over = past.at_s + past.wait_s
    rows = range(first, len(past))
    known = (past.wait_s[:row][over[:row] <= past.at_s[row]] for row in rows)
    low, high = np.array([np.quantile(each, (LOW, HIGH)) for each in known]).reshape(-1, 2).T
    return np.asarray(low, np.float64), np.asarray(high, np.float64)


def shortest(wait_s: Float64, held_frac: float) -> tuple[float, float]:
    """Return the shortest band that holds a share of waits [s].

    Examples
    --------
    >>> shortest(np.array([0.0, 1.0, 2.0, 90.0]), 0.75)
    (0.0, 2.0)
    """
    ordered = np.sort(wait_s)
    many = max(int(np.ceil(held_frac * len(ordered) - 1e-9)), 1)
    width = ordered[many - 1 :] - ordered[: len(ordered) - many + 1]
    at = int(np.argmin(width))
    return float(ordered[at]), float(ordered[at + many - 1])


def _error(wait: Float64, said: Float64) -> tuple[float, float]:
    off = np.abs(said - wait)
    return float(np.median(off)), float(off.mean())


def _three(wait: Float64, at: list[Float64]) -> tuple[float, float, float]:
    first, second, third = (pinball(wait, each, p) for each, p in zip(at, (LOW, 0.5, HIGH), strict=True))
    return first, second, third


def pinball(wait_s: Float64, said_s: Float64, level: float) -> float:
    """Return the mean pinball loss of quantiles [s].

    Examples
    --------
    >>> pinball(np.array([10.0, 0.0]), np.array([0.0, 10.0]), 0.9)
    5.0
    """
    short = wait_s - said_s
    return float(np.mean(np.maximum(level * short, (level - 1.0) * short)))


__all__ = ["HINDSIGHT", "NARROWEST", "PAST", "Band", "Scores", "pinball", "scores", "shortest"]
