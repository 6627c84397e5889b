"""What a validation is made of: rows beside their predictions, how they are scored, what was recorded."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np

from exatwin.catalogue.load import data_folder

TOLERANCE = 0.002
"""How far a score may be worse than what was recorded before the validation fails."""


@dataclass(frozen=True)
class Row:
    """One measurement beside its prediction."""

    id: str
    """Identifier in the table of measurements; stays the same for ever."""
    name: str
    """What was measured, in words."""
    measured: float
    """The measured value, in the unit of the model."""
    predicted: float
    """What the model says."""
    error: float
    """How far it is off: predicted over measured less 1, unless the metric says otherwise."""
    left_out_error: float | None = None
    """The same of a fit that has not seen the row, nor what belongs to it; None where there is none."""
    group: str = ""
    """What it is scored together with, apart from the others: a paper, a level, a machine."""
    detail: str = ""
    """What a reader of the worst rows should know."""


def relative(measured: float, predicted: float) -> float:
    """Return predicted over measured, less 1."""
    return predicted / measured - 1.0


@dataclass(frozen=True)
class Skipped:
    """A measurement that is not scored, and why."""

    id: str
    name: str
    reason: str


@dataclass(frozen=True)
class Score:
    """How some rows are predicted."""

    rows: int
    """How many."""
    values: Mapping[str, float]
    """Figures by name, such as ``median`` and ``p90``."""

    def document(self) -> dict[str, float]:
        """Return it as plain data."""
        return {"rows": self.rows, **self.values}


@dataclass(frozen=True)
class Metric:
    """A way of scoring rows."""

    name: str
    """What it is called, in words."""
    words: str
    """What its figures are, in words."""
    figures: Callable[[Sequence[Row], Sequence[float]], dict[str, float]]
    """From rows and their errors to figures by name; the first counts most."""
    columns: tuple[str, str, str] = ("measured", "predicted", "error")
    """What the two values of a row and its error are called."""
    higher_is_better: bool = False
    """Whether a larger figure is the better one."""

    def score(self, rows: Sequence[Row], errors: Sequence[float]) -> Score | None:
        """Return the score of `rows` off by `errors`; None where there are none."""
        return Score(len(rows), self.figures(rows, errors)) if rows else None

    def worse(self, found: float, bar: float) -> bool:
        """Return whether a figure is worse than `bar`."""
        return found < bar if self.higher_is_better else found > bar


def _errors(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
    found = np.abs(errors)
    return {"median": float(np.median(found)), "p90": float(np.quantile(found, 0.9))}


def _regrets(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
    return {"median": float(np.median(errors)), "worst": float(np.max(errors))}


def _balanced(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
    right: dict[str, list[bool]] = {}
    for row, error in zip(rows, errors, strict=True):
        right.setdefault(row.group, []).append(error == 0.0)
    return {"balanced": float(np.mean([np.mean(marks) for marks in right.values()]))}


ERROR = Metric("error", "median (90th percentile) of absolute errors", _errors)
REGRET = Metric("regret", "median (worst) loss by taking what the model likes best", _regrets,
                ("best", "chosen", "regret"))  # fmt: skip
BALANCED = Metric("accuracy", "share of right answers, mean over both outcomes", _balanced,
                  ("there is", "predicted", "verdict"), True)  # fmt: skip

Verdict = Literal["met", "median met", "not met", "shown"]


@dataclass(frozen=True)
class Validation:
    """A model beside its measurements."""

    model: str
    """Its name on the command line."""
    title: str
    """What is measured, in words."""
    unit: str
    """Unit of measured and predicted values."""
    rows: tuple[Row, ...]
    """What is scored."""
    skipped: tuple[Skipped, ...] = ()
    """What is not, and why."""
    goal: Mapping[str, float] | None = None
    """Figures that were aimed at; None where nobody set them, and the rows are only shown."""
    metric: Metric = ERROR
    """How rows are scored."""
    left_out_words: str = "by a fit without the machine"
    """What `left out` means for this model."""
    regression: Mapping[str, float] | None = None
    """Figures of a plain regression on family, N and size, each machine left out in turn."""
    remarks: tuple[str, ...] = ()
    """What a reader should know before trusting the figures."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """What the names of groups stand for, where they don't say it themselves."""
    scored: bool = True
    """Whether there are enough rows for figures; otherwise they are only shown."""
    shipped: bool = True
    """Whether the rows are those of the package: then every recorded row must be there."""
    pinned: Mapping[str, float] = field(default_factory=dict)
    """Errors that were recorded, by id of the row."""

    @property
    def in_sample(self) -> Score | None:
        """Score of all rows; None where they are only shown."""
        return None if not self.scored else self.metric.score(self.rows, [row.error for row in self.rows])

    @property
    def left_out(self) -> Score | None:
        """Score of the rows by fits that have not seen them."""
        return self._left_out(self.rows)

    def _left_out(self, rows: Sequence[Row]) -> Score | None:
        known = [(row, row.left_out_error) for row in rows if row.left_out_error is not None and self.scored]
        return self.metric.score([row for row, _ in known], [error for _, error in known])

    @property
    def unseen(self) -> Score | None:
        """Score of the rows of a user's table that were not there when the errors were recorded.

        A row with a recorded error of a fit without it was there, though it may not ship.
        """
        rows = [row for row in self.rows if row.id not in self.pinned and row.left_out_error is None]
        if self.shipped or not self.scored or not self.pinned:
            return None
        return self.metric.score(rows, [row.error for row in rows])

    @property
    def groups(self) -> dict[str, tuple[Score, Score | None]]:
        """Scores in sample and left out of each group, largest first; empty where there is only one."""
        names = sorted({row.group for row in self.rows})
        if len(names) < 2 or self.metric is not ERROR or not self.scored:
            return {}
        parts = {name: [row for row in self.rows if row.group == name] for name in names}
        found = {}
        for name, rows in sorted(parts.items(), key=lambda part: -len(part[1])):
            score = self.metric.score(rows, [row.error for row in rows])
            assert score is not None
            found[name] = (score, self._left_out(rows))
        return found

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is met by the rows left out, or by all rows where none was."""
        scores = self.left_out or self.in_sample
        if scores is None or self.goal is None:
            return "shown"
        missed = [self.metric.worse(scores.values[name], bar) for name, bar in self.goal.items()]
        if not any(missed):
            return "met"
        return "not met" if missed[0] else "median met"

    @property
    def lost(self) -> tuple[str, ...]:
        """Ids of the recorded rows that are no longer scored although the table should have them."""
        known = {row.id for row in self.rows}
        return tuple(id_ for id_ in self.pinned if id_ not in known) if self.shipped else ()

    @property
    def grown(self) -> tuple[str, ...]:
        """Names of the figures that are worse than recorded on the same rows."""
        rows = [row for row in self.rows if row.id in self.pinned]
        now = self.metric.score(rows, [row.error for row in rows])
        then = self.metric.score(rows, [self.pinned[row.id] for row in rows])
        if now is None or then is None:
            return ()
        sign = -1.0 if self.metric.higher_is_better else 1.0
        return tuple(k for k, v in now.values.items() if sign * (v - then.values[k]) > TOLERANCE)

    def failures(self) -> list[str]:
        """Return what makes the gate fail, one line each."""
        told = [f"{self.model}: the {name} is worse than recorded" for name in self.grown]
        if self.lost:
            told.append(
                f"{self.model}: {len(self.lost)} recorded rows are not scored, such as {self.lost[0]}"
            )
        return told

    def worst(self, count: int = 8) -> list[Row]:
        """Return the rows with the largest errors, less those without any."""
        rows = [row for row in self.rows if row.error]
        return sorted(rows, key=lambda row: -abs(row.error))[:count]

    def document(self) -> dict[str, Any]:
        """Return everything as plain data."""

        def plain(score: Score | None) -> dict[str, float] | None:
            return None if score is None else score.document()

        return {
            "title": self.title,
            "unit": self.unit,
            "metric": self.metric.name,
            "goal": dict(self.goal) if self.goal else None,
            "verdict": self.verdict,
            "regression": dict(self.regression) if self.regression else None,
            "in_sample": plain(self.in_sample),
            "left_out": plain(self.left_out),
            "left_out_means": self.left_out_words,
            "unseen": plain(self.unseen),
            "groups": {k: {"in_sample": plain(a), "left_out": plain(b)} for k, (a, b) in self.groups.items()},
            "grown": bool(self.grown),
            "lost": list(self.lost),
            "remarks": list(self.remarks),
            "rows": [dict(vars(row)) for row in self.rows],
            "skipped": [dict(vars(each)) for each in self.skipped],
        }


def table(*path: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table of the catalogue's data folder."""
    with data_folder().joinpath(*path).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def pins() -> dict[str, dict[str, float]]:
    """Return the recorded errors by model and id of the row."""
    found: dict[str, dict[str, float]] = {}
    for line in table("validation", "recorded.csv"):
        found.setdefault(line["model"], {})[line["id"]] = float(line["error"])
    return found


__all__ = ["BALANCED", "ERROR", "REGRET", "Metric", "Row", "Score", "Skipped", "Validation", "Verdict",
           "pins", "relative", "table"]  # fmt: skip
