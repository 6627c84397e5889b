"""The parts of the priorities that a centre's files decide: partition, QOS, size, resources, usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.schedule.multifactor import PriorityRule, equal_shares
from exatwin.schedule.ranks import Ranks
from exatwin.schedule.site.accounts import Accounts, Qos
from exatwin.schedule.site.conf import ConfNodes, ConfPartition, SlurmConf
from exatwin.schedule.site.tree import Labels, Tree, share_tree
from exatwin.workload.job import Jobs


@dataclass(frozen=True, eq=False)
class Site:
    """What is known of a centre: its files, where there are any, and the names in a log."""

    conf: SlurmConf | None = None
    accounts: Accounts | None = None
    labels: Labels = Labels()
    partition: Int64 | None = None
    """Partition of each job by `labels`; None for the column of the jobs, shape (jobs,)."""
    capacity: int = 1
    """Nodes of the machine."""

    def partition_of(self, jobs: Jobs) -> Int64:
        """Return the partition of each job by `labels`, shape (jobs,)."""
        return jobs.partition.astype(np.int64) if self.partition is None else self.partition


def site_ranks(
    jobs: Jobs, site: Site, rule: PriorityRule, reset_s: Int64 | None = None
) -> tuple[Ranks, list[str]]:
    """Return what the priorities of `jobs` are made of, and what had to be assumed.

    References
    ----------
    https://slurm.schedmd.com/priority_multifactor.html
    """
    remarks: list[str] = []
    tree = share_tree(site.accounts) if site.accounts is not None else None
    shares, row = equal_shares(jobs) if tree is None else (tree.shares, _rows(jobs, site, tree, remarks))
    held = Held.of(jobs, site)
    qos = qos_of(jobs, site, tree, row, remarks)
    weights, raw = rule.weights, rule.raw
    by_resource = _tres_points(held, weights.tres, "tres" in raw)
    lacking = sorted(kind for kind, weight in weights.tres.items() if weight and kind not in by_resource)
    if lacking:
        remarks.append(f"PriorityWeightTRES of {', '.join(lacking)} has no effect: no node has that")
    parts = {
        "assoc": weights.assoc * _scaled(_assoc(tree, row, len(jobs)), _greatest_assoc(tree), "assoc" in raw),
        "job_size": weights.job_size * size_part(jobs, held, rule),
        "partition": weights.partition * _partition_part(held, "partition" in raw),
        "qos": weights.qos
        * _scaled(np.array([one.priority for one in qos], float), _greatest(site), "qos" in raw),
        "tres": np.add.reduce([np.zeros(len(jobs)), *by_resource.values()]),
        "nice": jobs.nice.astype(np.float64),
    }
    if weights.qos > 0 and site.accounts is not None and not _greatest(site) and len(site.labels.qos) > 1:
        remarks.append(
            f"{site.accounts.path}: has no priorities of QOS, so all count the same: bring what "
            "'sacctmgr show qos --parsable2' prints too"
        )
    factor = np.array([max(one.usage_factor, 0.0) if one.usage_factor >= 0 else 1.0 for one in qos])
    since = jobs.submit_s if rule.from_submission else np.maximum(jobs.submit_s, jobs.eligible_s)
    ranks = Ranks(
        tree=shares,
        row=row,
        parts=parts,
        charge=held.billed(rule.greatest_resource) * factor,
        eligible_s=since.astype(np.int64),
        tier=held.tier,
        reset_s=np.zeros(0, np.int64) if reset_s is None else reset_s,
        by_resource=by_resource,
    )
    return ranks, remarks


def _rows(jobs: Jobs, site: Site, tree: Tree, remarks: list[str]) -> Int64:
    row = tree.rows(jobs, site.labels, site.partition_of(jobs))
    lost = int(np.sum(row == 0))
    if lost:
        assert site.accounts is not None
        pseudonyms = ": its accounts and users are pseudonyms, import it with --real-names"
        why = pseudonyms if lost == len(jobs) else ""
        remarks.append(
            f"{lost:,} of {len(jobs):,} jobs are of no association in {site.accounts.path} and count for its "
            f"root{why}"
        )
    return row


def qos_of(jobs: Jobs, site: Site, tree: Tree | None, row: Int64, remarks: list[str]) -> list[Qos]:
    """Return the QOS of each job: its own, else the default of its association, else ``normal``."""
    known: Mapping[str, Qos] = site.accounts.qos if site.accounts is not None else {}
    names = [name.lower() for name in site.labels.qos]
    normal = known.get("normal", Qos("normal"))
    defaults = [one.default_qos for one in tree.associations] if tree is not None else [""]
    unknown: dict[str, int] = {}
    found = []
    for number, at in zip(jobs.qos.tolist(), (row if tree is not None else row * 0).tolist(), strict=True):
        name = names[number] if 0 <= number < len(names) else defaults[at]
        if name and name not in known and known:
            unknown[name] = unknown.get(name, 0) + 1
        found.append(known.get(name, normal if not name else Qos(name)))
    for name, many in unknown.items():
        remarks.append(f"{many:,} jobs are of the unknown QOS '{name}': taken as one of priority 0")
    return found


def _greatest(site: Site) -> int:
    return max((one.priority for one in site.accounts.qos.values()), default=0) if site.accounts else 0


def _greatest_assoc(tree: Tree | None) -> int:
    return max((one.priority for one in tree.associations), default=0) if tree is not None else 0


def _assoc(tree: Tree | None, row: Int64, jobs: int) -> Float64:
    if tree is None:
        return np.zeros(jobs)
    return np.array([float(one.priority) for one in tree.associations])[row]


def _scaled(values: Float64, greatest: float, raw: bool) -> Float64:
    """Return `values` over the greatest there is, unless they count as they are."""
    return values if raw or not greatest else values / greatest


@dataclass(frozen=True, eq=False)
class Held:
    """What jobs ask for and get, and how much of it there is; shape (jobs,) or by resource."""

    partitions: tuple[ConfPartition | None, ...]
    """Partition of each job's number."""
    partition: Int64
    nodes: Float64
    asked: Mapping[str, Float64]
    """What each job asks for, by resource."""
    given: Mapping[str, Float64]
    """What it is given: whole nodes where its partition is exclusive."""
    there_is: Mapping[str, Float64]
    """How much of each resource the partition of each job has."""
    capacity: int
    processors: float
    """Processors of the machine."""
    greatest_job_factor: int

    @classmethod
    def of(cls, jobs: Jobs, site: Site) -> Held:
        """Return what `jobs` hold on the nodes of `site`; without a file nodes have one processor each."""
        conf, partition = site.conf, site.partition_of(jobs)
        has_nodes = conf is not None and conf.node_count > 0
        names = [str(name) for name in site.labels.partitions] or [""]
        partition = np.where((partition >= 0) & (partition < len(names)), partition, 0)
        known = {one.name.lower(): one for one in conf.partitions} if conf is not None else {}
        default = next((one for one in known.values() if one.default), None)
        queues = tuple(known.get(name.lower(), default) for name in names)
        plain = {"cpu": float(site.capacity), "node": float(site.capacity)}
        there = [_resources(one, conf) if has_nodes and conf else plain for one in queues]
        kinds = sorted({kind for each in there for kind in each})
        table = {kind: np.array([each.get(kind, 0.0) for each in there])[partition] for kind in kinds}
        nodes = jobs.nodes.astype(np.float64)
        whole = {kind: nodes * table[kind] / np.maximum(table["node"], 1.0) for kind in kinds}
        asked = dict(whole)
        for kind, values in (("cpu", jobs.processors), ("gres/gpu", jobs.gpus), ("mem", jobs.memory_mib)):
            if kind in whole and (kind != "cpu" or has_nodes):
                asked[kind] = np.where(values >= 0, values, whole[kind])
        exclusive = np.array([one is None or one.exclusive for one in queues])[partition] | (not has_nodes)
        if conf is not None and conf.get("SelectType").lower() == "select/linear":
            exclusive = np.ones(len(jobs), np.bool_)
        given = {kind: np.where(exclusive, whole[kind], asked[kind]) for kind in kinds}
        return cls(
            partitions=queues,
            partition=partition,
            nodes=nodes,
            asked=asked,
            given=given,
            there_is=table,
            capacity=conf.node_count if has_nodes and conf else site.capacity,
            processors=float(conf.processors) if has_nodes and conf else float(site.capacity),
            greatest_job_factor=max((one.job_factor for one in known.values()), default=1),
        )

    @property
    def tier(self) -> Int64 | None:
        """Tier of the partition of each job above the lowest; None where all have one."""
        of = np.array([1 if one is None else one.tier for one in self.partitions], np.int64)
        return None if np.ptp(of[np.unique(self.partition)]) == 0 else (of - of.min())[self.partition]

    def billed(self, greatest: bool) -> Float64:
        """Return the billing units of each job: processors, or by ``TRESBillingWeights``; shape (jobs,)."""
        found = self.given["cpu"].copy()
        for number, one in enumerate(self.partitions):
            if one is None or not one.billing:
                continue
            here = self.partition == number
            terms = [self.given.get(k, np.zeros(len(here)))[here] * w for k, w in one.billing.items()]
            found[here] = np.max(terms, axis=0) if greatest else np.sum(terms, axis=0)
        return found


def _resources(partition: ConfPartition | None, conf: SlurmConf) -> dict[str, float]:
    """Return how much of each resource the nodes of `partition` have together, or all nodes."""
    wanted = set(partition.nodes) if partition is not None and partition.nodes else None
    found: dict[str, float] = {"node": 0.0, "cpu": 0.0, "mem": 0.0}
    for line in conf.nodes:
        many = len(line.names) if wanted is None else sum(name in wanted for name in line.names)
        for kind, amount in _of_node(line).items():
            found[kind] = found.get(kind, 0.0) + many * amount
    return found


def _of_node(line: ConfNodes) -> dict[str, float]:
    return {"node": 1.0, "cpu": float(line.processors), "mem": line.memory_mib, **line.gres}


def size_part(jobs: Jobs, held: Held, rule: PriorityRule) -> Float64:
    """Return the factor of size, the mean of the parts of nodes and of processors, shape (jobs,)."""
    cpus, nodes, machine = held.asked["cpu"], held.nodes, float(held.capacity)
    if rule.relative_to_time:
        wide = np.maximum(nodes * held.processors / machine, cpus)
        minutes = np.maximum(np.ceil(jobs.limit_s / 60.0), 1.0)
        part = wide / minutes / held.processors
        return np.clip(1.0 - part if rule.weights.favor_small else part, 0.0, 1.0)
    if rule.weights.favor_small:
        return np.clip(
            ((machine - nodes) / machine + (held.processors - cpus) / held.processors) / 2, 0.0, 1.0
        )
    return np.clip((nodes / machine + cpus / held.processors) / 2, 0.0, 1.0)


def _partition_part(held: Held, raw: bool) -> Float64:
    factors = np.array([1.0 if one is None else float(one.job_factor) for one in held.partitions])
    return _scaled(factors, float(held.greatest_job_factor), raw)[held.partition]


_NUMBERED = ("cpu", "mem", "energy", "node", "billing", "fs/disk", "vmem", "pages")
"""Resources that have the first numbers in every cluster, in order; others follow."""


def _tres_points(held: Held, weights: Mapping[str, float], raw: bool) -> dict[str, Float64]:
    """Return points by resource, in its order: weight times the part of the partition's, or the number."""
    found = {}
    for kind in sorted(weights, key=lambda name: _NUMBERED.index(name) if name in _NUMBERED else 99):
        if kind not in held.asked:
            continue
        there = held.there_is[kind]
        part = np.divide(held.asked[kind], there, out=np.zeros(len(there)), where=there > 0)
        found[kind] = weights[kind] * (held.asked[kind] if raw else part)
    return found
