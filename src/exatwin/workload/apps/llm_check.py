"""What may not be asked of a training run, what is taken for granted, and what would make it fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations, product
from math import ceil, gcd
from typing import Any, Protocol

from exatwin.catalogue.generic import unit_of
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError
from exatwin.foundation.units import show
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_setup import Layout, near_divisors, offered


class Step(Protocol):
    """What is asked of an estimate here."""

    @property
    def layout(self) -> Layout:
        """How the run is split."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def iteration_s(self) -> float:
        """Seconds of a step."""

    @property
    def memory_b(self) -> dict[str, float]:
        """Bytes of the fullest accelerator by part."""

    @property
    def memory_b_per_accelerator(self) -> float:
        """Bytes of the fullest accelerator."""

    @property
    def memory_limit_b(self) -> float:
        """Device memory."""

    @property
    def fits(self) -> bool:
        """Whether the run stays within device memory."""


def check_layout(machine: Machine, model: LanguageModel, layout: Layout) -> None:
    """Check that `layout` suits `model` and `machine`.

    Raises
    ------
    SpecError
        It does not; the message has the nearest valid choice.
    """
    if machine.accelerator is None:
        raise SpecError(
            f"'{machine.name}' has no accelerators, LLM training is modelled on accelerators only"
        )
    if layout.accelerators > machine.devices:
        raise SpecError(
            f"'accelerators' is {layout.accelerators:,}, '{machine.name}' has {machine.devices:,} "
            f"{unit_of(machine)}: expected at most {machine.devices:,}"
        )
    if model.heads % layout.tp:
        raise SpecError(
            f"'tp' is {layout.tp}, expected a divisor of the {model.heads} heads of '{model.name}', "
            f"{near_divisors(model.heads, layout.tp)}"
        )
    if layout.pp * layout.vpp > model.layers + 2:  # embedding and logits may take the place of a layer each
        raise SpecError(
            f"'pp' x 'vpp' is {layout.pp * layout.vpp}, expected at most {model.layers}: '{model.name}' has "
            f"only {model.layers} layers"
        )
    if layout.vpp > 1 and layout.pp == 1:
        raise SpecError("'vpp' is more than 1 without stages: expected 'pp' of at least 2, or 'vpp' = 1")
    if layout.cp > layout.seq:
        raise SpecError(f"'cp' is {layout.cp}, expected at most the {layout.seq} tokens of a sequence")
    if layout.ep > 1 and not model.experts:
        raise SpecError(f"'ep' is {layout.ep}, expected 1: '{model.name}' has no experts")
    if model.experts and model.experts % layout.ep:
        raise SpecError(
            f"'ep' is {layout.ep}, expected a divisor of the {model.experts} experts of '{model.name}', "
            f"{near_divisors(model.experts, layout.ep)}"
        )
    known = offered(machine.accelerator.peak)
    if known and layout.precision not in known:
        raise SpecError(
            f"'{machine.name}' has no {layout.precision} ({machine.accelerator.title}): "
            f"choose from: {', '.join(known)}"
        )


def batch_words(layout: Layout) -> Iterator[str]:
    """Yield what is taken for granted of a batch that does not divide."""
    batch, dp, each = layout.global_batch, layout.dp, layout.sequences
    if batch < dp:
        yield f"only {batch:,} of the {dp:,} replicas have a sequence to work on, the others wait"
    elif batch % dp:
        yield (
            f"a batch of {batch:,} is no multiple of the {dp:,} replicas: the step takes as long as on the "
            f"busiest, with {each:,} sequences"
        )
    if layout.one_by_one and each > 1:
        yield (
            f"stages take the {each:,} sequences of a replica one by one: a single micro-batch of them would "
            "leave the pipeline idle"
        )
    elif each < layout.micro_batch:
        yield f"micro-batches of {each:,}: a replica has no more sequences in a step"
    elif each % layout.micro_batch:
        yield "the last micro-batch of a step is not full and takes as long as a full one"


def layer_words(model: LanguageModel, layout: Layout) -> Iterator[str]:
    """Yield what is taken for granted of layers that the stages do not divide."""
    chunks = layout.pp * layout.vpp
    if chunks > 1 and model.layers % chunks:
        yield (
            f"{model.layers} layers do not divide by {chunks} chunks: embedding and logits take the place of "
            "layers"
        )


def too_large(
    step: Step, tried: Callable[[Layout], Step | None], more: Callable[[], str] | None = None
) -> str:
    """Return by how much `step` exceeds memory, where, and the smallest change that makes it fit.

    Parameters
    ----------
    tried
        Gives the estimate under another layout; ``None`` where that can't be.
    more
        Says on how many accelerators it would fit, where no change of a setting helps; left out, changes of a
        few settings are tried on more of them.
    """
    over = step.memory_b_per_accelerator - step.memory_limit_b
    part = max((key for key in step.memory_b if key != "reserve"), key=lambda key: step.memory_b[key])
    text = (
        f"'{step.model}' needs {show(step.memory_b_per_accelerator, 'B', 4)} on the fullest accelerator, "
        f"{show(over, 'B', 3)} more than there is; most are {part} ({show(step.memory_b[part], 'B', 3)})"
    )
    return f"{text}: {_smallest_change(step, tried, more)}"


def _smallest_change(
    step: Step, tried: Callable[[Layout], Step | None], more: Callable[[], str] | None
) -> str:
    """Return the fewest settings to change, of these the fastest; or the accelerators that it takes."""
    single = [dict([change]) for change in _changes(step.layout)]
    double = [a | b for a, b in combinations(single, 2) if a.keys() != b.keys()]
    for changes in (single, double):
        found = _fastest(step, changes, tried)
        if found:
            return found
    if more is not None:
        return more()
    for factor in (Fraction(part, 4) * 2**power for power, part in product(range(20), (5, 6, 7, 8))):
        for degrees in ((), ("tp", "pp", "cp")):
            found = _fastest(step, list(_more(step.layout, factor, degrees)), tried)
            if found:
                return found
    return "no change of these settings makes it fit, on more accelerators neither: leave them open"


def _more(layout: Layout, factor: Fraction, degrees: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield ways to run on `factor` times the accelerators.

    Memory is saved by everything that is not a degree, and by one of `degrees`, if there are. Counts stay
    multiples of eight, or of what they were before, so that nodes are full.
    """
    count = layout.accelerators * factor
    if count % gcd(layout.accelerators, 8):
        return
    more = {"accelerators": int(count), "global_batch": max(layout.global_batch, ceil(layout.dp * factor))}
    split: list[dict[str, Any]] = [] if degrees else [{}]
    for key, larger in product(degrees, {factor, Fraction(8)}):
        if (getattr(layout, key) * larger).denominator == 1:
            split.append({key: int(getattr(layout, key) * larger)})
    for zero, again, each in product({layout.zero, 3}, {layout.recompute, "full"}, {layout.micro_batch, 1}):
        lean = {"zero": zero, "recompute": again, "micro_batch": each}
        yield from (lean | degree | more for degree in split)


def _fastest(step: Step, changes: list[dict[str, Any]], tried: Callable[[Layout], Step | None]) -> str:
    best: tuple[float, str] | None = None
    for change in changes:
        try:
            other = tried(Layout(**{**step.layout.model_dump(), **change}))
        except (SpecError, ValueError):
            continue
        if other is None or (other.layout.zero > step.layout.zero and other.layout.dp * other.layout.cp == 1):
            continue  # a single replica has no other to share with
        if other.fits and (best is None or other.iteration_s < best[0]):
            flags = {k: v for k, v in change.items() if getattr(step.layout, k) != v}
            best = other.iteration_s, " ".join(f"--{k.replace('_', '-')} {v}" for k, v in flags.items())
    if best is None:
        return ""
    return f"{best[1]} would fit, in {show(best[0], 's', 3)} a step"


def _changes(layout: Layout) -> Iterator[tuple[str, Any]]:
    """Yield changes of one setting that may save memory."""
    yield from (("micro_batch", size) for size in (8, 4, 2, 1) if size < layout.micro_batch)
    order = ("none", "selective", "full")
    yield from (("recompute", kind) for kind in order[order.index(layout.recompute) + 1 :])
    yield from (("zero", stage) for stage in (1, 2, 3) if stage > layout.zero)
    for key in ("tp", "pp", "cp", "ep"):
        yield from ((key, getattr(layout, key) * factor) for factor in (2, 4, 8, 16))
    if not layout.sequence_parallel and layout.tp > 1:
        yield "sequence_parallel", True


__all__ = ["batch_words", "check_layout", "layer_words", "too_large"]
