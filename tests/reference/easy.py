"""Passes that look at the head of the queue: no backfill, EASY, and EASY with the shortest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference.loop import Machine


def head_pass(machine: Machine, queue: list[int]) -> None:
    """Start the heads of `queue` while they fit, taking them out of it."""
    while queue and machine.jobs[queue[0]].procs <= machine.free():
        machine.start(queue.pop(0))


def easy_pass(machine: Machine, queue: list[int]) -> None:
    """Start the heads, then whatever delays the first that must wait in no way."""
    head_pass(machine, queue)
    backfill(machine, queue, queue[1:])


def sjbf_pass(machine: Machine, queue: list[int]) -> None:
    """Like `easy_pass`, but the walk goes by shortest limit first."""
    head_pass(machine, queue)
    backfill(machine, queue, sorted(queue[1:], key=lambda row: machine.jobs[row].limit))


def shadow(machine: Machine, procs: int) -> tuple[int, int]:
    """Return the first estimated end at which `procs` are free, and how many are left over then."""
    free = machine.free()
    ends = machine.occupied()
    for time in sorted({end for end, _ in ends}):
        then = free + sum(held for end, held in ends if end <= time)
        if then >= procs:
            return time, then - procs
    raise AssertionError("a job wider than the machine is in the queue")


def backfill(machine: Machine, queue: list[int], walk: list[int]) -> None:
    """Start the jobs of `walk` that neither outlast the shadow time nor need more than what is left over."""
    free = machine.free()
    if not queue or free == 0:
        return
    time, extra = shadow(machine, machine.jobs[queue[0]].procs)
    for row in walk:
        job = machine.jobs[row]
        if job.procs > free:
            continue
        if machine.now + job.limit <= time:
            machine.start(row)
            free -= job.procs
        elif job.procs <= extra:
            machine.start(row)
            free -= job.procs
            extra -= job.procs
