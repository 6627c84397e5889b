"""The limits of QOS, associations and partitions, and preemption by QOS, as conditions of the scheduler."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Int64
from exatwin.schedule.limits import NO_LIMIT, Limits
from exatwin.schedule.site.accounts import Association, Bounds, Qos
from exatwin.schedule.site.conf import SlurmConf
from exatwin.schedule.site.ranks import Held, Site, qos_of
from exatwin.schedule.site.tree import Tree, share_tree
from exatwin.workload.job import Jobs


@dataclass
class _Groups:
    """Groups of jobs and their limits, as they are found."""

    jobs: Jobs
    held: Held
    half_life_s: float | None
    """Half-life of usage [s], 0 to forget nothing; None where usage is not counted."""
    safe: bool = False
    names: list[str] = field(default_factory=list)
    most: list[tuple[int, ...]] = field(default_factory=list)
    members: list[Int64] = field(default_factory=list)
    unmetered: list[str] = field(default_factory=list)
    """Groups whose limits of usage do not hold."""

    def add(
        self,
        name: str,
        who: NDArray[np.bool_],
        bounds: Bounds,
        nodes: float = math.inf,
        *,
        decays: bool = True,
    ) -> None:
        """Add the group of the jobs of `who` (a mask), if anything limits it."""
        rows = np.flatnonzero(who)
        nodes = min([nodes, *self._nodes(rows, bounds.tres)])
        left = min([math.inf, *(60.0 * each for each in self._nodes(rows, bounds.running_mins))])
        used = min([math.inf, *(60.0 * each for each in self._nodes(rows, bounds.used_mins))])
        run = bounds.used_s
        if self.half_life_s is None and min(used, run) < math.inf:
            self.unmetered.append(name)
            used = run = math.inf
        most = (bounds.jobs, nodes, left, used, run, bounds.sent)
        if len(rows) == 0 or min(most) == math.inf:
            return
        self.names.append(name)
        half = round(self.half_life_s or 0.0) if decays else NO_LIMIT
        self.most.append((*(_whole(each) for each in most), half))
        self.members.append(rows)

    def _nodes(self, rows: Int64, most: Mapping[str, float]) -> Iterator[float]:
        """Yield how many whole nodes each resource allows."""
        for kind, amount in most.items():
            if kind == "node":
                yield amount
            elif kind in self.held.there_is and len(rows):
                of_node = self.held.given[kind][rows] / np.maximum(self.held.nodes[rows], 1.0)
                if of_node.max() > 0:
                    yield amount / float(of_node[of_node > 0].mean())

    def hopeless(self) -> int:
        """Return how many jobs could not start though nothing else of their groups ran, or had run."""
        found = np.zeros(len(self.jobs), np.bool_)
        nodes, limit = self.jobs.nodes.astype(np.int64), self.jobs.limit_s.astype(np.int64)
        for rows, (jobs, wide, left, used, run, _, _) in zip(self.members, self.most, strict=True):
            area = nodes[rows] * limit[rows]
            found[rows] |= (nodes[rows] > wide) | (area > left) | (jobs == 0) | (used == 0) | (run == 0)
            if self.safe:
                found[rows] |= (area > used) | (limit[rows] > run)
        return int(found.sum())

    def limits(self) -> Limits | None:
        """Return all groups; None if there is none."""
        if not self.names:
            return None
        most = np.array(self.most, np.int64)
        return Limits.of_pairs(
            len(self.jobs),
            np.concatenate(self.members),
            np.repeat(np.arange(len(self.names)), [len(rows) for rows in self.members]),
            most_jobs=most[:, 0],
            most_nodes=most[:, 1],
            most_node_s=most[:, 2],
            most_used_node_s=most[:, 3],
            most_used_s=most[:, 4],
            most_sent=most[:, 5],
            half_life_s=most[:, 6],
            names=tuple(self.names),
            safe=self.safe,
        )


def site_limits(
    jobs: Jobs, site: Site, half_life_s: float | None = None
) -> tuple[Limits | None, NDArray[np.bool_] | None, list[str]]:
    """Return the limits that hold for groups of jobs, which jobs can never run, and what is to be told.

    Limits are those of QOS (all jobs, each user, each account), of associations with all below them, and of
    partitions that are smaller than the machine. Limits of processors and accelerators become nodes, by what
    a node of those jobs has.

    Parameters
    ----------
    half_life_s
        Half-life of usage [s], 0 to forget nothing; None where priorities are not multifactor: then Slurm
        counts no usage, and what groups may use is not held.

    References
    ----------
    https://slurm.schedmd.com/resource_limits.html
    """
    held = Held.of(jobs, site)
    groups = _Groups(jobs, held, half_life_s, safe=bool(_words(site.conf) & {"safe", "all"}))
    _partitions(groups, site, jobs, enforced=_enforced(site.conf))
    if site.accounts is None:
        return groups.limits(), None, []
    tree = share_tree(site.accounts)
    row = tree.rows(jobs, site.labels, site.partition_of(jobs))
    qos = qos_of(jobs, site, tree, row, [])
    if not _enforced(site.conf):
        remark = "AccountingStorageEnforce has no 'limits': those of QOS and accounts are not held"
        return groups.limits(), None, [remark]
    _associations(groups, tree, row, qos)
    _qos(groups, qos, jobs)
    told = _told_of(groups, site, tree, row, qos)
    never, counts = _never(jobs, held, tree, row, qos)
    if not never.any():
        return groups.limits(), None, told
    why = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    told.append(
        f"PENDING for ever, for more than their QOS or association grants a job: {int(never.sum()):,} jobs "
        f"({why})"
    )
    return groups.limits(), never, told


def _words(conf: SlurmConf | None) -> set[str]:
    """Return the words of ``AccountingStorageEnforce`` in lower case."""
    text = conf.get("AccountingStorageEnforce") if conf is not None else ""
    return {word.strip().lower() for word in text.split(",") if word.strip()}


def _enforced(conf: SlurmConf | None) -> bool:
    """Return whether limits are held: without a ``slurm.conf``, or where that says so."""
    return conf is None or bool(_words(conf) & {"limits", "safe", "all", "1"})


def _told_of(groups: _Groups, site: Site, tree: Tree, row: Int64, qos: Sequence[Qos]) -> list[str]:
    """Return what is to be told of limits that hold in another way than in Slurm, or not at all."""
    told = []
    if groups.unmetered:
        few = ", ".join(groups.unmetered[:3]) + (", …" if len(groups.unmetered) > 3 else "")
        told.append(f"GrpTRESMins and GrpWall are not held, as priorities are not multifactor: {few}")
    metered = sum(min(most[3:5]) < NO_LIMIT for most in groups.most)
    if metered:
        told.append(
            f"GrpTRESMins and GrpWall of {metered:,} groups count from nothing at the first job of the log; "
            "what runs as they are reached goes on"
        )
    lost = groups.hopeless()
    if lost:
        told.append(
            "PENDING for ever, for more than a group of theirs (GrpTRES, MaxTRESPerUser …) may hold: "
            f"{lost:,} jobs"
        )
    if any(most[5] < NO_LIMIT for most in groups.most):
        told.append("jobs beyond MaxSubmitJobs or GrpSubmitJobs are refused: they stay PENDING")
    if _words(site.conf) & {"qos", "all"}:
        granted = [frozenset(one.qos) for one in tree.associations]
        lost = sum(
            bool(granted[at]) and one.name.lower() not in granted[at]
            for one, at in zip(qos, row.tolist(), strict=True)
        )
        if lost:
            told.append(
                f"{lost:,} jobs have a QOS that their association may not use now: taken all the same"
            )
    return told


def _partitions(groups: _Groups, site: Site, jobs: Jobs, *, enforced: bool) -> None:
    """Limit partitions that have fewer nodes than the machine, and hold the QOS of partitions."""
    known = site.accounts.qos if site.accounts is not None else {}
    for number, one in enumerate(groups.held.partitions):
        if one is None:
            continue
        here = groups.held.partition == number
        few = len(one.nodes) if 0 < len(one.nodes) < groups.held.capacity else math.inf
        groups.add(f"partition {one.name}", here, Bounds(), few)
        if enforced and one.qos in known and one.qos is not None:
            _one_qos(groups, known[one.qos], here, jobs, f"partition {one.name}, ")


def _associations(groups: _Groups, tree: Tree, row: Int64, qos: Sequence[Qos]) -> None:
    """Limit each association with all that is below it (``Grp…``), and each user's own jobs.

    A limit of the QOS on the jobs of a user takes the place of that of the association.
    """
    free = np.array([each.user.jobs == math.inf for each in qos], np.bool_)
    sends = np.array([each.user.sent == math.inf for each in qos], np.bool_)
    above = _paths(tree, row)
    for number, one in enumerate(tree.associations):
        if one.group:
            groups.add(_told(one), above[number], one.group)
        if one.user and one.each.jobs < math.inf:
            groups.add(f"{_told(one)}, MaxJobs", free & (row == number), Bounds(jobs=one.each.jobs))
        if one.user and one.each.sent < math.inf:
            groups.add(f"{_told(one)}, MaxSubmitJobs", sends & (row == number), Bounds(sent=one.each.sent))


def _paths(tree: Tree, row: Int64) -> dict[int, NDArray[np.bool_]]:
    """Return for each association with limits which jobs are in it or below it."""
    found = {}
    parent = tree.shares.parent
    for number, one in enumerate(tree.associations):
        if not one.group:
            continue
        inside = np.zeros(len(parent), np.bool_)
        inside[number] = True
        for child in range(number + 1, len(parent)):
            inside[child] = inside[child] or inside[parent[child]]
        found[number] = inside[row]
    return found


def _told(one: Association) -> str:
    return f"user {one.user} in {one.account}" if one.user else f"account {one.account}"


def _qos(groups: _Groups, qos: Sequence[Qos], jobs: Jobs) -> None:
    names = np.array([one.name.lower() for one in qos])
    for one in {one.name.lower(): one for one in qos}.values():
        _one_qos(groups, one, names == one.name.lower(), jobs, "")


def _one_qos(groups: _Groups, one: Qos, here: NDArray[np.bool_], jobs: Jobs, before: str) -> None:
    groups.add(f"{before}QOS {one.name}", here, one.group, decays="nodecay" not in one.flags)
    for bounds, column, kind in ((one.user, jobs.user, "user"), (one.account, jobs.account, "account")):
        if bounds:
            for number in np.unique(column[here]).tolist():
                groups.add(f"{before}QOS {one.name}, {kind} {number}", here & (column == number), bounds)


def _never(
    jobs: Jobs, held: Held, tree: Tree, row: Int64, qos: Sequence[Qos]
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which jobs ask for more than one job is granted, or for less, and how many by what limit."""
    if len(jobs) == 0:
        return np.zeros(0, np.bool_), {}
    kinds: dict[tuple[str, int], int] = {}
    pairs = list(zip((one.name.lower() for one in qos), row.tolist(), strict=True))
    kind = np.array([kinds.setdefault(pair, len(kinds)) for pair in pairs], np.int64)
    of = {one.name.lower(): one for one in qos}
    both = [of[name].job.inside(tree.associations[at].each) for name, at in kinds]
    minutes = np.ceil(jobs.limit_s / 60.0)
    found = {
        "beyond MaxWall": jobs.limit_s > np.array([each.wall_s for each in both])[kind],
        "beyond MaxTRES": np.zeros(len(jobs), np.bool_),
        "beyond MaxTRESMins": np.zeros(len(jobs), np.bool_),
        "below MinTRES": np.zeros(len(jobs), np.bool_),
    }
    for name, asked in held.asked.items():
        most = np.array([(b.tres.get(name, math.inf), b.job_mins.get(name, math.inf)) for b in both])[kind]
        found["beyond MaxTRES"] |= asked > most[:, 0]
        found["beyond MaxTRESMins"] |= asked * minutes > most[:, 1]
        found["below MinTRES"] |= asked < np.array([each.least.get(name, 0.0) for each in both])[kind]
    counts = {why: int(mask.sum()) for why, mask in found.items()}
    return np.logical_or.reduce(list(found.values())), counts


def _whole(number: float) -> int:
    return NO_LIMIT if number == math.inf else int(number)
