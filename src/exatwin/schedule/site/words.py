"""Values as Slurm writes them: times, counts and trackable resources."""

from __future__ import annotations

import math
import re

UNLIMITED = math.inf
_ENDLESS = {"unlimited", "infinite", "-1"}
_SPAN = re.compile(r"(?:(?P<days>\d+)-)?(?P<rest>\d+(?:\.\d+)?(?::\d+){0,2})")
_COUNT = re.compile(r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(?P<scale>[kmgtp]?)b?", re.IGNORECASE)
_SCALE = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def span_s(text: str, *, bare_s: float = 60.0) -> float:
    """Return the time that `text` stands for [s]; infinity for ``UNLIMITED``.

    Parameters
    ----------
    text
        ``minutes``, ``minutes:seconds``, ``hours:minutes:seconds``, ``days-hours``, ``days-hours:minutes`` or
        ``days-hours:minutes:seconds``.
    bare_s
        What one counts for in a number alone [s].

    Raises
    ------
    ValueError
        It is no time.

    References
    ----------
    https://slurm.schedmd.com/sbatch.html, option ``--time``

    Examples
    --------
    >>> span_s("90"), span_s("1:30"), span_s("2:00:00"), span_s("7-0"), span_s("1-12:30"), span_s("INFINITE")
    (5400.0, 90.0, 7200.0, 604800.0, 131400.0, inf)
    """
    plain = text.strip().lower()
    if plain in _ENDLESS:
        return UNLIMITED
    if plain == "none":
        return 0.0
    match = _SPAN.fullmatch(plain)
    if match is None:
        raise ValueError(f"'{text}' is no time, expected such as 90, 2:00:00, 7-0 or UNLIMITED")
    parts = [float(part) for part in match["rest"].split(":")]
    if match["days"] is not None:
        hours, minutes, seconds = (*parts, 0.0, 0.0)[:3]
        return int(match["days"]) * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds
    if len(parts) == 1:
        return parts[0] * bare_s
    if len(parts) == 2:
        return parts[0] * 60.0 + parts[1]
    return parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]


def count(text: str, base: float = 1024.0) -> float:
    """Return the number that `text` stands for, with a suffix such as ``G``; infinity for ``UNLIMITED``.

    Raises
    ------
    ValueError
        It is no number.

    Examples
    --------
    >>> count("12"), count("2k"), count("unlimited")
    (12.0, 2048.0, inf)
    """
    plain = text.strip().lower()
    if plain in _ENDLESS:
        return UNLIMITED
    match = _COUNT.fullmatch(plain)
    if match is None:
        raise ValueError(f"'{text}' is no number")
    return float(match["number"]) * base ** _SCALE[match["scale"].lower()]


def tres(text: str, *, weights: bool = False) -> dict[str, float]:
    """Return trackable resources by name, such as ``{"cpu": 4.0, "gres/gpu": 2.0}``; memory in MiB.

    Parameters
    ----------
    weights
        Whether the numbers are weights: ``0.25G`` is a weight for each G; those of memory count per MiB.

    Raises
    ------
    ValueError
        A part has no number.

    Examples
    --------
    >>> tres("node=4,cpu=1k,mem=2G,gres/gpu:a100=8")
    {'node': 4.0, 'cpu': 1024.0, 'mem': 2048.0, 'gres/gpu:a100': 8.0}
    >>> tres("CPU=1.0,Mem=0.25G,GRES/gpu=2", weights=True)
    {'cpu': 1.0, 'mem': 0.000244140625, 'gres/gpu': 2.0}
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = part.strip().rpartition("=")
        if not part.strip():
            continue
        if not equals:
            raise ValueError(f"'{part.strip()}' lacks a number, expected such as cpu=4")
        key = name.strip().lower()
        found[key] = _weight(value, key) if weights else _amount(value, key)
    return found


def _amount(value: str, key: str) -> float:
    number = count(value)
    in_bytes = key == "mem" and value.strip()[-1:].lower() in "kmgtp"
    return number / 1024.0**2 if in_bytes and math.isfinite(number) else number


def _weight(value: str, key: str) -> float:
    match = _COUNT.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"'{value}' is no weight")
    power = _SCALE[match["scale"].lower()]
    if key == "mem":
        power -= 2 if match["scale"] else 0  # memory is counted in MiB
    return float(match["number"]) / 1024.0**power
