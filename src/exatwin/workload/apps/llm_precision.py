"""The number formats of training: the words that people use for them, and which chip offers which."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exatwin.foundation.errors import SpecError, nearest

PRECISIONS = ("fp16", "bf16", "fp8", "fp8-rowwise", "mxfp8", "nvfp4")
PEAK_OF = {"fp16": "bf16", "bf16": "bf16", "fp8": "fp8", "fp8-rowwise": "fp8", "mxfp8": "fp8", "nvfp4": "fp4"}
_MICROSCALED = {"mxfp8", "nvfp4"}
_WORDS = (
    (r"(amp-)?(bf16|bfloat16)(-mixed)?", "bf16"),
    (r"(amp-)?(fp16|float16|half)(-mixed)?", "fp16"),
    (r"(nv|mx)?fp4(-.*)?", "nvfp4"),
    (r"mxfp8(-.*)?|(fp8|float8)-mx(-.*)?", "mxfp8"),
    (r"(fp8|float8)-?row-?wise", "fp8-rowwise"),
    (r"(amp-)?(fp8|float8)(-(mixed|hybrid|cs|ds|sc|e4m3|e5m2|delayed|current|tensor|block|sub).*)?", "fp8"),
)


def precision_of(text: str) -> str:
    """Return the precision (one of `PRECISIONS`) that `text` means.

    Recipes of one format that differ in how they scale a tensor (``FP8-CS``, ``fp8 tensorwise``, ``fp8
    hybrid``) count as that format; FP4 means NVFP4, the format of all measured runs with four bits.

    Raises
    ------
    SpecError
        It is no such word; the message has the nearest.

    Examples
    --------
    >>> [precision_of(word) for word in ("BF16", "amp_bf16", "FP8-CS", "fp8 rowwise", "FP8-MX", "fp4")]
    ['bf16', 'bf16', 'fp8', 'fp8-rowwise', 'mxfp8', 'nvfp4']
    """
    word = re.sub(r"[\s_]+", "-", text.split(",")[0].strip().lower())
    for pattern, precision in _WORDS:
        if re.fullmatch(pattern, word):
            return precision
    if word in ("fp32", "float32", "tf32", "fp64", "int8", "fp6"):
        raise SpecError(f"training in {text} is not modelled: expected one of {', '.join(PRECISIONS)}")
    raise SpecError(f"unknown precision '{text}': {nearest(word, PRECISIONS)}")


def offered(peak: Mapping[str, float]) -> tuple[str, ...]:
    """Return the precisions of a chip with these dense peaks.

    Formats with a scale for each few numbers came with units for four bits.

    Examples
    --------
    >>> offered({"bf16": 312e12})
    ('fp16', 'bf16')
    """
    found = [name for name in PRECISIONS if peak.get(PEAK_OF[name])]
    return tuple(name for name in found if name not in _MICROSCALED or peak.get("fp4"))


__all__ = ["PEAK_OF", "PRECISIONS", "offered", "precision_of"]
