"""The same application on several machines: what each takes, how long it waits, what may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

from exatwin.catalogue.batch import Queue, rules_for
from exatwin.catalogue.generic import named
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.load import names
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.risks import risks_of
from exatwin.foundation.errors import CatalogueError, ExatwinError, InfeasibleError, SpecError, nearest
from exatwin.study.estimate import Estimate
from exatwin.study.run_block import run_of, speed_of
from exatwin.study.starts.waits import Wait, wait
from exatwin.workload.apps.llm_setup import device_of

SORTS = ("time", "node-h", "energy", "cost", "carbon", "wait", "machine", "given")
"""What rows can be sorted by."""
_KEYS = {"time": "time_s", "energy": "site_energy_j", "cost": "cost_eur", "carbon": "carbon_kgco2e"}
_H = 3600.0


@dataclass(frozen=True)
class Row:
    """One machine."""

    asked: str
    """The machine as it was asked for."""
    title: str
    """Its name for people."""
    found: Estimate | None
    """What the application takes there; None where it can't run."""
    why: str
    """Why it can't run; blank where it does."""
    run: dict[str, Any]
    """Its run from its beginning to its end, as of :func:`exatwin.study.run_block.run_of`."""
    jobs: int
    """Jobs that it takes under the longest time limit."""
    queued: Wait | None
    """Wait of one of them; None where no queue is known."""
    risks: tuple[str, ...]
    """What may go wrong."""

    @property
    def node_h(self) -> float:
        """Nodes times time [h]."""
        return float(self.run["nodes"]) * float(self.run["time_s"]) / _H

    @property
    def billed(self) -> tuple[float, str]:
        """What the site charges, and its unit."""
        assert self.found is not None
        billing = self.found.machine.file.billing
        return billing.per_node_hour * self.node_h, billing.unit

    @property
    def memory_frac(self) -> float | None:
        """Memory of the fullest accelerator over what can be used; None where nobody says."""
        if self.found is None:
            return None
        values, limit_b = self.found.values, self.found.extra.get("memory_limit_b")
        held_b = values.get("memory_b_per_accelerator", values.get("memory_b_per_device"))
        if held_b is None or ("memory_limit_b" in self.found.extra and limit_b is None):
            return None
        if limit_b is None:
            limit_b = device_of(self.found.machine).memory_b * llm_calibration().usable_memory
        return float(held_b) / float(limit_b)

    @property
    def speed(self) -> tuple[float, str] | None:
        """How fast it runs, and in what unit; None where the application has no speed."""
        found = None if self.found is None else speed_of(self.found)
        return None if found is None else (found[0], found[3])

    def document(self) -> dict[str, Any]:
        """Return the row as plain data."""
        told: dict[str, Any] = {
            "machine": self.asked,
            "title": self.title,
            "feasible": self.found is not None,
        }
        if self.found is None:
            return {**told, "why": self.why, "risks": list(self.risks)}
        amount, unit = self.billed
        spent = ("time_s", "energy_j", "site_energy_j", "carbon_kgco2e", "cost_eur")
        return {
            **told,
            "nodes": self.run["nodes"],
            "accelerators": self.found.document()["accelerators"],
            **{key: self.run[key] for key in spent},
            "node_h": self.node_h,
            "billed": {"amount": amount, "unit": unit},
            "memory_frac": self.memory_frac,
            "speed": None if self.speed is None else {"value": self.speed[0], "unit": self.speed[1]},
            "jobs": self.jobs,
            "wait": None if self.queued is None else self.queued.document(),
            "risks": list(self.risks),
            "interval": self.run["interval"],
            "interval_basis": self.found.interval_basis,
            "borrowed": dict(self.found.site.year.borrowed),
        }


def compare(machines: Sequence[str], ask: Callable[[str], Estimate], app: str) -> list[Row]:
    """Return what an application takes on each of `machines`, in their order.

    Parameters
    ----------
    machines
        Names as for an estimate.
    ask
        The estimate on the machine of a name.
    app
        The application, for what may go wrong with it.

    Raises
    ------
    CatalogueError
        A machine is unknown.
    SpecError
        The application can't be asked so on any of them.

    Examples
    --------
    >>> from exatwin.study.estimates import estimate
    >>> [row.jobs for row in compare(["jupiter", "jedi"], lambda name: estimate("hpl", name), "hpl")]
    [1, 1]
    """
    places = [_machine(name) for name in machines]
    rows, refused = [], []
    for name, place in zip(machines, places, strict=True):
        try:
            rows.append(_row(name, ask(name), app))
        except (InfeasibleError, SpecError) as error:
            refused.append(error)
            rows.append(_absent(name, place, app, error))
    if len(refused) == len(rows) and len({str(error) for error in refused}) == 1:
        raise refused[0]  # it is the question that is wrong, not a machine
    return rows


def _machine(name: str) -> Machine | None:
    """Return the machine called `name`; None for a kind of node, which has no size of its own.

    Raises
    ------
    CatalogueError
        There is neither.
    """
    return None if name in names("nodes") and name not in names("machines") else named(name)


def _absent(name: str, place: Machine | None, app: str, error: ExatwinError) -> Row:
    risks = () if place is None else risks_of(place, app)
    return Row(name, name if place is None else place.title, None, str(error), {}, 0, None, risks)


def _row(name: str, found: Estimate, app: str) -> Row:
    run, place = run_of(found), found.machine
    time_s, nodes = float(run["time_s"]), int(run["nodes"])
    longest_s, refused = limits(place, nodes)
    limit_s = min(time_s, longest_s)
    return Row(
        asked=name,
        title=place.title,
        found=found,
        why="",
        run=run,
        jobs=1 if longest_s == inf else ceil(time_s / longest_s - 1e-9),
        queued=wait(place.name, nodes, limit_s),
        risks=(*refused, *risks_of(place, app)),
    )


def queue_for(machine: str, nodes: int) -> Queue | None:
    """Return the partition where a job of `nodes` nodes goes on the machine called `machine`.

    The default where it fits, else the first that takes as many; None where none does, or nothing is known.

    Examples
    --------
    >>> queue_for("leonardo", 100).qos, queue_for("lumi-g", 2000) is None
    ('boost_qos_bprod', True)
    """
    rules = rules_for(machine)
    own = [] if rules is None else rules.queues_of(machine)
    return next((one for one in own if one.takes(nodes)), None)


def limits(place: Machine, nodes: int) -> tuple[float, tuple[str, ...]]:
    """Return the longest time of a job [s], and in words why no partition takes so many nodes."""
    rules, queue = rules_for(place.name), queue_for(place.name, nodes)
    if queue is not None:
        return queue.max_time_s or inf, ()
    if rules is None:
        return place.partitions[place.default_partition()].max_time_s or inf, ()
    own = rules.queues_of(place.name)
    if not own:
        return inf, ()
    largest = max(own, key=lambda one: one.max_nodes or 0)
    text = f"no regular queue takes {nodes:,} nodes, '{largest.name}' at most {largest.max_nodes or 0:,}"
    return largest.max_time_s or inf, (text,)


def ordered(rows: Iterable[Row], by: str) -> list[Row]:
    """Return `rows` sorted, those that can't run at the end.

    Raises
    ------
    SpecError
        There is no such order.
    """
    if by not in SORTS:
        raise SpecError(f"unknown order '{by}': {nearest(by, SORTS)}")

    def key(row: Row) -> tuple[bool, Any]:
        if row.found is None or by == "given":
            return row.found is None, 0.0
        if by == "machine":
            return False, row.asked
        if by == "node-h":
            return False, row.node_h
        if by == "wait":
            return False, inf if row.queued is None else row.queued.middle_s
        value = row.run[_KEYS[by]]
        return False, inf if value is None else value

    feasible = [row for row in rows if row.found is not None]
    absent = [row for row in rows if row.found is None]
    return [*sorted(feasible, key=key), *absent]


def machines_of(words: Sequence[str]) -> list[str]:
    """Return the machines that were asked for, ``eurohpc`` standing for those whose sites have rules.

    Raises
    ------
    SpecError
        None is named.

    Examples
    --------
    >>> machines_of(["jupiter, lumi-g"])
    ['jupiter', 'lumi-g']
    """
    found: list[str] = []
    for text in words:
        whole = _known(text.strip())
        for word in [text.strip()] if whole else text.split(","):
            found += eurohpc() if word.strip() == "eurohpc" else [word.strip()]
    found = [name for name in dict.fromkeys(found) if name]
    if not found:
        raise SpecError("no machine is named, expected some such as jupiter,lumi-g or eurohpc")
    return found


def _known(name: str) -> bool:
    """Return whether `name` is a machine whose name holds a comma."""
    if "," not in name:
        return True
    try:
        named(name)
    except CatalogueError:
        return False
    return True


def eurohpc() -> list[str]:
    """Return the machines whose sites have batch rules, by site."""
    from exatwin.catalogue.batch import load_rules

    return [machine for site in names("batch") for machine in load_rules(site).machines]


__all__ = [
    "SORTS",
    "Row",
    "compare",
    "eurohpc",
    "limits",
    "machines_of",
    "ordered",
    "queue_for",
]
