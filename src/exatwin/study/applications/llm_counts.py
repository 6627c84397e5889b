"""Counts of accelerators beside the one that was asked: the fewest that hold a model, and a rounder one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Any

from exatwin.catalogue.generic import sized, unit_of
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.machine import Machine
from exatwin.foundation.units import show
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_search import Candidate, search, space_of
from exatwin.workload.apps.llm_setup import device_of
from exatwin.workload.apps.llm_training import TrainingEstimate

Best = Callable[[int], Candidate | None]
"""The fastest plan on a count of accelerators; None where none fits."""
LARGEST = 2**20
"""Accelerators of the largest run that is looked at where a kind of node has no size of its own."""
STATE_B = 18.0
"""Bytes that training keeps of each weight somewhere: it, its gradient, a copy in 32 bits and two moments."""
_EACH = 256  # nodes are tried one by one so often, then in steps of a percent or so
_SMALLER, _FASTER = 0.02, 1.10
_FIXED = ("tp", "pp", "vpp", "cp", "dp", "ep", "zero", "recompute", "micro_batch", "global_batch")


def room(machine: Machine) -> int:
    """Return the accelerators of the largest run on `machine`, or on as many nodes of its kind."""
    generic = machine.name == machine.node.name and machine.file.site == "generic"
    return LARGEST if generic else machine.devices


def fewest_words(
    model: LanguageModel, machine: Machine, given: Mapping[str, Any], count: int, best: Best
) -> str:
    """Return the fewest accelerators above `count` on which a plan fits, in words.

    Parameters
    ----------
    model, machine
        What is trained, and where.
    given
        Settings that were asked.
    count
        Accelerators on which nothing fits.
    best
        The fastest plan on a count of accelerators.
    """
    most = room(machine)
    for tried in _upwards(model, machine, count, most):
        where = sized(machine.name, tried) if most == LARGEST else machine
        if not _may_fit(model, where, {**given, "accelerators": tried}):
            continue
        found = best(tried)
        if found is not None:
            step_s = show(found.step_s, "s", 3)
            return f"--accelerators {tried} would fit, the fewest that do, in {step_s} a step"
    flags = [f"--{name.replace('_', '-')}" for name in _FIXED if given.get(name) is not None]
    whose = "" if most == LARGEST else f" of '{machine.name}'"
    told = f"no plan fits on up to the {most:,} {unit_of(machine)}{whose}"
    return f"{told} that keeps {', '.join(flags)}: leave one of them open" if flags else told


def _upwards(model: LanguageModel, machine: Machine, count: int, most: int) -> Iterator[int]:
    """Yield counts above `count`, from the first whose memory could hold the states: whole nodes, if more."""
    each = max(machine.node_devices, 1)
    held_b = device_of(machine).memory_b * llm_calibration().usable_memory
    least = ceil(STATE_B * model.params()[0] / held_b)
    yield from range(max(count + 1, least), each)
    tried = max(count // each + 1, ceil(least / each)) * each
    for turn in range(10**4):
        if tried > most:
            return
        yield tried
        tried += each if turn < _EACH else max(1, tried // (128 * each)) * each


def _may_fit(model: LanguageModel, machine: Machine, given: Mapping[str, Any]) -> bool:
    """Return whether one of the leanest plans fits; larger micro-batches and chunks only take more."""
    lean = {"micro_batch": 1, **given}
    if given.get("schedule") != "interleaved":
        lean.setdefault("vpp", 1)
    batch, count = given.get("global_batch"), int(given["accelerators"])
    space = space_of(model, lean, batch=int(batch or count), batch_open=not batch, whole=False)
    return bool(search(model, device_of(machine), [space], llm_calibration()).fitting)


def rounder_words(found: TrainingEstimate, machine: Machine, best: Best) -> tuple[str, ...]:
    """Return that a slightly smaller count of accelerators does much better, where one does.

    Counts that many powers of two divide leave more plans to choose from.

    Parameters
    ----------
    found
        The step on the count that was asked, its plan chosen freely.
    machine
        Where.
    best
        The fastest plan on a count of accelerators.
    """
    count = found.layout.accelerators
    each_s = found.iteration_s * count / (found.layout.global_batch * found.layout.seq)
    smaller = _rounder(count, max(machine.node_devices, 1))
    other = None if smaller == count else best(smaller)
    if other is None or each_s < _FASTER * other.token_s * smaller:
        return ()
    gain = each_s / (other.token_s * smaller) - 1.0
    return (
        f"{count:,} accelerators divide badly: on {smaller:,} a step takes {show(other.step_s, 's', 3)}, "
        f"{gain:.0%} more tokens/s an accelerator",
    )


def _rounder(count: int, each: int) -> int:
    """Return the roundest count of whole nodes at most 2 % below `count`; that itself where there is none.

    Examples
    --------
    >>> _rounder(99936, 4), _rounder(98304, 4), _rounder(40, 4)
    (98304, 98304, 40)
    """
    steps = (each * 2**power for power in range(20, -1, -1))
    found = (count // step * step for step in steps)
    return next((size for size in found if size >= (1.0 - _SMALLER) * count), count)


__all__ = ["LARGEST", "fewest_words", "room", "rounder_words"]
