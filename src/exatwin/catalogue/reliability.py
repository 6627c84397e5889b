"""How often large training runs fail, and what stopping and starting costs: what is known of it."""

from __future__ import annotations

from typing import Literal

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import BytesPerSecond, Fraction, PositiveCount, Ratio, Seconds, Sourced, Spec


class Cluster(Spec):
    """Failures of one cluster."""

    title: str
    """Which it is."""
    accelerators: PositiveCount
    """Accelerators of the jobs that were counted."""
    per_accelerator_day: Ratio
    """Failures of hardware and hosts, each accelerator and day."""
    common_per_day: Ratio
    """Failures that strike the job as a whole, each day."""


class MeasuredRun(Spec):
    """Something that was measured on a real run, to hold the law against."""

    name: str
    """For people."""
    id: str
    """Row of the table of measurements, or their group."""
    key: Literal["goodput", "allocation", "checkpoint", "mttf"]
    """Which quantity."""
    accelerators: PositiveCount
    """Accelerators of the run."""
    weights: Ratio
    """Weights of the model; 0 where it plays no part."""
    value: Ratio
    """What was measured, in SI."""
    machine: str
    """Catalogue name of the machine or the kind of node that stands for it."""


class Reliability(Sourced):
    """Failures and what they cost."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    clusters: dict[str, Cluster]
    """What was counted where."""
    scale_accelerators: PositiveCount
    """Size below which the common failures shrink with the job."""
    startup_s: Seconds
    """From the start of a job to its first step."""
    startup_low_s: Seconds
    """The shortest that was seen."""
    startup_high_s: Seconds
    """The longest that was seen."""
    pause_s: Seconds
    """What a checkpoint stops the run for, beside the copy to host memory."""
    pause_low_s: Seconds
    """At best."""
    pause_high_s: Seconds
    """Where the run waits for the files."""
    host_b_s: BytesPerSecond
    """Bandwidth of one accelerator to host memory."""
    spare_restart_s: Seconds
    """From a failure to the next step where spare nodes wait and states lie in memory."""
    other_frac: Fraction
    """Share of the running time that no step has: evaluation, teardown and the like."""
    other_low_frac: Fraction
    """At best."""
    other_high_frac: Fraction
    """At worst."""
    state_b_per_weight: Ratio
    """Bytes of a checkpoint for each weight of the model."""
    measured: list[MeasuredRun] = []
    """Runs to hold the law against."""
    notes: list[str] = []
    """What a careful reader should know."""


class NodeRates(Sourced):
    """How often the nodes of a machine fail, and how long they are away."""

    name: str
    """Name of the file."""
    title: str
    """What it is about."""
    per_accelerator_day: Ratio
    """Failures of a node for each of its accelerators and day."""
    per_accelerator_day_low: Ratio
    """At best."""
    per_accelerator_day_high: Ratio
    """At worst."""
    repair_s: Seconds
    """Mean time from a failure to the return."""
    repair_spread: Ratio
    """Standard deviation of its logarithm."""
    notes: list[str] = []
    """What a careful reader should know."""


def node_rates(name: str) -> NodeRates:
    """Return the rates called `name`, or those of the file at that path.

    Examples
    --------
    >>> node_rates("nodes").repair_s
    43200.0
    """
    found: NodeRates = entry(NodeRates, "reliability", name)
    return found


def reliability() -> Reliability:
    """Return what the package ships.

    Examples
    --------
    >>> sorted(reliability().clusters)
    ['llama-3', 'rsc-1']
    """
    found: Reliability = entry(Reliability, "reliability", "llm-training")
    return found


__all__ = ["Cluster", "MeasuredRun", "NodeRates", "Reliability", "node_rates", "reliability"]
