"""Which ways there are to spread one replica, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import SpecError
from exatwin.workload.apps.llm_device import Device
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_setup import near_divisors
from exatwin.workload.apps.serving_setup import Replica

_LARGEST = 128  # accelerators of the largest replica that is looked at unasked
_WIDEST = 64  # ranks of experts


@dataclass(frozen=True)
class Chosen:
    """What was asked of the layout of a replica; None where it is open."""

    tp: int | None = None
    pp: int | None = None
    dp: int | None = None
    ep: int | None = None
    precision: str = "bf16"
    cache_precision: str = "bf16"
    engine: str = "vllm"

    def common(self) -> dict[str, Any]:
        """Return what every layout shares."""
        return {
            "precision": self.precision, "cache_precision": self.cache_precision, "engine": self.engine,
        }  # fmt: skip


def layouts(model: LanguageModel, device: Device, machine: Machine, asked: Chosen) -> list[Replica]:
    """Return the layouts of a replica that suit `model` and what was asked.

    Tensor ranks are powers of two inside a link domain, stages fill up nodes beyond it, and experts stand on
    the ranks of a stage, whose groups of tensor ranks may hold other requests.

    Raises
    ------
    SpecError
        What was asked suits neither the model nor the machine.
    """
    _check(model, asked)
    most = min(machine.devices, _LARGEST) if not _all(asked) else machine.devices
    found = []
    for tp in [asked.tp] if asked.tp else _powers(min(int(device.domain), model.heads)):
        for pp in [asked.pp] if asked.pp else _powers(min(16, model.layers)):
            for dp in [asked.dp] if asked.dp else _groups(model, asked):
                if tp * pp * dp <= most and model.heads % tp == 0:
                    found += [
                        Replica(tp=tp, pp=pp, dp=dp, ep=ep, **asked.common())
                        for ep in _expert_ranks(model, tp * dp, dp, asked.ep)
                    ]
    if not found:
        ranks = " x ".join(
            f"{key} {getattr(asked, key)}" for key in ("tp", "pp", "dp", "ep") if getattr(asked, key)
        )
        raise SpecError(
            f"no replica of '{model.name}' with {ranks} suits the {machine.devices:,} accelerators of "
            f"'{machine.name}': expected a product of ranks up to that, and experts on ranks that divide them"
        )
    return found


def _all(asked: Chosen) -> bool:
    return asked.tp is not None and asked.pp is not None


def _check(model: LanguageModel, asked: Chosen) -> None:
    if asked.tp and model.heads % asked.tp:
        near = near_divisors(model.heads, asked.tp)
        raise SpecError(f"--tp {asked.tp} does not divide the {model.heads} heads of '{model.name}': {near}")
    if asked.pp and asked.pp > model.layers:
        raise SpecError(
            f"--pp {asked.pp}: '{model.name}' has {model.layers} layers, expected at most as many"
        )
    if not model.experts and ((asked.ep or 1) > 1 or (asked.dp or 1) > 1):
        flag = "--ep" if (asked.ep or 1) > 1 else "--dp"
        raise SpecError(
            f"{flag} needs a model with experts, '{model.name}' has none; for copies use --replicas"
        )
    if asked.ep and model.experts % asked.ep:
        near = near_divisors(model.experts, asked.ep)
        raise SpecError(
            f"--ep {asked.ep} does not divide the {model.experts} experts of '{model.name}': {near}"
        )


def _powers(most: int) -> list[int]:
    return [2**k for k in range(max(most, 1).bit_length()) if 2**k <= most]


def _groups(model: LanguageModel, asked: Chosen) -> list[int]:
    return _powers(_WIDEST) if model.experts and asked.ep != 1 else [1]


def _expert_ranks(model: LanguageModel, ranks: int, groups: int, asked: int | None) -> Iterator[int]:
    """Yield the expert ranks of a stage of `ranks`: all of them, or where one group holds it none too."""
    if not model.experts:
        yield 1
    elif asked:
        yield from [asked] if ranks % asked == 0 and (groups == 1 or asked > 1) else []
    else:
        if model.experts % ranks == 0:
            yield ranks
        if groups == 1 and ranks > 1:
            yield 1


def smaller_steps(model: LanguageModel, replica: Replica) -> Mapping[str, Replica]:
    """Return changes that make a replica of `model` need less of each accelerator, by what to ask for."""
    tried: dict[str, Replica] = {}
    for tp in (2, 4, 8, 16):
        wide = replica.tp * tp
        if model.heads % wide == 0:
            tried[f"--tp {wide}"] = replica.model_copy(update={"tp": wide})
    for precision in ("fp8", "nvfp4", "int4"):
        tried[f"--precision {precision}"] = replica.model_copy(update={"precision": precision})
    for pp in (2, 4, 8, 16):
        deep = replica.pp * pp
        if deep <= model.layers:
            tried[f"--pp {deep}"] = replica.model_copy(update={"pp": deep})
    return tried


__all__ = ["Chosen", "layouts", "smaller_steps"]
