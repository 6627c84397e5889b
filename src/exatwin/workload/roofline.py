"""Shared laws of compute: matrix products whose efficiency depends on shape, and passes over memory.

All functions broadcast: each argument is a number or an array over configurations.
"""

from __future__ import annotations

from typing import Any

from exatwin.foundation.arrays import Float64

Value = Any
"""A number, or an array over configurations (float64)."""


def saturation(size: Value, half: Value) -> Value:
    """Return the share of full rate [0, 1) that a dimension of `size` reaches; a half at `half`.

    Examples
    --------
    >>> saturation(300.0, 100.0)
    0.75
    """
    return size / (size + half)


def product_s(
    rows: Value, columns: Value, depth: Value, rate_flop_s: Value, half: tuple[Value, Value, Value]
) -> Value:
    """Return the time [s] of a matrix product (rows x depth) by (depth x columns).

    Parameters
    ----------
    rows, columns, depth
        Its dimensions.
    rate_flop_s
        Rate that very large products reach [FLOP/s].
    half
        The sizes of rows, columns and depth at which half of that rate is left.

    Notes
    -----
    ``rate = u0 peak / ((1 + m0/m) (1 + n0/n) (1 + k0/k))``: tiles, waves and pipelines of the matrix units
    are filled the better, the larger each dimension is.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson, "Roofline", Communications of the ACM 52(4), 2009,
    doi:10.1145/1498765.1498785.
    """
    share = saturation(rows, half[0]) * saturation(columns, half[1]) * saturation(depth, half[2])
    return 2.0 * rows * columns * depth / (rate_flop_s * share)


def passes_s(moved_b: Value, memory_b_s: Value) -> Value:
    """Return the time [s] to move `moved_b` bytes through device memory at `memory_b_s`."""
    return moved_b / memory_b_s


__all__ = ["Float64", "Value", "passes_s", "product_s", "saturation"]
