"""An application for compute time: its runs, what they need together, and whether the call gives as much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exatwin.catalogue.batch import load_rules
from exatwin.catalogue.calls import Call, load_call
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.study.applying.award import hours_an_hour, track_for
from exatwin.study.applying.calendar_check import Checked
from exatwin.study.applying.scaling import Scaling, scaling
from exatwin.study.applying.work import Work


@dataclass(frozen=True)
class Planned:
    """One kind of run."""

    work: Work
    """The run."""
    runs: int
    """How often it is run."""
    code: str
    """The program; blank where nobody says."""
    strong: Scaling | str
    """The same work on more nodes, or why nothing is known."""
    weak: Scaling | str
    """Work that grows with the nodes, or why nothing is known."""

    @property
    def node_h(self) -> tuple[float, float, float]:
        """Node-hours of all its runs: low, as estimated, high."""
        low, high = self.work.range_s
        each = self.runs * self.work.nodes / 3600.0
        return each * low, each * self.work.time_s, each * high

    def hours(self, call: Call) -> tuple[float, float, float]:
        """Return the same in the unit of `call`."""
        each = self.runs * hours_an_hour(self.work, call) / 3600.0
        low, high = self.work.range_s
        return each * low, each * self.work.time_s, each * high


@dataclass(frozen=True)
class Application:
    """What is applied for."""

    call: Call
    """The call."""
    planned: tuple[Planned, ...]
    """The kinds of runs."""
    calendar: Checked | None = None
    """The calendar of the award, where its first day is known."""

    @property
    def hours(self) -> tuple[float, float, float]:
        """Hours of all runs in the unit of the call: low, as estimated, high."""
        each = [one.hours(self.call) for one in self.planned]
        low, middle, high = (sum(part) for part in zip(*each, strict=True))
        return low, middle, high

    def remarks(self) -> list[str]:
        """Return what the call says to so many hours."""
        call, (_, middle, high) = self.call, self.hours
        said = []
        if call.most is not None and middle > call.most:
            said.append(f"{middle:,.0f} {call.unit} are more than the {call.most:,} that {call.title} gives")
        elif call.most is not None and high > call.most:
            said.append(f"the slow end, {high:,.0f} {call.unit}, is more than the {call.most:,} it gives")
        if call.above is not None and middle <= call.above:
            said.append(f"{call.title} is meant for more than {call.above:,} {call.unit}")
        if call.smallest_model is not None:
            said.append(f"it is for models of at least {call.smallest_model / 1e9:,.0f} billion weights")
        if call.capacity_frac is not None:
            said.append(f"an award is at most {call.capacity_frac:.1%} of the capacity")
        served = {machine for site in call.sites for machine in load_rules(site).machines}
        others = {one.work.machine for one in self.planned} - served if served else set()
        said += [
            f"'{name}' is not among the machines that are known for this call" for name in sorted(others)
        ]
        return said


def application(
    works: Sequence[Work], call: str, *, runs: Sequence[int] = (), codes: Sequence[str] = ()
) -> Application:
    """Return the application for `works` under the call of that name.

    Parameters
    ----------
    call
        Name of a call; ``ai-factory`` for the track that the largest run belongs to.
    runs
        How often each is run, in their order; by default once.
    codes
        The program of each.

    Raises
    ------
    CatalogueError
        There is no such call.
    InfeasibleError
        The call is over, or counts GPU hours and a machine has no GPU.
    SpecError
        There are more numbers or programs than plans.

    Examples
    --------
    >>> from exatwin.study.estimates import estimate
    >>> import json
    >>> from exatwin.study.applying.work import work_of
    >>> plan = work_of(json.dumps(estimate("hpl", "jedi").document()), "plan")
    >>> application([plan], "eurohpc", runs=[3]).call.name
    'eurohpc-regular'
    """
    for flag, given in (("--runs", runs), ("--code", codes)):
        if len(given) > len(works):
            raise SpecError(f"{flag} is given {len(given)} times for {len(works)} plans: expected one each")
    largest = max(works, key=lambda work: work.node_h)
    found = track_for(largest)[0] if call == "ai-factory" else load_call(call)
    if found.closed is not None:
        raise InfeasibleError(f"{found.title} closed on {found.closed}: choose another call")
    planned = [
        Planned(
            work=work,
            runs=runs[at] if at < len(runs) else 1,
            code=codes[at] if at < len(codes) else "",
            strong=scaling(work, "strong"),
            weak=scaling(work, "weak"),
        )
        for at, work in enumerate(works)
    ]
    for one in planned:
        one.hours(found)  # a machine without GPUs is found out before anything is written
    return Application(found, tuple(planned))


__all__ = ["Application", "Planned", "application"]
