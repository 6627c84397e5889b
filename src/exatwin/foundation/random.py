"""Named random streams: a new consumer never shifts another's draws."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *path: str) -> np.random.Generator:
    """Return the random generator that belongs to `seed` and the names in `path`.

    Parameters
    ----------
    seed
        The scenario's seed, 0 or more.
    path
        Who asks, from the outside in, such as ``"workload", "arrivals"``.

    Examples
    --------
    >>> a = stream(0, "workload", "arrivals").integers(1000)
    >>> b = stream(0, "workload", "arrivals").integers(1000)
    >>> bool(a == b)
    True
    """
    keys = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little") for name in path]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *keys])))
