"""Run a scenario with many seeds, in parallel processes: schedules are chaotic, and one run proves little."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import active_children, get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

import numpy as np

from exatwin.foundation.errors import SimulationError, SpecError
from exatwin.foundation.progress import SILENT, Progress
from exatwin.study.result import Result
from exatwin.study.run import run
from exatwin.study.scenario import Scenario

S = TypeVar("S")
R = TypeVar("R")


def sweep(scenario: Scenario, seeds: int, *, progress: Progress = SILENT, command: str = "") -> Result:
    """Return the result of `scenario` with its own seed, and the key figures of `seeds` seeds from it on.

    Parameters
    ----------
    seeds
        How many seeds, the scenario's own among them.

    Raises
    ------
    SpecError
        So many seeds do not fit above the scenario's own, or what :func:`~exatwin.study.run.run` raises.
    SimulationError
        A process was ended from outside.
    """
    if scenario.seed + seeds > 2**63:
        raise SpecError(f"{seeds} seeds from {scenario.seed} on: expected seeds below {2**63}")
    first = run(scenario, progress=progress, command=command)
    if seeds == 1:
        return first
    progress.stage("other seeds")
    figures: dict[int, Mapping[str, Any]] = {scenario.seed: first.summary()}
    others = [scenario.model_copy(update={"seed": scenario.seed + k}) for k in range(1, seeds)]
    for done, (index, found) in enumerate(in_parallel(_figures, others), start=2):
        figures[others[index].seed] = found
        progress.step(done, seeds)
    return replace(first, seeds=tuple({"seed": seed, **figures[seed]} for seed in sorted(figures)))


def in_parallel(function: Callable[[S], R], scenarios: Sequence[S]) -> Iterator[tuple[int, R]]:
    """Yield number and figures of each scenario as they come; no process is left behind.

    Parameters
    ----------
    function
        What is found out of a scenario; it must be importable by name.
    scenarios
        What to run: scenarios, or what else `function` takes.

    Raises
    ------
    SimulationError
        A process was ended from outside.
    """
    before = set(active_children())
    workers = min(len(scenarios), os.cpu_count() or 1)
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_follow)
    try:
        with _deaf():
            asked = {pool.submit(function, scenario): index for index, scenario in enumerate(scenarios)}
        for future in as_completed(asked):
            yield asked[future], future.result()
    except BrokenProcessPool:
        raise SimulationError(
            "a process of the sweep was ended from outside: is there memory for "
            f"{workers + 1} runs at a time? (A script that asks for seeds does so below "
            "if __name__ == '__main__'.)"
        ) from None
    finally:
        for child in set(active_children()) - before:
            child.terminate()
        pool.shutdown(cancel_futures=True)


def _follow() -> None:
    """Let this process end when the one that began it does, however that ends."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that begin here not hear Ctrl-C: it is for this one to end them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
