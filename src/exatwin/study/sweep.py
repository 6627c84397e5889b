"""Run a scenario with many seeds, in parallel processes: schedules are chaotic, and one run proves little."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import numpy as np

from exatwin.foundation.progress import SILENT, Progress
from exatwin.study.result import Result
from exatwin.study.run import run
from exatwin.study.scenario import Scenario


def sweep(scenario: Scenario, seeds: int, *, progress: Progress = SILENT, command: str = "") -> Result:
    """Return the result of `scenario` with its own seed, and the key figures of `seeds` seeds from it on.

    Parameters
    ----------
    seeds
        How many seeds, the scenario's own among them.
    """
    first = run(scenario, progress=progress, command=command)
    figures: dict[int, Mapping[str, Any]] = {scenario.seed: first.summary()}
    others = [scenario.model_copy(update={"seed": scenario.seed + k}) for k in range(1, seeds)]
    if others:
        workers = min(len(others), os.cpu_count() or 1)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            asked = {pool.submit(_figures, other): other.seed for other in others}
            for done, future in enumerate(as_completed(asked), start=2):
                figures[asked[future]] = future.result()
                progress.step(done, seeds)
    table = tuple({"seed": seed, **figures[seed]} for seed in sorted(figures))
    return replace(first, seeds=table) if seeds > 1 else first


def _figures(scenario: Scenario) -> dict[str, Any]:
    return run(scenario).summary()


def intervals(figures: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return median, 5th and 95th percentile of every figure that is a number in all runs.

    Examples
    --------
    >>> intervals([{"pue": 1.02}, {"pue": 1.04}])["pue"]["median"]
    1.03
    """
    found = {}
    for name in figures[0] if figures else ():
        values = [run[name] for run in figures]
        if name == "seed" or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            continue
        low, median, high = np.percentile(np.array(values, np.float64), [5, 50, 95])
        found[name] = {"median": float(median), "p5": float(low), "p95": float(high)}
    return found
