"""What jobs ask for, in the words of accounting: ``billing=8,cpu=2304,gres/gpu=32,mem=2G,node=8``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from exatwin.foundation.arrays import Float64, Int32

_PART = re.compile(
    r"(?P<name>[a-z][a-z0-9_/:.-]*)=(?P<number>\d+(?:\.\d+)?)(?P<scale>[kmgtp]?)", re.IGNORECASE
)
_SCALE = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


class Asked(NamedTuple):
    """What each row asks for; NaN where it does not say, shape (rows,)."""

    nodes: Float64
    processors: Float64
    gpus: Float64
    memory_mib: Float64


def asked_for(code: Int32, texts: Sequence[str]) -> Asked:
    """Return what rows ask for; `code` is the number of each row's text, -1 for none.

    Examples
    --------
    >>> asked_for(np.array([0, -1]), ["cpu=8,mem=1.5G,node=2,gres/gpu=4,gres/gpu:a100=4"]).gpus
    array([ 4., nan])
    """
    table = np.full((len(texts) + 1, len(Asked._fields)), np.nan)
    for row, text in enumerate(texts):
        table[row] = _numbers(text)
    return Asked(*table[code].T.copy())


def _numbers(text: str) -> tuple[float, float, float, float]:
    found: dict[str, float] = {}
    for part in _PART.finditer(text):
        name, power = part["name"].lower(), _SCALE[part["scale"].lower()]
        size = float(part["number"]) * 1024.0 ** (power - 2 if name == "mem" and power else power)
        found[name] = size
        if name.startswith("gres/gpu:"):
            found["typed"] = found.get("typed", 0.0) + size
    nothing = float("nan")
    gpus = found.get("gres/gpu", found.get("typed", nothing))
    return found.get("node", nothing), found.get("cpu", nothing), gpus, found.get("mem", nothing)
