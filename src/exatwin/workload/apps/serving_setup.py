"""From a layout on a machine to the terms of the serving law."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.serving_calibration import EngineLaw, ServingCalibration, ServingRates
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.spec import PositiveCount, Spec
from exatwin.workload.apps.llm_device import Device
from exatwin.workload.apps.llm_model import LanguageModel
from exatwin.workload.apps.llm_setup import fabric_terms
from exatwin.workload.apps.serving_terms import Decoder, Engine, Rates, ServingLaw, Split
from exatwin.workload.collectives import Fabric

FORMATS: Mapping[str, tuple[float, str]] = {
    "bf16": (2.0, "bf16"),
    "fp16": (2.0, "bf16"),
    "fp8": (1.0, "fp8"),
    "mxfp8": (1.03125, "fp8"),
    "int8": (1.0, "fp8"),
    "nvfp4": (0.5625, "fp4"),
    "mxfp4": (0.53125, "fp4"),
    "int4": (0.53125, "bf16"),
}
"""Bytes of a weight with its scales, and the peak that its products run at.

Scales: one byte for 16 numbers in NVFP4 and for 32 in the MX formats, two for 64 in 4-bit integers.
"""
_ALSO = {"int8": "int8", "mxfp4": "fp8", "nvfp4": "fp8"}  # the peak where a chip lacks the other
_WORDS = {
    "bfloat16": "bf16", "float16": "fp16", "half": "fp16", "float8": "fp8", "fp4": "nvfp4", "w4a16": "int4",
    "w8a8": "int8", "awq": "int4", "gptq": "int4", "e4m3": "fp8", "8bit": "int8", "4bit": "int4",
}  # fmt: skip
_DIGITS = {"bf16": "products_16", "fp8": "products_8", "int8": "products_8", "fp4": "products_4"}


def format_of(text: str, flag: str = "--precision") -> str:
    """Return the number format (one of `FORMATS`) that `text` means.

    Raises
    ------
    SpecError
        It is no such word.

    Examples
    --------
    >>> [format_of(word) for word in ("FP8", "bfloat16", "FP4", "fp8_e4m3", "AWQ")]
    ['fp8', 'bf16', 'nvfp4', 'fp8', 'int4']
    """
    word = re.sub(r"[^a-z0-9]", "", text.strip().lower())
    word = re.sub(r"^(fp8)(e4m3|e5m2|fn|dynamic|block|tensor|row).*", r"\1", _WORDS.get(word, word))
    if word not in FORMATS:
        raise SpecError(f"{flag} {text}: {nearest(word, FORMATS)}")
    return word


class Replica(Spec):
    """How one replica is spread over accelerators, in which formats, by which engine."""

    tp: PositiveCount = 1
    """Tensor-parallel ranks of attention."""
    dp: PositiveCount = 1
    """Groups of them that hold other requests and share the experts."""
    pp: PositiveCount = 1
    """Pipeline stages."""
    ep: PositiveCount = 1
    """Expert-parallel ranks."""
    precision: str = "bf16"
    """Format of the weights of the layers."""
    cache_precision: str = "bf16"
    """Format of keys and values."""
    wide_attention: bool = False
    """Whether the weights of attention stay in 16 bits, as in some published checkpoints."""
    engine: str = "vllm"
    """Serving engine."""

    @property
    def accelerators(self) -> int:
        """Accelerators of a replica."""
        return self.tp * self.dp * self.pp


def engine_law(name: str, calibration: ServingCalibration) -> EngineLaw:
    """Return what the engine called `name` does.

    Raises
    ------
    SpecError
        There is no such engine.
    """
    if name not in calibration.engines:
        raise SpecError(f"unknown serving engine '{name}': {nearest(name, calibration.engines)}")
    return calibration.engines[name]


def decoder_of(model: LanguageModel) -> Decoder:
    """Return what the law knows of `model`."""
    s = model.shape(1)
    sparse = s.layers - s.dense_layers
    width = s.matrices * s.hidden
    head = float(model.head_size or model.hidden // model.heads)
    latent = model.latent_rank is not None
    cached = 2.0 * s.key_value
    read = 4.0 * s.query
    if model.latent_rank is not None:
        read = 2.0 * model.heads * (2.0 * model.latent_rank + model.rope_size)
    table = s.vocab * s.hidden
    return Decoder(
        layers=s.layers, hidden=s.hidden, attention=s.attention_params,
        feed=width * (s.dense_layers * s.ffn * (s.dense_layers > 0) + sparse * s.shared_ffn),
        sparse_layers=sparse, experts=s.experts, active=s.active_experts, expert=width * s.expert_ffn,
        table=table, embedding=(s.embeddings - 1.0) * table, query=s.query, cached=cached,
        cached_least=cached if latent else 2.0 * head, read_flop=read,
        window=math.inf if model.window is None else float(model.window),
    )  # fmt: skip


def rates_of(device: Device, replica: Replica, calibration: ServingCalibration) -> Rates:
    """Return what `device` reaches in the formats and the engine of `replica`.

    Raises
    ------
    SpecError
        The chip has no such format, or the engine is unknown.
    """
    family = family_of(device, calibration)
    weight_b, peak = peak_of(device, replica.precision)
    cache_b, _ = FORMATS[replica.cache_precision]
    law = engine_law(replica.engine, calibration)
    memory_b_s = device.memory_b_s * family.memory
    wide = device.peak["bf16"]
    layer, wide_layer = device.peak[peak] * float(getattr(family, _DIGITS[peak])), wide * family.products_16
    return Rates(
        layer_flop_s=layer,
        attention_product_flop_s=wide_layer if replica.wide_attention else layer,
        wide_flop_s=wide_layer,
        attention_flop_s=wide * calibration.attention,
        memory_b_s=memory_b_s,
        weight_b=weight_b,
        attention_b=2.0 if replica.wide_attention else weight_b,
        cache_b=cache_b,
        experts=law.experts,
    )


def family_of(device: Device, calibration: ServingCalibration) -> ServingRates:
    """Return the fitted rates of the family of `device`, or those of chips that no fit has seen."""
    return calibration.families.get(device.family) or calibration.families["generic"]


def peak_of(device: Device, precision: str) -> tuple[float, str]:
    """Return the bytes of a weight, and the peak that products with it run at on `device`."""
    weight_b, peak = FORMATS[precision]
    if device.peak.get(peak):
        return weight_b, peak
    if (other := _ALSO.get(precision)) is not None and device.peak.get(other):
        return weight_b, other
    if precision in ("mxfp4", "nvfp4", "int8"):  # unpacked before the product
        return weight_b, "bf16"
    known = [name for name, (_, kind) in FORMATS.items() if device.peak.get(kind)]
    raise SpecError(f"'{device.chip}' has no {precision}: choose from: {', '.join(known)}")


def split_of(replica: Replica) -> Split:
    """Return the split of `replica` as the law knows it."""
    return Split(float(replica.tp), float(replica.dp), float(replica.pp), float(replica.ep))


def engine_of(replica: Replica, calibration: ServingCalibration) -> Engine:
    """Return the engine of `replica` as the law knows it."""
    law = engine_law(replica.engine, calibration)
    return Engine(law.step_us * 1e-6, law.sequence_us * 1e-6, law.layer_us * 1e-6, law.first_ms * 1e-3)


def serving_fabric(device: Device, calibration: ServingCalibration) -> Fabric:
    """Return the fabric of `device`: links as calibrated for training, less what serving misses of them."""
    usual = fabric_terms(device, llm_calibration())
    shares = {
        key: getattr(usual, key) * calibration.links for key in ("link_frac", "reduce_frac", "exchange_frac")
    }
    return replace(usual, link_latency_s=calibration.reduce_us * 1e-6, **shares)


def law_of(calibration: ServingCalibration) -> ServingLaw:
    """Return the constants of the law."""
    return ServingLaw(**calibration.law)


__all__ = [
    "FORMATS", "Replica", "decoder_of", "engine_law", "engine_of", "family_of", "format_of", "law_of",
    "peak_of", "rates_of", "serving_fabric", "split_of",
]  # fmt: skip
