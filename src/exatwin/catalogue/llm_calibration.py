"""The fitted constants of LLM training: by chip family, precision and training stack, with their errors."""

from __future__ import annotations

from functools import cache

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Bytes, Count, Fraction, PositiveCount, Ratio, Sourced, Spec


class FamilyRates(Spec):
    """What one family of chips reaches."""

    product: Ratio
    """Rate of very large products over the 16-bit peak."""
    attention: Ratio
    """Rate of fused attention over the 16-bit peak."""
    watts_per_tflop_s: Ratio
    """Rated power over 16-bit peak of the chip that the family's rates refer to."""
    link_frac: Ratio
    """Share of the rated link bandwidth that gathers reach."""
    reduce_frac: Ratio
    """The same for all-reduce; in-switch reduction can exceed 1."""
    exchange_frac: Ratio
    """The same for all-to-all."""
    link_latency_us: Ratio
    """Start of a collective inside the link domain [us]."""


class Stack(Spec):
    """What a training stack does."""

    fused_attention: bool
    """Whether attention avoids writing its scores."""
    fused: bool
    """Whether elementwise chains are compiled."""
    overlap_tensor: bool
    """Whether tensor-parallel traffic runs beside products."""
    overlap_data: bool
    """Whether gradients travel during the backward pass."""
    hierarchical: bool
    """Whether gathers of sharded weights follow the hierarchy of the machine."""
    gradient_bytes: Ratio
    """Bytes of a gradient on the wire."""
    product: Ratio
    """Rate of products over that of the reference stack."""
    attention: Ratio
    """Rate of attention over that of the reference stack, on chips after ampere."""
    reserve_b: Bytes
    """Memory that runtime, communicators and fragmentation take."""


class Error(Spec):
    """How wrong the law is on one kind of run."""

    rows: Count
    """Measurements scored."""
    in_sample_median: Fraction
    """Median absolute relative error where all families were fitted."""
    in_sample_p90: Ratio
    """Its 90th percentile."""
    left_out_median: Fraction
    """Median where the family of the row was left out."""
    left_out_p90: Ratio
    """Its 90th percentile."""
    low: Ratio
    """10th percentile of measured over predicted time, family left out."""
    high: Ratio
    """90th percentile of measured over predicted time, family left out."""


class LlmCalibration(Sourced):
    """All fitted constants and their errors."""

    name: str
    """Catalogue name."""
    law: dict[str, Ratio]
    """Constants of the laws of time and memory by name."""
    families: dict[str, FamilyRates]
    """Rates by chip family; ``generic`` for chips that no fit has seen."""
    precisions: dict[str, Ratio]
    """Share of the peak of a narrow format that products reach, over the 16-bit share."""
    stacks: dict[str, Stack]
    """Training stacks by name."""
    power_exponent: Ratio
    """How the rate follows rated power per peak."""
    memory_frac: Fraction
    """Share of the rated memory bandwidth that long passes reach."""
    network_frac: Fraction
    """Share of the rated network bandwidth that long messages reach."""
    network_latency_us: Ratio
    """Start of a collective between domains, each doubling [us]."""
    network_overlap_frac: Fraction
    """Share of the phase inside domains that hides behind the network."""
    memory_band: Ratio
    """Share of memory up to which a measured run whose source leaves settings open is read as lean enough."""
    usable_memory: Ratio
    """What the driver offers over the nominal size of device memory, which counts in powers of two."""
    most_accelerators: PositiveCount
    """Accelerators of the largest measured run that was fitted."""
    errors: dict[str, Error]
    """Errors by kind.

    ``dense`` and ``experts`` with each paper left out, ``experts-model`` with each model with experts left
    out, ``uncalibrated`` with each family of chips left out, its interval doubled (all are one maker's),
    ``network`` of timings of collectives with each system left out.
    """


@cache
def llm_calibration() -> LlmCalibration:
    """Return the calibration that the package ships."""
    found: LlmCalibration = entry(LlmCalibration, "calibration", "llm-training")
    return found


__all__ = ["Error", "FamilyRates", "LlmCalibration", "Stack", "llm_calibration"]
