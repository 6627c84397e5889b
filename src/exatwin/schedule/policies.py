"""The orders in which a queue is served: one decorated function each, smallest score first.

A policy is a compiled function ``score(now, submit, nodes, limit) -> float64`` of integers (seconds, nodes).
Equal scores are served in the order of submission, so every order is total. A policy that does not look at
``now`` is *static*: its order is fixed once, which makes the kernel much faster.

References
----------
WFP3, UNICEF: W. Tang et al., CLUSTER 2009, doi:10.1109/CLUSTR.2009.5289206.
F1: D. Carastan-Santos, R. Y. de Camargo, SC 2017, doi:10.1145/3126908.3126955.

Examples
--------
>>> sorted(POLICIES)
['f1', 'fcfs', 'largest', 'ljf', 'sjf', 'smallest', 'unicef', 'wfp3']
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.registry import Registry

SIGNATURE = numba.float64(numba.int64, numba.int64, numba.int64, numba.int64)


@dataclass(frozen=True)
class Policy:
    """A queue order: its name, its compiled score, and whether the score changes as jobs wait."""

    name: str
    score: Callable[[int, int, int, int], float]
    dynamic: bool
    doc: str

    def static_scores(self, submit_s: Int64, nodes: Int64, limit_s: Int64) -> Float64:
        """Return the score of every job at its submission, shape (jobs,)."""
        return np.asarray(_scores(self.score, submit_s, nodes, limit_s))


POLICIES: Registry[Policy] = Registry("policy", "exatwin.policies", (__name__,))


def policy(name: str, *, dynamic: bool = False) -> Callable[[Callable[..., float]], Policy]:
    """Return a decorator that compiles a score and registers it as the policy `name`.

    Parameters
    ----------
    dynamic
        Whether the score depends on ``now``: the queue is then sorted again at every pass.
    """

    def build(function: Callable[..., float]) -> Policy:
        compiled = numba.njit([SIGNATURE], cache=True, error_model="numpy")(function)
        built = Policy(name, compiled, dynamic, (function.__doc__ or "").split("\n")[0])
        POLICIES.register(name)(built)
        return built

    return build


@numba.njit(
    [
        numba.float64[:](
            numba.types.FunctionType(SIGNATURE), *[numba.types.Array(numba.int64, 1, "C", readonly=True)] * 3
        )
    ],
    cache=True,
)
def _scores(score: Any, submit: Any, nodes: Any, limit: Any) -> Any:
    found = np.empty(len(submit), np.float64)
    for job in range(len(submit)):
        found[job] = score(submit[job], submit[job], nodes[job], limit[job])
    return found


@policy("fcfs")
def fcfs(now: int, submit: int, nodes: int, limit: int) -> float:
    """First come, first served."""
    return float(submit)


@policy("sjf")
def sjf(now: int, submit: int, nodes: int, limit: int) -> float:
    """Shortest requested time first."""
    return float(limit)


@policy("ljf")
def ljf(now: int, submit: int, nodes: int, limit: int) -> float:
    """Longest requested time first."""
    return -float(limit)


@policy("smallest")
def smallest(now: int, submit: int, nodes: int, limit: int) -> float:
    """Fewest nodes first."""
    return float(nodes)


@policy("largest")
def largest(now: int, submit: int, nodes: int, limit: int) -> float:
    """Most nodes first."""
    return -float(nodes)


@policy("wfp3", dynamic=True)
def wfp3(now: int, submit: int, nodes: int, limit: int) -> float:
    """WFP3, -(wait / limit)^3 × nodes: favours old, short, wide jobs (Tang et al., 2009)."""
    ratio = float(now - submit) / float(max(limit, 1))
    return -(ratio * ratio * ratio) * float(nodes)


@policy("unicef", dynamic=True)
def unicef(now: int, submit: int, nodes: int, limit: int) -> float:
    """UNICEF, -wait / (log2(max(nodes, 2)) × limit): favours small, short jobs (Tang et al., 2009)."""
    return -float(now - submit) / (np.log2(float(max(nodes, 2))) * float(max(limit, 1)))


@policy("f1")
def f1(now: int, submit: int, nodes: int, limit: int) -> float:
    """F1, log10(limit) × nodes + 870 log10(submit), times at least 1 s (Carastan-Santos, 2017)."""
    return np.log10(float(max(limit, 1))) * float(nodes) + 870.0 * np.log10(float(max(submit, 1)))
