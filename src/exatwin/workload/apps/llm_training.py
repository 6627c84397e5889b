"""LLM training: seconds, FLOP/s and memory of one step of a model on a machine under a layout."""

from __future__ import annotations

from dataclasses import dataclass

from exatwin.catalogue.llm_calibration import Error, llm_calibration
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import InfeasibleError, SpecError
from exatwin.foundation.units import show
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_setup import (
    PEAK_OF,
    Device,
    Layout,
    chip_terms,
    device_of,
    fabric_terms,
    law_of,
    plan_terms,
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
    machine: Machine, model: LanguageModel, layout: Layout, *, must_fit: bool = True
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

    Raises
    ------
    SpecError
        The layout does not suit the model or the machine, or the chips were never calibrated.
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
    device = device_of(machine)
    _check(machine, model, layout)
    step = estimate_on(device, machine.name, model, layout)
    if must_fit and not step.fits:
        raise InfeasibleError(_too_large(step, device, model))
    return step


def estimate_on(device: Device, name: str, model: LanguageModel, layout: Layout) -> TrainingEstimate:
    """Return the estimate on accelerators described by `device` of the machine called `name`.

    Raises
    ------
    SpecError
        The chips were never calibrated, or lack the precision.
    """
    found = llm_calibration()
    stack = stack_of(layout, found)
    shape, plan = model.shape(layout.seq), plan_terms(layout, stack)
    fabric, chip = fabric_terms(device, found), chip_terms(device, layout, stack, found)
    parts = {key: float(value) for key, value in step_parts(shape, chip, plan, fabric, law_of(found)).items()}
    held = memory_parts(
        shape, plan, float(layout.zero >= 2), float(layout.sequence_parallel), found.reserve_b
    )
    total = sum(parts.values())
    tokens = layout.global_batch * layout.seq
    rate = model.flop_per_token(layout.seq) * tokens / total / layout.accelerators
    again = {"none": 0.0, "selective": 0.0, "full": 1.0 / 3.0}[layout.recompute]
    error = found.errors["experts" if model.experts else "dense"]
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
        memory_limit_b=device.memory_b * found.usable_memory,
        error=error,
        assumptions=_assumptions(device, layout),
    )


def _assumptions(device: Device, layout: Layout) -> tuple[str, ...]:
    said = [
        f"training stack '{layout.stack_name()}'",
        "a quiet network; no checkpoints, no failures",
        f"MFU against the dense 16-bit peak, {show(device.peak['bf16'], 'FLOP/s', 4)}",
    ]
    if layout.accelerators > 11616:
        said.append("extrapolated: no measured run has more than 11,616 accelerators")
    if layout.micro_batches * layout.micro_batch * layout.dp != layout.global_batch:
        said.append("the last micro-batch of a step is not full and takes as long as a full one")
    return tuple(said)


def _check(machine: Machine, model: LanguageModel, layout: Layout) -> None:
    if layout.accelerators > machine.accelerators:
        raise SpecError(
            f"'accelerators' is {layout.accelerators:,}, '{machine.name}' has {machine.accelerators:,}: "
            f"expected at most {machine.accelerators:,}"
        )
    if model.heads % layout.tp:
        raise SpecError(
            f"'tp' is {layout.tp}, expected a divisor of the {model.heads} heads of '{model.name}'"
        )
    if layout.pp * layout.vpp > model.layers + 2:
        raise SpecError(
            f"'pp' x 'vpp' is {layout.pp * layout.vpp}, '{model.name}' has only {model.layers} layers"
        )
    if layout.vpp > 1 and layout.pp == 1:
        raise SpecError("'vpp' is more than 1 without stages: expected 'pp' of at least 2")
    if layout.ep > max(model.experts, 1) or (model.experts and model.experts % layout.ep):
        raise SpecError(f"'ep' is {layout.ep}, expected a divisor of the {model.experts} experts")
    if not machine.accelerator or not machine.accelerator.peak.get(PEAK_OF[layout.precision]):
        raise SpecError(f"'{machine.name}' has no {layout.precision}: expected a precision of its chip")


def _too_large(step: TrainingEstimate, device: Device, model: LanguageModel) -> str:
    """Return by how much, where, and the smallest change that makes it fit."""
    over = step.memory_b_per_accelerator - step.memory_limit_b
    part = max((key for key in step.memory_b if key != "reserve"), key=lambda key: step.memory_b[key])
    text = (
        f"'{step.model}' needs {show(step.memory_b_per_accelerator, 'B', 4)} on the fullest accelerator, "
        f"{show(over, 'B', 3)} more than there is; most are {part} ({show(step.memory_b[part], 'B', 3)})"
    )
    change = _smallest_change(step.layout, device, model)
    return f"{text}: {change or 'no single change of the layout makes it fit'}"


def _smallest_change(layout: Layout, device: Device, model: LanguageModel) -> str:
    """Return the first change of a single setting that makes the run fit, cheapest first; blank for none."""
    changes: list[dict[str, object]] = [{"micro_batch": m} for m in (4, 2, 1) if m < layout.micro_batch]
    changes += [{"recompute": "selective"}, {"zero": 1}, {"recompute": "full"}]
    changes += [{key: getattr(layout, key) * 2} for key in ("tp", "pp", "cp")]
    changes += [{"zero": 2}, {"zero": 3}]
    for change in changes:
        ((key, value),) = change.items()
        if (key == "zero" and int(str(value)) <= layout.zero) or value == getattr(layout, key):
            continue
        try:
            other = Layout(**{**layout.model_dump(), key: value})
        except ValueError:
            continue
        if model.heads % other.tp or other.pp * other.vpp > model.layers:
            continue
        if estimate_on(device, "", model, other).fits:
            return f"'{key}' = {value} would fit"
    return ""


__all__ = ["TrainingEstimate", "estimate_llm_training", "estimate_on"]
