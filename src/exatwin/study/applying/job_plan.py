"""The jobs that a run becomes at a site: partition, time limit, and how many of them one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf

from exatwin.catalogue.batch import BatchRules, Queue
from exatwin.foundation.errors import InfeasibleError, SpecError, nearest
from exatwin.foundation.units import show
from exatwin.study.applying.work import Work

CHAINS = ("array", "dependency", "requeue")
"""Ways of sending the jobs of a chain."""
_ROUND_S = 600.0
_LEAST_LEAD_S, _LEAD_WRITES, _EARLY_S = 300.0, 4.0, 60.0
_WALL_S = 24 * 3600.0  # where neither the site nor the run sets a limit


@dataclass(frozen=True)
class JobPlan:
    """The jobs of a run."""

    work: Work
    """The run."""
    rules: BatchRules
    """The rules of the site."""
    queue: Queue
    """The partition."""
    limit_s: int
    """Time limit of each job [s]."""
    jobs: int
    """Jobs as estimated."""
    most_jobs: int
    """Jobs at the slow end of the interval."""
    lead_s: int
    """How long before its limit a job is told to write a checkpoint [s]."""
    tasks: int
    """Processes of a node."""
    cpus: int
    """Cores of a process."""
    gpus: int
    """Accelerators of a node that are asked for."""
    working: int
    """Accelerators of a node that work."""

    @property
    def chained(self) -> bool:
        """Whether it takes more than one job."""
        return self.most_jobs > 1


def plan_jobs(
    work: Work, rules: BatchRules, *, partition: str | None = None, limit_s: float | None = None
) -> JobPlan:
    """Return the jobs that `work` becomes under `rules`.

    Parameters
    ----------
    partition
        The partition; by default that of the machine which takes so many nodes.
    limit_s
        Time limit of each job [s]; by default the run's slow end, or the longest that is allowed.

    Raises
    ------
    InfeasibleError
        No partition takes so many nodes.
    SpecError
        The partition is unknown, or the time is longer than it allows.
    """
    queue = _queue(work, rules, partition)
    longest_s = queue.max_time_s or inf
    if limit_s is not None and not 60.0 <= limit_s <= longest_s:
        raise SpecError(
            f"a time limit of {show(limit_s, 's', 3)}: partition '{queue.name}' takes a minute to "
            f"{show(longest_s, 's', 3) if longest_s < inf else 'any time'}"
        )
    slow_s = work.range_s[1]
    wall_s = limit_s if limit_s is not None else min(longest_s, max(slow_s, 60.0))
    wall = min(_ROUND_S * ceil(wall_s / _ROUND_S), longest_s if longest_s < inf else max(wall_s, _WALL_S))
    wall = wall_s if limit_s is not None else wall
    lead_s = _lead(work, wall)
    useful_s = wall if slow_s <= wall or work.service else wall - lead_s
    busy = working(work, queue)
    tasks = min(queue.tasks, busy) if queue.gpus else queue.tasks
    shared = busy < queue.gpus and not queue.exclusive
    return JobPlan(
        work=work,
        rules=rules,
        queue=queue,
        limit_s=int(wall),
        jobs=max(1, ceil(work.time_s / useful_s - 1e-9)),
        most_jobs=max(1, ceil(slow_s / useful_s - 1e-9)),
        lead_s=lead_s,
        tasks=tasks,
        cpus=max(1, queue.cpus // (queue.gpus if shared else tasks)),
        gpus=busy if shared else queue.gpus,
        working=busy,
    )


def working(work: Work, queue: Queue) -> int:
    """Return how many accelerators of a node work, as the batch system counts them."""
    asked = work.asked.get("accelerators")
    if not queue.gpus or isinstance(asked, bool) or not isinstance(asked, int) or asked < 1:
        return queue.gpus
    return min(queue.gpus, ceil(asked / work.nodes))


def _lead(work: Work, wall_s: float) -> int:
    """Return how long before the end a job is warned [s]: time of some checkpoints; Slurm is not exact."""
    wanted = max(_LEAST_LEAD_S, _LEAD_WRITES * work.checkpoint_write_s + _EARLY_S)
    return int(min(wanted, wall_s / 2.0))


def _queue(work: Work, rules: BatchRules, partition: str | None) -> Queue:
    if partition is not None:
        named = rules.queues(partition)
        if not named:
            raise SpecError(
                f"{rules.title} has no partition '{partition}': {nearest(partition, rules.queue_names())}"
            )
        own = named
    else:
        own = rules.queues_of(work.machine)
    if not own:
        raise InfeasibleError(
            f"the rules of {rules.title} serve {', '.join(rules.machines)}, the plan is for "
            f"'{work.machine}': estimate it on one of them"
        )
    found = next((one for one in own if one.takes(work.nodes)), None)
    if found is None:
        largest = max(own, key=lambda one: one.most_nodes)
        least = min(one.min_nodes for one in own)
        other = f", at least {least:,}" if work.nodes < least else ""
        raise InfeasibleError(
            f"no partition of {rules.title} takes a job of {work.nodes:,} nodes: '{largest.name}' takes at "
            f"most {largest.most_nodes:,}{other}; plan for fewer, or ask the site for a full run"
        )
    return found


__all__ = ["CHAINS", "JobPlan", "plan_jobs", "working"]
