"""The conservative pass: every waiting job holds a reservation that delays no job before it in the queue.

Each pass, in both modes, plans the whole queue from nothing and in the order of the queue, on the free
processors that the estimated ends of the running jobs leave: each job gets the earliest time from which it
fits for as long as its limit, given the jobs planned before it; it starts if that is now. For FCFS in batch
mode this is the same as keeping the plan, planning a new job behind it and planning all again at each
termination (`incremental`, by which it is tested).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference.loop import Machine


class Plan:
    """Free processors from `now` on: `free[i]` from `times[i]` until `times[i + 1]`, the last for ever."""

    def __init__(self, machine: Machine) -> None:
        self.times, self.free = [machine.now], [machine.free()]
        for end, procs in machine.occupied():
            if end == self.times[-1]:
                self.free[-1] += procs
            else:
                self.times.append(end)
                self.free.append(self.free[-1] + procs)

    def earliest(self, procs: int, length: int) -> int:
        """Return the first time from which `procs` are free for `length` seconds."""
        begin = 0
        for step, time in enumerate(self.times):
            if time >= self.times[begin] + length:
                break
            if self.free[step] < procs:
                begin = step + 1
        return self.times[begin]

    def take(self, start: int, end: int, procs: int) -> None:
        """Hold `procs` from `start` to `end`."""
        for time in (start, end):
            if time not in self.times:
                step = sum(edge < time for edge in self.times)
                self.times.insert(step, time)
                self.free.insert(step, self.free[step - 1])
        for step, time in enumerate(self.times):
            if start <= time < end:
                self.free[step] -= procs


def conservative_pass(machine: Machine, queue: list[int]) -> None:
    """Plan all of `queue` and start the jobs whose turn is now."""
    plan = Plan(machine)
    for row in queue:
        job = machine.jobs[row]
        start = plan.earliest(job.procs, job.limit)
        plan.take(start, start + job.limit, job.procs)
        if start == machine.now:
            machine.start(row)


def incremental(jobs: list[tuple[int, int, int, int, int]], processors: int) -> dict[int, int]:
    """Return the starts in batch mode and FCFS by a plan that is kept between terminations."""
    rows = sorted(jobs, key=lambda job: job[1])
    planned: dict[int, int] = {}
    starts: dict[int, int] = {}

    def plan(row: int, now: int) -> int:
        # Try every candidate instant by adding up the rectangles that cover it: the definition itself.
        held = [(starts[r], starts[r] + rows[r][3], rows[r][2]) for r in starts if ends(r) > now]
        held += [(planned[r], planned[r] + rows[r][3], rows[r][2]) for r in planned]
        for start in sorted({now} | {end for _, end, _ in held if end > now}):
            edges = [start] + [begin for begin, _, _ in held if start < begin < start + rows[row][3]]
            used = [sum(p for begin, end, p in held if begin <= edge < end) for edge in edges]
            if max(used) + rows[row][2] <= processors:
                return start
        raise AssertionError("a job wider than the machine is in the queue")

    def ends(row: int) -> int:
        return starts[row] + min(rows[row][3], rows[row][4])

    arrived, done = 0, set[int]()
    while len(done) < len(rows):
        instants = [ends(row) for row in starts if row not in done]
        now = min(instants + [job[1] for job in rows[arrived : arrived + 1]])
        ended = {row for row in starts if row not in done and ends(row) <= now}
        done |= ended
        if ended:
            waiting, planned = sorted(planned), {}
            for row in waiting:
                planned[row] = plan(row, now)
        while arrived < len(rows) and rows[arrived][1] == now:
            planned[arrived] = plan(arrived, now)
            arrived += 1
        for row in [row for row in planned if planned[row] == now]:
            del planned[row]
            starts[row] = now
    return {rows[row][0]: start for row, start in starts.items()}
