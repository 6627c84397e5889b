"""Tables of the serving engines and of what families of chips reach while they serve."""

from __future__ import annotations

from generate import makes, table

from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.workload.apps.serving_setup import FORMATS


@makes("serving-engines")
def serving_engines() -> str:
    """Engines by name, and what they do."""
    head = (
        "`--engine`",
        "",
        "a step",
        "each request",
        "first token",
        "requests",
        "tokens of a step",
        "cache",
    )
    return table(
        head,
        (
            (
                f"`{name}`", law.title, f"{law.step_us / 1e3:.2f} ms", f"{law.sequence_us:.3g} µs",
                f"{law.first_ms:.3g} ms", f"{law.batch_most:,}", f"{law.tokens_most:,}",
                "reserved for the whole answer" if law.reserves else "block by block",
            )
            for name, law in serving_calibration().engines.items()
        ),
    )  # fmt: skip


@makes("serving-rates")
def serving_rates() -> str:
    """Shares of the rated peak and bandwidth by family of chip."""
    head = ("family", "weights from memory", "products in 16 bits", "in 8", "in 4")
    keys = ("memory", "products_16", "products_8", "products_4")
    found = serving_calibration().families.items()
    return table(head, ((name, *(f"{getattr(rates, key):.0%}" for key in keys)) for name, rates in found))


@makes("serving-formats")
def serving_formats() -> str:
    """Number formats of weights."""
    rows = ((f"`{name}`", f"{size:g}", f"`{peak}`") for name, (size, peak) in FORMATS.items())
    return table(("`--precision`", "bytes of a weight, scales included", "peak of its products"), rows)
