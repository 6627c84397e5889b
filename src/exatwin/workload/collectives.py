"""Collectives over the hierarchy of a machine: pairs, a link domain, a group of the network, the whole of it.

Ranks of a group stand `stride` apart. As many of them as fit share a link domain; they combine there first,
and every rank then carries its share of the message over its own adapter (the hierarchical algorithms of NCCL
and RCCL, one rail an accelerator). Inside a group of the network (a dragonfly's group, a pod of a fat tree)
adapters reach their full rate; out of it they share the group's global links (`Fabric.global_frac`).
:mod:`exatwin.workload.topology` says what these are on a machine. All functions broadcast over arrays of
configurations.

References
----------
R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of Collective Communication Operations in MPICH",
International Journal of High Performance Computing Applications 19(1), 2005, doi:10.1177/1094342005051521.
J. Kim, W. Dally, S. Scott, D. Abts, "Technology-Driven, Highly-Scalable Dragonfly Topology", ISCA 2008,
doi:10.1109/ISCA.2008.19 (groups and global links).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.workload.roofline import Value


@dataclass(frozen=True)
class Fabric:
    """What collectives see of a machine; each field is a number or an array over configurations."""

    domain: Value
    """Accelerators that share one link domain (a node, or a rack of NVL72)."""
    link_b_s: Value
    """Bandwidth of one accelerator into its domain, one direction, as rated [B/s]."""
    nic_b_s: Value
    """Network bandwidth of one accelerator, one direction, as rated [B/s]."""
    link_frac: Value
    """Share of the rated link bandwidth that gathers and scatters reach."""
    reduce_frac: Value
    """The same for all-reduce (in-switch reduction counts as more)."""
    exchange_frac: Value
    """The same for all-to-all."""
    nic_frac: Value
    """Share of the rated network bandwidth that long messages reach."""
    link_latency_s: Value
    """Start of one collective inside a domain [s]."""
    network_latency_s: Value
    """Start of one collective between domains [s], each doubling of the domains once."""
    overlap_frac: Value
    """Share of the phase inside the domains that a pipelined collective hides behind the network."""
    pair_frac: Value = 1.0
    """Share of the link bandwidth that reaches any one accelerator: 1 behind a switch, less in a mesh."""
    group: Value = np.inf
    """Accelerators of one group of the network, inside which no link is shared."""
    global_frac: Value = 1.0
    """Bandwidth of one accelerator out of its group over that of its adapter."""


def split(ranks: Value, stride: Value, domain: Value) -> tuple[Value, Value]:
    """Return how many ranks of a group share a domain, and over how many domains it spreads.

    Examples
    --------
    >>> [float(part) for part in split(16, 2, 8)]
    [4.0, 4.0]
    """
    inside = np.minimum(np.maximum(np.floor(domain / stride), 1.0), ranks)
    return inside, ranks / inside


def reduce_scatter_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] of a reduce-scatter whose whole message is `size_b` bytes.

    Parameters
    ----------
    size_b
        Bytes that each rank holds at the start; it keeps a share of ``1 / ranks``.
    ranks, stride
        Ranks that take part, and how far apart they stand.
    fabric
        The machine.

    Notes
    -----
    With ``k`` ranks in each domain, ``m`` domains in each group and ``g`` groups, a rank sends
    ``S (k-1)/k`` bytes over links, then ``S/k (m-1)/m`` within its group and ``S/(k m) (g-1)/g`` out of it:
    what crosses a slower tier was reduced in the faster one before.
    """
    return _ring_s(size_b, ranks, stride, fabric, fabric.link_frac)


def all_gather_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] of an all-gather after which every rank holds `size_b` bytes.

    The mirror image of :func:`reduce_scatter_s`: the same bytes the other way.
    """
    return _ring_s(size_b, ranks, stride, fabric, fabric.link_frac)


def all_reduce_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] of an all-reduce of `size_b` bytes: a reduce-scatter and an all-gather."""
    return _ring_s(2.0 * size_b, ranks, stride, fabric, fabric.reduce_frac)


def _ring_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric, link_frac: Value) -> Value:
    inside, outside = split(ranks, stride, fabric.domain)
    links_s = size_b * (inside - 1.0) / inside / (_link_b_s(inside, fabric) * link_frac)
    share = (outside - 1.0) / outside + _detour(inside, ranks, stride, fabric)
    nics_s = size_b / inside * share / (fabric.nic_b_s * fabric.nic_frac)
    far = outside > 1.0
    start_s = _start_s(inside, outside, fabric)
    return start_s + nics_s + links_s * np.where(far, 1.0 - fabric.overlap_frac, 1.0)


def _start_s(inside: Value, outside: Value, fabric: Fabric) -> Value:
    start_s = (inside > 1.0) * fabric.link_latency_s
    return start_s + (outside > 1.0) * fabric.network_latency_s * np.log2(np.maximum(outside, 2.0))


def _link_b_s(inside: Value, fabric: Fabric) -> Value:
    """Return the link bandwidth that one of `inside` ranks in a domain has towards the others [B/s]."""
    if np.ndim(fabric.pair_frac) == 0 and fabric.pair_frac >= 1.0:
        return fabric.link_b_s
    return fabric.link_b_s * np.minimum(fabric.pair_frac * np.maximum(inside - 1.0, 1.0), 1.0)


def _one_group(fabric: Fabric) -> bool:
    """Return whether leaving a group costs nothing on any configuration."""
    return np.ndim(fabric.global_frac) == 0 and bool(fabric.global_frac >= 1.0)


def _within(inside: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return how many ranks stand in one group of the network."""
    return np.minimum(np.maximum(np.floor(fabric.group / stride), inside), ranks)


def _detour(inside: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return how much more the bytes that leave their group cost, as a share of a rank's message."""
    if _one_group(fabric):
        return 0.0
    within = _within(inside, ranks, stride, fabric)
    return inside * (1.0 / within - 1.0 / ranks) * (1.0 / fabric.global_frac - 1.0)


def all_to_all_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] of an all-to-all in which each rank sends `size_b` bytes, itself included.

    Every tier carries its bytes at the same time, the slowest counts.
    """
    inside, outside = split(ranks, stride, fabric.domain)
    links_s = size_b * (inside - 1.0) / ranks / (_link_b_s(inside, fabric) * fabric.exchange_frac)
    nics_s = size_b * (ranks - inside) / ranks / (fabric.nic_b_s * fabric.nic_frac)
    start_s = (inside > 1.0) * fabric.link_latency_s + (outside > 1.0) * fabric.network_latency_s
    if not _one_group(fabric):
        out = (ranks - _within(inside, ranks, stride, fabric)) / ranks
        nics_s = np.maximum(nics_s, size_b * out / (fabric.nic_b_s * fabric.nic_frac * fabric.global_frac))
    return start_s + np.maximum(links_s, nics_s)


def dispatch_s(size_b: Value, copies: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] in which each rank sends every token of its `size_b` bytes to `copies` experts.

    Notes
    -----
    A token goes once to each rank that it visits, and crosses the network once to each domain, where it is
    handed on. Thrown on ``n`` places evenly, ``k`` copies meet ``n (1 - (1 - 1/n)^k)`` of them.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv:2412.19437, section 3.2.2 (tokens cross the network
    once a node).

    Examples
    --------
    >>> float(_met(8.0, 8.0)) < 8.0 and float(_met(4.0, 1.0)) == 1.0
    True
    """
    inside, outside = split(ranks, stride, fabric.domain)
    links_b = size_b * _met(ranks, copies) * (inside - 1.0) / inside
    links_s = links_b / (_link_b_s(inside, fabric) * fabric.exchange_frac)
    nics_b = size_b * _met(outside, copies) * (outside - 1.0) / outside
    nics_s = nics_b / (fabric.nic_b_s * fabric.nic_frac)
    start_s = (inside > 1.0) * fabric.link_latency_s + (outside > 1.0) * fabric.network_latency_s
    if not _one_group(fabric):
        groups = ranks / _within(inside, ranks, stride, fabric)
        out_b = size_b * _met(outside, copies) * (groups - 1.0) / groups
        nics_s = np.maximum(nics_s, out_b / (fabric.nic_b_s * fabric.nic_frac * fabric.global_frac))
    return start_s + np.maximum(links_s, nics_s)


def _met(places: Value, copies: Value) -> Value:
    """Return how many of `places` are met by `copies` thrown evenly."""
    return places * (1.0 - (1.0 - 1.0 / places) ** copies)


def broadcast_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] to bring `size_b` bytes from one rank to all.

    Notes
    -----
    Pipelined: the ranks of the first domain share the message out, each hands its part on from domain to
    domain, and those of a domain gather the parts; one part of a group crosses to the next at a time.
    """
    inside, outside = split(ranks, stride, fabric.domain)
    far = outside > 1.0
    links_s = (inside > 1.0) * size_b / (_link_b_s(inside, fabric) * fabric.link_frac)
    nics_s = far * size_b / inside / (fabric.nic_b_s * fabric.nic_frac)
    if not _one_group(fabric):
        within = _within(inside, ranks, stride, fabric)
        slower = np.where(ranks > within, inside / within / fabric.global_frac, 1.0)
        nics_s = nics_s * np.maximum(slower, 1.0)
    start_s = _start_s(inside, outside, fabric)
    return start_s + nics_s + links_s * np.where(far, 1.0 - fabric.overlap_frac, 1.0)


def send_s(size_b: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] to send `size_b` bytes to the rank `stride` further on, while all ranks do so."""
    near = stride < fabric.domain
    link_b_s = _link_b_s(2.0, fabric) * fabric.link_frac
    nic_b_s = fabric.nic_b_s * fabric.nic_frac
    if not _one_group(fabric):
        nic_b_s = nic_b_s * np.where(stride >= fabric.group, fabric.global_frac, 1.0)
    rate = np.where(near, link_b_s, nic_b_s)
    return np.where(near, fabric.link_latency_s, fabric.network_latency_s) + size_b / rate
