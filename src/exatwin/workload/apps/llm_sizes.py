"""Decoders of a given size, in the usual proportions."""

from __future__ import annotations

import math
import re
from functools import cache

from exatwin.catalogue.load import entry
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import PositiveCount, Ratio, Sourced
from exatwin.workload.apps.llm_model import LanguageModel

SMALLEST, LARGEST, SPARSEST = 1e7, 1e16, 1000.0
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}
_STEPS = ((256, 2048.0), (512, 4096.0), (1024, 16384.0), (4096, 65536.0), (8192, math.inf))
_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?(e\+?\d+)?)(?P<unit>[kmbgt]?)", re.IGNORECASE)


class Proportions(Sourced):
    """What decoders usually look like."""

    name: str
    """Catalogue name."""
    aspect: Ratio
    """Width of the residual stream over the number of layers."""
    feed_forward: Ratio
    """Width of the gated feed-forward part over that of the residual stream."""
    head_size: PositiveCount
    """Width of a head."""
    kv_heads: PositiveCount
    """Key and value heads."""
    vocab: PositiveCount
    """Size of the vocabulary."""
    tied_below: Ratio
    """Weights below which input and output share one table."""
    experts_per_token: PositiveCount
    """Routed experts that a token visits, in models that have experts."""


@cache
def proportions() -> Proportions:
    """Return the proportions that the package ships."""
    found: Proportions = entry(Proportions, "decoders", "usual")
    return found


def decoder_of(params: float, active: float | None = None) -> LanguageModel:
    """Return a decoder of `params` weights in the usual proportions.

    Parameters
    ----------
    params
        Weights, embeddings included, from 10 million to 10 quadrillion.
    active
        Weights that one token uses, in a model with experts; ``None`` for a dense one.

    Raises
    ------
    SpecError
        The size is out of range, or more weights are active than there are.

    Notes
    -----
    The width of the residual stream is a round number, so that heads divide (a multiple of 256, of 512 from
    2,048 on, of 1,024 from 4,096 on, of 4,096 from 16,384 on, of 8,192 from 65,536 on): that whose layers at
    the usual aspect leave the feed-forward part nearest to its usual width. That width then takes up the
    rest, so that the weights come out within 1 %. With experts, the dense decoder of the active size gives
    the widths; its feed-forward part is split into the experts that a token visits, and there are as many
    more as the other weights need.

    References
    ----------
    J. Kaplan et al., "Scaling Laws for Neural Language Models", arXiv:2001.08361, section 3.1 (the shape
    hardly matters). A. Dubey et al., "The Llama 3 Herd of Models", arXiv:2407.21783, Table 3 (proportions).

    Examples
    --------
    >>> model = decoder_of(70e9)
    >>> model.layers, model.hidden, round(model.params()[0] / 1e9, 1)
    (72, 9216, 70.0)
    """
    if not SMALLEST <= params <= LARGEST:
        raise SpecError(f"{_short(params)} weights, expected from {_short(SMALLEST)} to {_short(LARGEST)}")
    if active is None:
        return _dense(params)
    least = max(SMALLEST, params / SPARSEST)
    if not least <= active < params:
        raise SpecError(
            f"{_short(active)} active weights, expected from {_short(least)} to less than the "
            f"{_short(params)} of the whole model"
        )
    return _sparse(params, active)


def _dense(params: float) -> LanguageModel:
    usual = proportions()
    guess = (params * usual.aspect / (3.0 * usual.feed_forward + 2.0)) ** (1.0 / 3.0)
    step = next(step for step, below in _STEPS if guess < below)
    middle = max(1, round(guess / step))
    widths = [step * count for count in range(max(1, middle // 2), 2 * middle + 2)]
    return min(
        (_of_width(params, width) for width in widths),
        key=lambda model: (
            abs(model.params()[0] / params - 1.0) > 0.01,
            abs(model.ffn / model.hidden - usual.feed_forward),
        ),
    )


def _of_width(params: float, hidden: int) -> LanguageModel:
    """Return the decoder whose residual stream is `hidden` wide, the feed-forward part taking up the rest."""
    usual = proportions()
    layers = max(2, round(hidden / usual.aspect))
    layers = layers if layers < 16 else 4 * round(layers / 4)
    vocab = usual.vocab if params >= 1e9 else 32768
    heads = hidden // usual.head_size
    frame = {
        "name": f"{_short(params)} decoder", "layers": layers, "hidden": hidden, "vocab": vocab,
        "heads": heads, "kv_heads": math.gcd(heads, usual.kv_heads),
        "tied_embeddings": params < usual.tied_below,
        "source": "the usual proportions of a decoder of this size",
    }  # fmt: skip
    rest = params - LanguageModel.parse({**frame, "ffn": 1}, "size").params()[0]
    ffn = max(8.0, rest / (3.0 * layers * hidden))
    step = 128 if ffn > 20000 else 8
    return LanguageModel.parse({**frame, "ffn": step * max(1, round(ffn / step))}, "size")


def _sparse(params: float, active: float) -> LanguageModel:
    frame = _dense(active)
    routed = frame.layers * 3.0 * frame.hidden * frame.ffn
    visited, experts = _experts((params - active) / routed + 1.0)
    common = frame.params()[0] - routed + frame.layers * frame.hidden * experts
    width = (params - common) / (frame.layers * 3.0 * frame.hidden * experts)
    step = 128 if width > 8192 else 8
    return LanguageModel.parse(
        frame.model_dump(by_alias=True)
        | {
            "name": f"{_short(params)} decoder, {_short(active)} active", "ffn": 0, "experts": experts,
            "experts_per_token": visited, "expert_ffn": step * max(1, round(width / step)),
        },
        "size",
    )  # fmt: skip


def _experts(ratio: float) -> tuple[int, int]:
    """Return how many experts a token visits, and of how many, where `ratio` of them stand for one visited.

    Their number has few odd factors, so that expert-parallel ranks divide it.
    """
    usual = proportions().experts_per_token
    step = max(2, 2 ** int(math.log2(ratio * usual)) // 2)
    found = [
        (visited, step * max(1, round(ratio * visited / step)))
        for visited in range(usual // 2, 2 * usual + 1)
    ]
    return min(
        ((v, e) for v, e in found if e > v),
        key=lambda pair: abs(math.log(pair[1] / pair[0] / ratio)) + 0.005 * abs(pair[0] - usual),
    )


def size_of(text: str, flag: str = "--params") -> float:
    """Return the number of weights that `text` means, such as ``32B`` or ``1.5T``.

    Raises
    ------
    SpecError
        It is no such size.

    Examples
    --------
    >>> size_of("1.5T"), size_of("70e9")
    (1500000000000.0, 70000000000.0)
    """
    found = _SIZE.fullmatch(text.strip().replace(",", "").replace("_", ""))
    if found is None:
        raise SpecError(f"{flag} {text}: expected a number of weights such as 32B or 1.5T")
    number = float(found["number"]) * _UNITS[found["unit"].upper()]
    if not SMALLEST <= number <= LARGEST:
        raise SpecError(f"{flag} {text}: expected from {_short(SMALLEST)} to {_short(LARGEST)} weights")
    return number


def sized_name(params: str, active: str | None = None) -> str:
    """Return the name of the decoder of that size for :func:`load_model`.

    Raises
    ------
    SpecError
        One of the sizes is none.

    Examples
    --------
    >>> sized_name("1T", "32B")
    '1T-a32B'
    """
    size_of(params)
    if active is None:
        return params.strip()
    size_of(active, "--active")
    return f"{params.strip()}-a{active.strip()}"


def model_of(model: str | None, params: str | None, active: str | None) -> str:
    """Return the name of the model that was asked for, by name or by size.

    Raises
    ------
    SpecError
        Neither or both were given.
    """
    if params is None and active is not None:
        raise SpecError("--active needs --params, the weights of the whole model")
    if params is not None and model is not None:
        raise SpecError("a MODEL and --params exclude each other: expected one of them")
    if params is not None:
        return sized_name(params, active)
    if not model:
        raise SpecError("expected a MODEL, such as llama-3.1-70b, or --params SIZE, such as 32B")
    return model


def named(name: str) -> LanguageModel | None:
    """Return the decoder whose size `name` is, as ``32B`` or ``1T-a32B``; ``None`` where it is no size."""
    total, *active = name.strip().lower().split("-a")
    if len(active) > 1 or not all(_SIZE.fullmatch(part) for part in (total, *active)):
        return None
    return decoder_of(size_of(total), size_of(active[0], "--active") if active else None)


def _short(params: float) -> str:
    unit = next(unit for unit in ("T", "B", "M", "K", "") if params >= _UNITS[unit] or not unit)
    return f"{params / _UNITS[unit]:,.10g}{unit}"


__all__ = ["Proportions", "decoder_of", "model_of", "named", "proportions", "size_of", "sized_name"]
