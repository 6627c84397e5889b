"""Signal: a right-open piecewise-constant function of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exatwin.foundation.arrays import Float64


@dataclass(frozen=True, eq=False)
class Signal:
    """A function of time that keeps ``values[i]`` on ``[edges_s[i], edges_s[i + 1])``.

    Parameters
    ----------
    edges_s
        Strictly increasing times [s], shape (n + 1,).
    values
        What it is between them, in `unit`, shape (n,).
    unit
        The SI unit of the values, such as ``"W"``.

    Examples
    --------
    >>> power = Signal([0.0, 10.0, 30.0], [5.0, 2.0], "W")
    >>> power.integral()
    90.0
    >>> power.mean(15.0).values.tolist()
    [4.0, 2.0]
    """

    edges_s: Float64
    values: Float64
    unit: str

    def __init__(self, edges_s: ArrayLike, values: ArrayLike, unit: str) -> None:
        edges = np.array(edges_s, np.float64)
        content = np.array(values, np.float64)
        if edges.ndim != 1 or content.ndim != 1 or len(edges) != len(content) + 1 or len(content) == 0:
            raise ValueError(f"{len(content)} values need {len(content) + 1} edges, found {len(edges)}")
        if not np.all(np.diff(edges) > 0):
            raise ValueError("the edges of a signal must increase")
        edges.flags.writeable = content.flags.writeable = False
        object.__setattr__(self, "edges_s", edges)
        object.__setattr__(self, "values", content)
        object.__setattr__(self, "unit", unit)

    @classmethod
    def constant(cls, value: float, start_s: float, end_s: float, unit: str) -> Signal:
        """Return the signal that is `value` from `start_s` to `end_s` [s]."""
        return cls([start_s, end_s], [value], unit)

    @classmethod
    def steps(cls, values: ArrayLike, step_s: float, unit: str, start_s: float = 0.0) -> Signal:
        """Return the signal of equal steps of `step_s` [s] from `start_s` [s]."""
        content = np.asarray(values, np.float64)
        return cls(start_s + step_s * np.arange(len(content) + 1), content, unit)

    @classmethod
    def from_events(
        cls,
        times_s: ArrayLike,
        changes: ArrayLike,
        start_s: float,
        end_s: float,
        unit: str,
        base: float = 0.0,
    ) -> Signal:
        """Return `base` plus the sum of all `changes` that have happened, between `start_s` and `end_s` [s].

        Parameters
        ----------
        times_s
            When each change happens [s], in any order, shape (m,).
        changes
            By how much the value changes, shape (m,).
        """
        times = np.clip(np.asarray(times_s, np.float64), start_s, None)
        order = np.argsort(times, kind="stable")
        times, deltas = times[order], np.asarray(changes, np.float64)[order]
        keep = times < end_s
        times, deltas = times[keep], deltas[keep]
        edges, first = np.unique(np.concatenate(([start_s], times)), return_index=True)
        level = base + np.concatenate(([0.0], np.cumsum(deltas)))
        last = np.append(first[1:], len(level)) - 1
        return cls(np.append(edges, end_s), level[last], unit)

    @property
    def start_s(self) -> float:
        """The first edge [s]."""
        return float(self.edges_s[0])

    @property
    def end_s(self) -> float:
        """The last edge [s]."""
        return float(self.edges_s[-1])

    @property
    def widths_s(self) -> Float64:
        """The length of each piece [s], shape (n,)."""
        return np.diff(self.edges_s)

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype)

    def integral(self, start_s: float | None = None, end_s: float | None = None) -> float:
        """Return the integral from `start_s` to `end_s` [unit × s], by default over the whole."""
        if start_s is None and end_s is None:
            return float(np.dot(self.values, self.widths_s))
        low = self.start_s if start_s is None else start_s
        high = self.end_s if end_s is None else end_s
        both = self._cumulative(np.array([low, high]))
        return float(both[1] - both[0])

    def _cumulative(self, times_s: Float64) -> Float64:
        """Return the integral from the first edge to each of `times_s`."""
        total = np.concatenate(([0.0], np.cumsum(self.values * self.widths_s)))
        return np.interp(times_s, self.edges_s, total)

    def mean(self, step_s: float | None = None) -> Any:
        """Return the mean over time: one float, or with `step_s` [s] a signal of steps of that length."""
        if step_s is None:
            return self.integral() / (self.end_s - self.start_s)
        count = max(1, int(np.ceil((self.end_s - self.start_s) / step_s - 1e-9)))
        edges = np.minimum(self.start_s + step_s * np.arange(count + 1), self.end_s)
        return self.over(edges)

    def over(self, edges_s: ArrayLike) -> Signal:
        """Return the signal of means between the given edges [s], which must lie inside this one."""
        edges = np.asarray(edges_s, np.float64)
        return Signal(edges, np.diff(self._cumulative(edges)) / np.diff(edges), self.unit)

    def at(self, times_s: ArrayLike) -> Float64:
        """Return the values at `times_s` [s]; before the start the first, from the end on the last."""
        index = np.searchsorted(self.edges_s, np.asarray(times_s, np.float64), side="right") - 1
        return self.values[np.clip(index, 0, len(self.values) - 1)]

    def max(self) -> float:
        """Return the largest value."""
        return float(self.values.max())

    def min(self) -> float:
        """Return the smallest value."""
        return float(self.values.min())

    def map(self, function: Callable[[Float64], ArrayLike], unit: str | None = None) -> Signal:
        """Return the signal of ``function(values)``, a vectorised function."""
        return Signal(self.edges_s, function(self.values), self.unit if unit is None else unit)

    def clip(self, start_s: float, end_s: float) -> Signal:
        """Return the part between `start_s` and `end_s` [s].

        Raises
        ------
        ValueError
            Nothing of the signal lies between them.
        """
        low, high = max(start_s, self.start_s), min(end_s, self.end_s)
        if low >= high:
            raise ValueError(f"nothing of the signal lies in [{start_s}, {end_s})")
        inside = self.edges_s[(self.edges_s > low) & (self.edges_s < high)]
        edges = np.concatenate(([low], inside, [high]))
        return Signal(edges, self.at(edges[:-1]), self.unit)

    @staticmethod
    def concat(parts: Sequence[Signal]) -> Signal:
        """Return the signals one after the other; each must start where the one before ends."""
        for before, after in pairwise(parts):
            if before.end_s != after.start_s or before.unit != after.unit:
                raise ValueError(f"a signal that ends at {before.end_s} can't go on at {after.start_s}")
        edges = np.concatenate([parts[0].edges_s, *(part.edges_s[1:] for part in parts[1:])])
        return Signal(edges, np.concatenate([part.values for part in parts]), parts[0].unit)

    def simplify(self) -> Signal:
        """Return the same function with neighbouring equal pieces merged."""
        keep = np.append(True, self.values[1:] != self.values[:-1])
        return Signal(np.append(self.edges_s[:-1][keep], self.end_s), self.values[keep], self.unit)

    def _binary(self, other: Signal | float, operator: Any, unit: str) -> Signal:
        if not isinstance(other, Signal):
            return Signal(self.edges_s, operator(self.values, other), unit)
        low, high = max(self.start_s, other.start_s), min(self.end_s, other.end_s)
        if low >= high:
            raise ValueError("the signals have no time in common")
        edges = np.union1d(self.edges_s, other.edges_s)
        edges = edges[(edges >= low) & (edges <= high)]
        return Signal(edges, operator(self.at(edges[:-1]), other.at(edges[:-1])), unit)

    def __add__(self, other: Signal | float) -> Signal:
        return self._binary(other, np.add, self.unit)

    __radd__ = __add__

    def __sub__(self, other: Signal | float) -> Signal:
        return self._binary(other, np.subtract, self.unit)

    def __mul__(self, other: Signal | float) -> Signal:
        unit = f"{self.unit}*{other.unit}" if isinstance(other, Signal) else self.unit
        return self._binary(other, np.multiply, unit)

    __rmul__ = __mul__
