"""One replica with its model, chip, split and engine together: what a step takes, what memory holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.serving_calibration import ServingCalibration
from exatwin.workload.apps.llm_device import Device
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.serving_memory import cache_tokens, weights_b
from exatwin.workload.apps.serving_setup import (
    Replica,
    decoder_of,
    engine_law,
    engine_of,
    law_of,
    peak_of,
    rates_of,
    serving_fabric,
    split_of,
)
from exatwin.workload.apps.serving_step import step_parts
from exatwin.workload.apps.serving_terms import Decoder, Engine, Rates, ServingLaw, Split, Step
from exatwin.workload.collectives import Fabric
from exatwin.workload.roofline import Value

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What an engine allows, and what a chip offers; each field is a number or an array."""

    room_b: Value
    """What weights and cache may take of one accelerator [B]."""
    batch_most: Value
    """Requests in flight of a replica at most."""
    tokens_most: Value
    """Tokens of a step of a replica at most."""
    reserves: Value
    """1 where a request starts only when there is room for its longest answer."""
    peak_flop_s: Value
    """Rated peak in the format of the weights, of one accelerator [FLOP/s]."""
    memory_b_s: Value
    """Rated bandwidth of its memory [B/s]."""


@dataclass(frozen=True)
class Service:
    """A replica, or many as arrays."""

    model: Decoder
    rates: Rates
    split: Split
    fabric: Fabric
    engine: Engine
    limits: Limits
    law: ServingLaw

    def parts(self, step: Step) -> dict[str, Value]:
        """Return the seconds of `step` by part."""
        return step_parts(self.model, self.rates, self.split, self.fabric, self.engine, self.law, step)

    def time(self, step: Step) -> Value:
        """Return the seconds of `step`."""
        return sum(self.parts(step).values())

    @property
    def accelerators(self) -> Value:
        """Accelerators of the replica."""
        return self.split.tp * self.split.dp * self.split.pp

    @property
    def weights_b(self) -> Value:
        """Weights on one accelerator [B]."""
        return weights_b(self.model, self.rates, self.split)

    def cache_tokens(self, context: Value) -> Value:
        """Return how many tokens the cache of the replica holds, in requests of `context` tokens."""
        return cache_tokens(self.model, self.rates, self.split, self.limits.room_b, context)


def service_of(
    model: LanguageModel, device: Device, replica: Replica, calibration: ServingCalibration
) -> Service:
    """Return `replica` of `model` on accelerators described by `device`.

    Raises
    ------
    SpecError
        The chip lacks the number format, or the engine is unknown.
    """
    engine, fractions = engine_law(replica.engine, calibration), llm_calibration().usable_memory
    room_b = device.memory_b * fractions * engine.memory_frac - engine.reserve_b
    limits = Limits(
        room_b=room_b, batch_most=float(engine.batch_most * replica.dp),
        tokens_most=float(engine.tokens_most * replica.dp), reserves=float(engine.reserves),
        peak_flop_s=device.peak[peak_of(device, replica.precision)[1]], memory_b_s=device.memory_b_s,
    )  # fmt: skip
    return Service(
        decoder_of(model), rates_of(device, replica, calibration), split_of(replica),
        serving_fabric(device, calibration), engine_of(replica, calibration), limits, law_of(calibration),
    )  # fmt: skip


def together(services: Sequence[Service]) -> Service:
    """Return `services` as one, whose fields are arrays over them; they share the law."""
    parts = {
        field.name: _stacked([getattr(one, field.name) for one in services])
        for field in fields(Service)
        if field.name != "law"
    }
    return Service(**parts, law=services[0].law)


def _stacked(items: Sequence[T]) -> T:
    kind = type(items[0])
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: np.array([getattr(one, name) for one in items], float) for name in names})


__all__ = ["Limits", "Service", "service_of", "together"]
