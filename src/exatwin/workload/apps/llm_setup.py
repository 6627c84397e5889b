"""From a layout on a machine to the terms of the step law, and what may not be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import model_validator

from exatwin.catalogue.llm_calibration import LlmCalibration, Stack
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.parts import Accelerator
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.spec import PositiveCount, Spec
from exatwin.workload.apps.llm_terms import Chip, Law, Plan
from exatwin.workload.collectives import Fabric

PRECISIONS = ("fp16", "bf16", "fp8", "fp8-rowwise", "mxfp8", "nvfp4")
PEAK_OF = {"fp16": "bf16", "bf16": "bf16", "fp8": "fp8", "fp8-rowwise": "fp8", "mxfp8": "fp8", "nvfp4": "fp4"}


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
    """One of `PRECISIONS`."""
    stack: str = ""
    """Training stack of the calibration; blank for the usual one of this layout."""

    @model_validator(mode="after")
    def _divides(self) -> Self:
        ranks = self.tp * self.pp * self.cp
        if self.accelerators % ranks:
            raise ValueError(
                f"tp x pp x cp = {ranks} does not divide the {self.accelerators} accelerators: "
                f"expected a multiple of {ranks}, such as {max(1, self.accelerators // ranks) * ranks}"
            )
        if self.global_batch % self.dp or self.global_batch < self.dp:
            raise ValueError(
                f"'global_batch' is {self.global_batch}, expected a multiple of the {self.dp} replicas"
            )
        stage = self.accelerators // self.pp
        if stage % self.ep:
            raise ValueError(f"'ep' is {self.ep}, expected a divisor of the {stage} ranks of a stage")
        if self.precision not in PRECISIONS:
            raise ValueError(f"unknown precision '{self.precision}': {nearest(self.precision, PRECISIONS)}")
        if (self.schedule == "zero-bubble" and self.vpp > 1) or (
            self.schedule == "interleaved" and self.vpp == 1
        ):
            expected = "1" if self.schedule == "zero-bubble" else "at least 2"
            raise ValueError(f"'vpp' is {self.vpp}, expected {expected} with the {self.schedule} schedule")
        return self

    @property
    def dp(self) -> int:
        """Replicas of the model."""
        return self.accelerators // (self.tp * self.pp * self.cp)

    @property
    def micro_batches(self) -> int:
        """Micro-batches of a step on each replica, the last one perhaps not full."""
        return -(-self.global_batch // (self.dp * self.micro_batch))

    def stack_name(self) -> str:
        """Return the stack: that asked for, or the usual one.

        Runs in fp16 come from stacks that had no fused attention; sharded weights from FSDP stacks.
        """
        if self.stack:
            return self.stack
        if self.precision == "fp16":
            return "megatron-2021"
        return "fsdp" if self.zero == 3 and self.tp == 1 and self.pp == 1 else "megatron"


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


def plan_terms(layout: Layout, stack: Stack) -> Plan:
    """Return `layout` as the law knows it."""
    return Plan(
        seq=float(layout.seq),
        micro_batch=float(layout.micro_batch),
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
        fused=float(stack.fused),
        overlap_tensor=float(stack.overlap_tensor),
        overlap_data=float(stack.overlap_data),
        flat=float(not stack.hierarchical),
    )


@dataclass(frozen=True)
class Device:
    """What the law asks of the machine's datasheets."""

    family: str
    """Chip family."""
    peak: dict[str, float]
    """Dense peak by precision [FLOP/s]."""
    memory_b: float
    """Device memory [B]."""
    memory_b_s: float
    """Bandwidth of the device memory [B/s]."""
    power_w: float
    """Power that the accelerator may draw [W]."""
    domain: float
    """Accelerators of one link domain."""
    link_b_s: float
    """Link bandwidth of one accelerator, one direction [B/s]."""
    nic_b_s: float
    """Network bandwidth of one accelerator, one direction [B/s]."""


def device_of(machine: Machine) -> Device:
    """Return what the law asks of `machine`.

    Raises
    ------
    SpecError
        The machine has no accelerators, or its datasheets leave out what the law needs.
    """
    chip, node = machine.accelerator, machine.node
    if chip is None:
        raise SpecError(
            f"'{machine.name}' has no accelerators, LLM training is modelled on accelerators only"
        )
    needed = {
        "bf16 peak": chip.peak.get("bf16"),
        "memory": chip.memory_b,
        "memory bandwidth": chip.memory_b_s,
        "link bandwidth": chip.link_b_s,
        "rated power": chip.tdp_w,
    }
    missing = [name for name, value in needed.items() if not value]
    if not node.nics or not node.nic_b_s:
        missing.append(f"network adapters of '{node.name}'")
    if missing:
        raise SpecError(f"'{machine.name}': not known: {', '.join(missing)}; name them in a machine file")
    return Device(
        family=chip.family,
        peak=dict(chip.peak),
        memory_b=chip.memory_b or 0.0,
        memory_b_s=chip.memory_b_s or 0.0,
        power_w=_power_w(chip, machine),
        domain=float(node.link_domain or node.accelerators),
        link_b_s=(chip.link_b_s or 0.0) / 2.0,
        nic_b_s=node.nics * (node.nic_b_s or 0.0) / node.accelerators,
    )


def _power_w(chip: Accelerator, machine: Machine) -> float:
    """Return what one accelerator may draw [W]: its rated power, or its part of the module's cap."""
    cap = machine.node.module_cap_w
    if cap is None:
        return chip.tdp_w or 0.0
    return cap - (machine.node.module_processor_cap_w or 0.0)


def fabric_terms(device: Device, calibration: LlmCalibration) -> Fabric:
    """Return the fabric of `device` with the calibrated shares.

    Raises
    ------
    SpecError
        No chip of this family was calibrated.
    """
    family = calibration.families.get(device.family)
    if family is None:
        known = ", ".join(calibration.families)
        raise SpecError(f"LLM training was never calibrated for '{device.family}' chips (only for: {known})")
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
    )


def chip_terms(device: Device, layout: Layout, stack: Stack, calibration: LlmCalibration) -> Chip:
    """Return the rates of `device` in the precision of `layout`.

    Rates fall where a chip may draw less power for its peak than the chip its family was calibrated on: its
    clock gives way under sustained products.

    Raises
    ------
    SpecError
        The chip has no such precision.
    """
    key = PEAK_OF[layout.precision]
    if not device.peak.get(key):
        known = [name for name in PRECISIONS if device.peak.get(PEAK_OF[name])]
        raise SpecError(f"the chip has no {layout.precision} (it has: {', '.join(known)})")
    family = calibration.families[device.family]
    ratio = device.power_w / (device.peak["bf16"] * 1e-12) / family.watts_per_tflop_s
    exponent = calibration.power_exponent * (1.0 if ratio < 1.0 else 0.5)
    clock = float(ratio**exponent)
    share = family.product * clock * stack.product
    narrow = calibration.precisions.get(layout.precision, 1.0)
    fused = stack.attention if device.family != "ampere" else 1.0
    return Chip(
        layer_flop_s=device.peak[key] * share * narrow,
        wide_flop_s=device.peak["bf16"] * share,
        attention_flop_s=device.peak["bf16"] * family.attention * clock * fused,
        memory_b_s=device.memory_b_s * calibration.memory_frac,
    )


def law_of(calibration: LlmCalibration) -> Law:
    """Return the constants of the law."""
    return Law(**calibration.law)


__all__ = [
    "PRECISIONS", "Device", "Layout", "chip_terms", "device_of", "fabric_terms", "law_of",
    "plan_terms", "stack_of",
]  # fmt: skip
