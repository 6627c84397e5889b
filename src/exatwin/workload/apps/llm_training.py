"""LLM training: seconds, FLOP/s and memory of one step of a model on a machine under a layout.

References
----------
A. Chowdhery et al., "PaLM: Scaling Language Modeling with Pathways", arXiv:2204.02311, section 4.1 (use of
the peak by the model's FLOP/s, and by the hardware's).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from exatwin.catalogue.generic import with_room
from exatwin.catalogue.llm_calibration import Error, LlmCalibration, llm_calibration
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.units import show
from exatwin.workload.apps.llm_check import batch_words, check_layout, layer_words, too_large
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_setup import (
    Device,
    Layout,
    chip_terms,
    device_of,
    fabric_terms,
    law_of,
    plan_terms,
    reserve_b,
    stack_of,
)
from exatwin.workload.apps.llm_step import step_parts
from exatwin.workload.memory import memory_parts


@dataclass(frozen=True)
class TrainingEstimate:
    """What one step of training takes."""

    model: str
    """Name of the model."""
    machine: str
    """Name of the machine."""
    layout: Layout
    """How it was split."""
    stack: str
    """Training stack that was assumed."""
    iteration_s: float
    """Seconds of a step."""
    interval_s: tuple[float, float]
    """80 % interval of the step [s], from the errors of families that the fit did not see."""
    breakdown_s: dict[str, float]
    """Seconds by part; they add up to the step."""
    model_flop_s_per_accelerator: float
    """Model FLOP/s of one accelerator: causal attention counted half, logits in, no recomputation."""
    mfu_frac: float
    """Model FLOP/s over the dense 16-bit peak."""
    hfu_frac: float
    """The same with what recomputation repeats."""
    tokens_per_s: float
    """Tokens of all accelerators each second."""
    memory_b: dict[str, float]
    """Bytes of the fullest accelerator by part."""
    memory_limit_b: float
    """Device memory."""
    error: Error
    """How wrong the law was on measured runs of this kind."""
    error_basis: str
    """What those runs were left out by."""
    assumptions: tuple[str, ...]
    """What was taken for granted."""

    @property
    def memory_b_per_accelerator(self) -> float:
        """Bytes of the fullest accelerator."""
        return sum(self.memory_b.values())

    @property
    def fits(self) -> bool:
        """Whether the run stays within device memory."""
        return self.memory_b_per_accelerator <= self.memory_limit_b


def estimate_llm_training(
    machine: Machine,
    model: LanguageModel,
    layout: Layout,
    *,
    must_fit: bool = True,
    more: Callable[[TrainingEstimate], str] | None = None,
) -> TrainingEstimate:
    """Return what one step of training `model` on `machine` takes under `layout`.

    Parameters
    ----------
    machine
        Where; its accelerators, links, adapters and their power set the rates.
    model
        What is trained.
    layout
        How it is split.
    must_fit
        Whether to refuse a run that does not fit in device memory.
    more
        Says on how many accelerators it would fit, where somebody has searched for that.

    Raises
    ------
    SpecError
        The layout does not suit the model or the machine.
    InfeasibleError
        The run does not fit in memory; the message names the fullest part and a smallest change.

    Examples
    --------
    >>> from exatwin.catalogue.generic import sized
    >>> from exatwin.workload.apps.llm_model import load_model
    >>> split = {"tp": 8, "pp": 8, "cp": 2, "vpp": 8, "precision": "fp8"}
    >>> layout = Layout(accelerators=1024, global_batch=1536, seq=8192, **split)
    >>> step = estimate_llm_training(sized("dgx-h100", 1024), load_model("llama-3.1-405b"), layout)
    >>> 30.0 < step.iteration_s < 45.0
    True
    """
    check_layout(machine, model, layout)
    device = device_of(machine)
    step = estimate_on(device, machine.name, model, layout)
    if must_fit and not step.fits:

        def tried(other: Layout) -> TrainingEstimate | None:
            try:
                check_layout(with_room(machine, other.accelerators), model, other)
            except SpecError:
                return None
            return estimate_on(device, machine.name, model, other)

        raise InfeasibleError(too_large(step, tried, None if more is None else partial(more, step)))
    return step


def estimate_on(device: Device, name: str, model: LanguageModel, layout: Layout) -> TrainingEstimate:
    """Return the estimate on accelerators described by `device` of the machine called `name`.

    Raises
    ------
    SpecError
        The chips lack the precision.
    """
    found = llm_calibration()
    stack = stack_of(layout, found)
    shape, plan = model.shape(layout.seq), plan_terms(layout, stack)
    fabric, chip = fabric_terms(device, found), chip_terms(device, layout, stack, found)
    law = law_of(found)
    parts = {key: float(value) for key, value in step_parts(shape, chip, plan, fabric, law).items()}
    held = memory_parts(
        shape, plan, law, float(layout.zero >= 2), float(layout.sequence_parallel),
        reserve_b(stack, found, layout.dp * layout.cp),
    )  # fmt: skip
    total = sum(parts.values())
    tokens = layout.global_batch * layout.seq
    flop = model.flop_per_token(layout.seq)
    again = model.repeated_flop_per_token(layout.seq, layout.recompute) / flop
    rate = flop * tokens / total / layout.accelerators
    error, basis = error_of(found, device, model)
    limit = device.memory_b * found.usable_memory
    peak = device.peak["bf16"]
    return TrainingEstimate(
        model=model.name,
        machine=name,
        layout=layout,
        stack=layout.stack_name(),
        iteration_s=total,
        interval_s=(total * error.low, total * error.high),
        breakdown_s=parts,
        model_flop_s_per_accelerator=rate,
        mfu_frac=rate / peak,
        hfu_frac=rate * (1.0 + again) / peak,
        tokens_per_s=tokens / total,
        memory_b={key: float(value) for key, value in held.items()},
        memory_limit_b=limit,
        error=error,
        error_basis=basis,
        assumptions=_assumptions(device, model, layout, found),
    )


def error_of(found: LlmCalibration, device: Device, model: LanguageModel) -> tuple[Error, str]:
    """Return how wrong the law was on runs like this, and what they were left out by."""
    if device.family not in found.families:
        return found.errors["uncalibrated"], "each family of chips left out, and twice as wide"
    if model.experts:
        return found.errors["experts-model"], "each model with experts left out"
    return found.errors["dense"], "each paper left out"


def _assumptions(
    device: Device, model: LanguageModel, layout: Layout, found: LlmCalibration
) -> tuple[str, ...]:
    said = [
        f"training stack '{layout.stack_name()}'{_why(layout)}",
        "a step on a quiet network, without failures",
        f"MFU against the dense 16-bit peak, {show(device.peak['bf16'], 'FLOP/s', 4)}",
        *device.assumed,
    ]
    if device.family not in found.families:
        said.append(f"never calibrated for {device.family} chips: rates of other families, a wide interval")
    if layout.accelerators > found.most_accelerators:
        said.append(f"extrapolated: no measured run has more than {found.most_accelerators:,} accelerators")
    return (*said, *batch_words(layout), *layer_words(model, layout))


def _why(layout: Layout) -> str:
    """Return why a stack was taken that nobody would expect."""
    if layout.stack or layout.precision != "fp16":
        return ""
    return (
        ": fp16 runs in the data come from stacks without fused attention; bf16 is as fast on the chip and "
        "taken with the stack of today"
    )


__all__ = ["TrainingEstimate", "check_layout", "error_of", "estimate_llm_training", "estimate_on"]
