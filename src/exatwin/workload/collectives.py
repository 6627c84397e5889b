"""Collectives over the hierarchy of a machine: a fast link domain first, then the network between domains.

Ranks of a group stand `stride` apart. As many of them as fit share a link domain; they combine there first,
and every rank then carries its share of the message over its own adapter (the hierarchical algorithms of NCCL
and RCCL). All functions broadcast over arrays of configurations.

References
----------
R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of Collective Communication Operations in MPICH",
International Journal of High Performance Computing Applications 19(1), 2005, doi:10.1177/1094342005051521.
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
    """Return the time [s] of a reduce-scatter or an all-gather whose whole message is `size_b` bytes."""
    return _ring_s(size_b, ranks, stride, fabric, fabric.link_frac)


def all_reduce_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] of an all-reduce of `size_b` bytes: a reduce-scatter and an all-gather."""
    return _ring_s(2.0 * size_b, ranks, stride, fabric, fabric.reduce_frac)


def _ring_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric, link_frac: Value) -> Value:
    inside, outside = split(ranks, stride, fabric.domain)
    links_s = size_b * (inside - 1.0) / inside / (fabric.link_b_s * link_frac)
    nics_s = size_b / inside * (outside - 1.0) / outside / (fabric.nic_b_s * fabric.nic_frac)
    far = outside > 1.0
    start_s = (inside > 1.0) * fabric.link_latency_s
    start_s = start_s + far * fabric.network_latency_s * np.log2(np.maximum(outside, 2.0))
    return start_s + nics_s + links_s * np.where(far, 1.0 - fabric.overlap_frac, 1.0)


def all_to_all_s(size_b: Value, ranks: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] of an all-to-all in which each rank sends `size_b` bytes, itself included."""
    inside, outside = split(ranks, stride, fabric.domain)
    links_s = size_b * (inside - 1.0) / ranks / (fabric.link_b_s * fabric.exchange_frac)
    nics_s = size_b * (ranks - inside) / ranks / (fabric.nic_b_s * fabric.nic_frac)
    start_s = (inside > 1.0) * fabric.link_latency_s + (outside > 1.0) * fabric.network_latency_s
    return start_s + np.maximum(links_s, nics_s)


def send_s(size_b: Value, stride: Value, fabric: Fabric) -> Value:
    """Return the time [s] to send `size_b` bytes to the rank `stride` further on."""
    near = stride < fabric.domain
    rate = np.where(near, fabric.link_b_s * fabric.link_frac, fabric.nic_b_s * fabric.nic_frac)
    return np.where(near, fabric.link_latency_s, fabric.network_latency_s) + size_b / rate
