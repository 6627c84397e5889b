"""The tiers of a machine between one accelerator and all of them, and what a job of n nodes sees of them.

From near to far: a pair of accelerators, the link domain (a node, or a rack of NVL72), the leaf switch, the
group of the network (of a dragonfly or dragonfly+, or a pod of a fat tree), the whole machine. Each
accelerator has its own rail: its share of the adapters of its node.

References
----------
J. Kim, W. Dally, S. Scott, D. Abts, "Technology-Driven, Highly-Scalable Dragonfly Topology", ISCA 2008,
doi:10.1109/ISCA.2008.19. A. Shpiner et al., "Dragonfly+: Low Cost Topology for Scaling Datacenters", HiPINEB
2017, doi:10.1109/HiPINEB.2017.11.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError, nearest

PLACEMENTS = ("packed", "scattered")


@dataclass(frozen=True)
class Tier:
    """One level of the machine."""

    name: str
    """``pair``, ``domain``, ``switch``, ``group`` or ``machine``."""
    accelerators: int
    """Accelerators inside it."""
    accelerator_b_s: float
    """What one accelerator sends to the others inside it while all do, one direction, as rated [B/s]."""


@dataclass(frozen=True)
class Span:
    """What a job sees of the machine: what :class:`exatwin.workload.collectives.Fabric` needs of it."""

    pair_frac: float
    """Share of the link bandwidth that reaches any one other accelerator of the domain."""
    group: float
    """Accelerators of the job in one group of the network; infinite where there is but one group."""
    global_frac: float
    """Bandwidth of one accelerator out of its group over that of its adapters."""
    groups: float
    """Groups that the job is expected to spread over."""
    assumed: tuple[str, ...]
    """What was taken for granted."""


def nodes_per_group(machine: Machine) -> int | None:
    """Return the nodes of a full group of the network; ``None`` where all are one group or nobody says.

    Examples
    --------
    >>> from exatwin.catalogue.load import machine
    >>> nodes_per_group(machine("jupiter"))
    240
    """
    network, node = machine.network, machine.node
    adapters = node.nics or round(node.injection_b_s / (node.nic_b_s or math.inf))
    if network is None or network.adapters_per_group is None or not adapters:
        return None
    return max(network.adapters_per_group // adapters, 1)


def span_of(machine: Machine, nodes: int | None = None, placement: str = "packed") -> Span:
    """Return what a job on `nodes` nodes of `machine` sees of its tiers.

    Parameters
    ----------
    machine
        Where it runs.
    nodes
        Its nodes; by default all.
    placement
        ``packed`` fills one group after the other, as on a quiet machine whose scheduler knows the groups;
        ``scattered`` takes any nodes, each as likely as any other, as on a full machine whose scheduler
        doesn't.

    Raises
    ------
    SpecError
        There is no such placement.

    Notes
    -----
    Scattered, ``n`` of ``N`` nodes leave a group of ``m`` untouched with the probability
    ``C(N - m, n) / C(N, n)``. Bytes that leave a group share its global links evenly, as adaptive routing
    makes them do: ``global_frac`` is the taper of the network, at most 1.

    Examples
    --------
    >>> from exatwin.catalogue.load import machine
    >>> span_of(machine("jupiter"), 480).groups, span_of(machine("jupiter"), 480, "scattered").groups > 24
    (2.0, True)
    """
    if placement not in PLACEMENTS:
        raise SpecError(f"unknown placement '{placement}': {nearest(placement, PLACEMENTS)}")
    count, each = machine.nodes if nodes is None else nodes, nodes_per_group(machine)
    network, pair = machine.network, _pair_frac(machine)
    taper = network.taper if network is not None else None
    if each is None or taper is None or network is None:
        return Span(pair, math.inf, 1.0, 1.0, (_one_group(machine),))
    filled = min(each, count)
    groups = float(-(-count // each))
    if placement == "scattered":
        groups = max(groups, _touched(count, machine.nodes, each))
        filled = math.ceil(count / groups)
    accelerators = filled * max(machine.node.accelerators, 1)
    said = (
        f"{network.topology}: groups of {each} nodes, {min(taper, 1.0):.0%} of the adapters' bandwidth out "
        f"of a group, nodes {placement}"
    )
    return Span(pair, float(accelerators), min(taper, 1.0), groups, (said,))


def _one_group(machine: Machine) -> str:
    network = machine.network
    if network is None or network.topology in ("fat-tree", "unknown"):
        return "the network is taken for a fat tree without taper"
    return f"how the groups of '{network.name}' are joined is not known: taken for a network without taper"


def _pair_frac(machine: Machine) -> float:
    """Return the share of an accelerator's links that goes to one other: of a mesh, one of the others."""
    domain = machine.node.link_domain or machine.node.accelerators
    return 1.0 / (domain - 1) if machine.node.link_mesh and domain > 1 else 1.0


def _touched(nodes: int, total: int, each: int) -> float:
    """Return the expected number of groups of which random nodes hold at least one."""
    full, rest = divmod(total, each)
    sizes = [(full, each)] + ([(1, rest)] if rest else [])
    return sum(number * (1.0 - _untouched(nodes, total, size)) for number, size in sizes)


def _untouched(nodes: int, total: int, size: int) -> float:
    if nodes > total - size:
        return 0.0
    parts = (total - size, total - nodes), (total - size - nodes, total)
    above, below = (sum(math.lgamma(part + 1) for part in side) for side in parts)
    return math.exp(min(above - below, 0.0))


def tiers(machine: Machine) -> tuple[Tier, ...]:
    """Return the tiers of `machine`, from a pair of accelerators to all; none where it has no accelerators.

    Examples
    --------
    >>> from exatwin.catalogue.load import machine
    >>> [(tier.name, tier.accelerators) for tier in tiers(machine("jupiter"))]
    [('pair', 2), ('domain', 4), ('switch', 64), ('group', 960), ('machine', 23536)]
    """
    chip, node, network = machine.accelerator, machine.node, machine.network
    if chip is None or not node.accelerators:
        return ()
    link_b_s = (chip.link_b_s or 0.0) / 2.0
    nic_b_s = node.injection_b_s / node.accelerators
    domain, span, each = node.link_domain or node.accelerators, span_of(machine), nodes_per_group(machine)
    found = [Tier("pair", 2, link_b_s * span.pair_frac)] if span.pair_frac < 1.0 else []
    found.append(Tier("domain", domain, link_b_s))
    if network is not None and network.nodes_per_switch:
        found.append(Tier("switch", network.nodes_per_switch * node.accelerators, nic_b_s))
    if each is not None and each < machine.nodes:
        found.append(Tier("group", each * node.accelerators, nic_b_s))
    found.append(Tier("machine", machine.accelerators, nic_b_s * span.global_frac))
    return tuple(tier for tier in found if tier.accelerators <= machine.accelerators)


__all__ = ["PLACEMENTS", "Span", "Tier", "nodes_per_group", "span_of", "tiers"]
