"""From a layout on a machine to the terms of the step law, and what may not be asked."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from exatwin.catalogue.llm_calibration import FamilyRates, LlmCalibration, Stack
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.spec import PositiveCount, Spec
from exatwin.workload.apps.llm_device import Device, device_of
from exatwin.workload.apps.llm_precision import PEAK_OF, PRECISIONS, offered, precision_of
from exatwin.workload.apps.llm_terms import Chip, Law, Plan
from exatwin.workload.collectives import Fabric
from exatwin.workload.roofline import Value


def near_divisors(number: int, wanted: int) -> str:
    """Return the divisors of `number` on both sides of `wanted`, in words.

    Examples
    --------
    >>> near_divisors(64, 6)
    'nearest: 4 or 8'
    """
    below = next(d for d in range(min(wanted, number), 0, -1) if number % d == 0)
    above = next((d for d in range(wanted, min(number, 64 * wanted) + 1) if number % d == 0), below)
    return f"nearest: {below}" if above == below else f"nearest: {below} or {above}"


class Layout(Spec):
    """How one training run is split over accelerators."""

    accelerators: PositiveCount
    """Accelerators of the run."""
    global_batch: PositiveCount
    """Sequences of a step."""
    seq: PositiveCount
    """Tokens of a sequence."""
    micro_batch: PositiveCount = 1
    """Sequences of a micro-batch."""
    tp: PositiveCount = 1
    """Tensor-parallel ranks."""
    pp: PositiveCount = 1
    """Pipeline stages."""
    vpp: PositiveCount = 1
    """Chunks of layers of each stage."""
    schedule: Literal["1f1b", "interleaved", "zero-bubble"] = "1f1b"
    """Order of work in the pipeline; one forward, one backward is interleaved where `vpp` is more than 1."""
    cp: PositiveCount = 1
    """Context-parallel ranks."""
    ep: PositiveCount = 1
    """Expert-parallel ranks."""
    zero: Literal[0, 1, 2, 3] = 1
    """What replicas share out: 1 optimiser states, 2 and gradients, 3 and weights (FSDP)."""
    sequence_parallel: bool = True
    """Whether tensor-parallel ranks split the residual stream too."""
    recompute: Literal["none", "selective", "full"] = "none"
    """What the backward pass computes again."""
    precision: str = "bf16"
    """One of `PRECISIONS`; usual words for them are understood."""
    stack: str = ""
    """Training stack of the calibration; blank for the usual one of this layout."""

    @field_validator("precision", mode="before")
    @classmethod
    def _usual_word(cls, text: object) -> str:
        return precision_of(str(text))

    @model_validator(mode="after")
    def _divides(self) -> Self:
        ranks, count = self.tp * self.pp * self.cp, self.accelerators
        if count % ranks:
            near = max(1, round(count / ranks)) * ranks
            raise SpecError(
                f"tp x pp x cp = {ranks:,} does not divide the {count:,} accelerators: expected a divisor, "
                f"{near_divisors(count, ranks)}, or a multiple of {ranks:,} accelerators, such as {near:,}"
            )
        stage = count // self.pp
        if stage % self.ep:
            raise SpecError(
                f"'ep' is {self.ep}, expected a divisor of the {stage} ranks of a stage, "
                f"{near_divisors(stage, self.ep)}"
            )
        if (self.schedule == "zero-bubble" and self.vpp > 1) or (
            self.schedule == "interleaved" and self.vpp == 1
        ):
            expected = "1" if self.schedule == "zero-bubble" else "at least 2"
            raise SpecError(f"'vpp' is {self.vpp}, expected {expected} with the {self.schedule} schedule")
        return self

    @property
    def dp(self) -> int:
        """Replicas of the model."""
        return self.accelerators // (self.tp * self.pp * self.cp)

    @property
    def sequences(self) -> int:
        """Sequences of a step on the busiest replica."""
        return -(-self.global_batch // self.dp)

    @property
    def one_by_one(self) -> bool:
        """Whether `micro_batch` must mean the batch of a replica, whose sequences stages take one by one.

        A pipeline of a single micro-batch would be idle most of the time; some stacks mean this by the word.
        """
        return self.pp > 1 and self.micro_batch > 1 and self.sequences <= self.micro_batch

    @property
    def micro_batch_held(self) -> int:
        """Sequences that an accelerator works on at a time."""
        return 1 if self.one_by_one else min(self.micro_batch, self.sequences)

    @property
    def micro_batches(self) -> int:
        """Micro-batches of a step on the busiest replica, the last one perhaps not full."""
        return -(-self.sequences // self.micro_batch_held)

    def stack_name(self) -> str:
        """Return the stack: that asked for, or the usual one.

        Runs in fp16 come from stacks that had no fused attention; sharded weights from FSDP stacks.
        """
        if self.stack:
            return self.stack
        if self.precision == "fp16":
            return "megatron-2021"
        return "fsdp" if self.zero == 3 else "megatron"


def stack_of(layout: Layout, calibration: LlmCalibration) -> Stack:
    """Return what the training stack of `layout` does.

    Raises
    ------
    SpecError
        There is no such stack.
    """
    name = layout.stack_name()
    if name not in calibration.stacks:
        raise SpecError(f"unknown training stack '{name}': {nearest(name, calibration.stacks)}")
    return calibration.stacks[name]


def reserve_b(stack: Stack, calibration: LlmCalibration, sharers: Value) -> Value:
    """Return the memory that `stack` takes beside what is counted, where `sharers` share the states [B].

    A lean reserve is that of stacks that share weights out; with nobody to share with it is the usual one.
    """
    usual = max(stack.reserve_b, calibration.stacks["megatron"].reserve_b)
    return np.where(np.asarray(sharers) > 1.0, stack.reserve_b, usual)


def plan_terms(layout: Layout, stack: Stack) -> Plan:
    """Return `layout` as the law knows it."""
    return Plan(
        seq=float(layout.seq),
        micro_batch=float(layout.micro_batch_held),
        micro_batches=float(layout.micro_batches),
        tp=float(layout.tp),
        pp=float(layout.pp),
        vpp=float(layout.vpp),
        zero_bubble=float(layout.schedule == "zero-bubble"),
        cp=float(layout.cp),
        dp=float(layout.dp),
        ep=float(layout.ep),
        recompute_full=float(layout.recompute == "full"),
        recompute_selective=float(layout.recompute == "selective"),
        sharded_weights=float(layout.zero == 3),
        sharded_optimiser=float(layout.zero >= 1),
        narrow=float(layout.precision not in ("fp16", "bf16")),
        gradient_b=stack.gradient_bytes,
        fused_attention=float(stack.fused_attention),
        fused=float(stack.fused or layout.precision not in ("fp16", "bf16")),
        overlap_tensor=float(stack.overlap_tensor),
        overlap_data=float(stack.overlap_data),
        flat=float(not stack.hierarchical),
    )


def family_rates(device: Device, calibration: LlmCalibration) -> FamilyRates:
    """Return the fitted rates of the family of `device`, or those of chips that no fit has seen."""
    known = calibration.families.get(device.family) or calibration.families.get("generic")
    return known or min(calibration.families.values(), key=lambda family: family.product)


def fabric_terms(device: Device, calibration: LlmCalibration) -> Fabric:
    """Return the fabric of `device` with the calibrated shares."""
    family = family_rates(device, calibration)
    return Fabric(
        domain=device.domain,
        link_b_s=device.link_b_s,
        nic_b_s=device.nic_b_s,
        link_frac=family.link_frac,
        reduce_frac=family.reduce_frac,
        exchange_frac=family.exchange_frac,
        nic_frac=calibration.network_frac,
        link_latency_s=family.link_latency_us * 1e-6,
        network_latency_s=calibration.network_latency_us * 1e-6,
        overlap_frac=calibration.network_overlap_frac,
        pair_frac=device.pair_frac,
        group=device.group,
        global_frac=device.global_frac,
    )


def chip_terms(device: Device, layout: Layout, stack: Stack, calibration: LlmCalibration) -> Chip:
    """Return the rates of `device` in the precision of `layout`.

    Rates fall where a chip may draw less power for its peak than the chip its family was calibrated on: its
    clock gives way under sustained products. A chip of no calibrated family reaches what somebody measured
    of a large product on it, or else the share of its peak that is usual.

    Raises
    ------
    SpecError
        The chip has no such precision.
    """
    if layout.precision not in (known := offered(device.peak)):
        raise SpecError(f"'{device.chip}' has no {layout.precision}: choose from: {', '.join(known)}")
    family = family_rates(device, calibration)
    product, attention = family.product, family.attention
    clock = 1.0
    if device.family in calibration.families:
        clock = _clock(device, family, calibration)
    elif device.product_frac is not None:
        product, attention = device.product_frac, attention * device.product_frac / product
    share = product * clock * stack.product
    narrow = calibration.precisions.get(layout.precision, 1.0)
    fused = stack.attention if device.family != "ampere" else 1.0
    return Chip(
        layer_flop_s=device.peak[PEAK_OF[layout.precision]] * share * narrow,
        wide_flop_s=device.peak["bf16"] * share,
        attention_flop_s=device.peak["bf16"] * attention * clock * fused,
        memory_b_s=device.memory_b_s * calibration.memory_frac,
        shared_cap=float(device.shared_cap),
    )


def _clock(device: Device, family: FamilyRates, calibration: LlmCalibration) -> float:
    """Return the rate of `device` over that of its family, by the power it may draw; 1 where nobody says."""
    if device.power_w <= 0.0:
        return 1.0
    ratio = device.power_w / (device.peak["bf16"] * 1e-12) / family.watts_per_tflop_s
    return float(ratio ** (calibration.power_exponent * (1.0 if ratio < 1.0 else 0.5)))


def law_of(calibration: LlmCalibration) -> Law:
    """Return the constants of the law."""
    return Law(**calibration.law)


__all__ = [
    "PEAK_OF", "PRECISIONS", "Device", "Layout", "chip_terms", "device_of", "fabric_terms", "family_rates",
    "law_of", "near_divisors", "offered", "plan_terms", "precision_of", "reserve_b", "stack_of",
]  # fmt: skip
