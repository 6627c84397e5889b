"""Writes the calibration of LLM training with the origin of each number, for `fit_llm.py`."""

from __future__ import annotations

from pathlib import Path

from exatwin.catalogue.llm_calibration import Error, LlmCalibration

SOURCES = {
    "FIT": "fitted by scripts/fit_llm.py on measured training runs of 11 papers and tables",
    "NCCL": "slope and start of NCCL timings on eight accelerators of a node (aiconfigurator, Apache-2.0)",
    "COMM": "fitted by scripts/llm_links.py on all-reduces between nodes: CSCS documentation (Alps), "
    "ml-engineering (B200 on EFA)",
    "OOM": "OpenEuroLLM, runs on JUPITER that fit and that ran out of memory",
    "DEEP": "JUPITER deep dive, probe of node jpbo-015-09",
    "CHIPS": "rated power over 16-bit peak of A100, H100 and B200 in the catalogue",
    "REASON": "Physical reasoning of this project; no published value was found",
    "DOCS": "documentation of Megatron-LM, llm-foundry and torchtitan: gradients reduced in 32 or 16 bits",
}

ASSUMED = {
    "backward_passes": (1.5, "backward, three arrays pass where forward two do: a gradient more"),
    "square_frac": (0.5, "products of one head are thin: half the rate of large ones"),
    "selective_frac": (0.1, "normalisations, scores and activation function over a forward pass"),
    "kept_frac": (0.75, "queries, keys and values stay, the output of attention is made again"),
    "narrow_kept_b": (1.5, "half of it in 8 bits, half in 16"),
}
"""Constants of the law that are not fitted, and what speaks for them."""

RESERVES = {
    "megatron": ("derived", "what runs on JUPITER took beyond the parts that are counted"),
    "megatron-2021": ("assumed", "as the stack of today"),
    "fsdp": (
        "assumed",
        "no groups of tensor or pipeline ranks; set by hand in view of runs that fitted and ran out",
    ),
}


def fact(value: float, source: str = "FIT", quality: str = "fitted", note: str = "") -> str:
    """Return a number with its origin, as TOML."""
    text = f'{{ value = {value:.5g}, source = "{source}", quality = "{quality}"'
    return text + (f', note = "{note}" }}' if note else " }")


def head(found: LlmCalibration) -> list[str]:
    """Return the numbers that are not in a table."""
    band = "measured runs whose sources leave open what they compute again need up to this share by the law"
    return [
        'name = "llm-training"',
        f"power_exponent = {fact(found.power_exponent)}",
        f"memory_frac = {fact(found.memory_frac)}",
        f"network_frac = {fact(found.network_frac, 'COMM')}",
        f"network_latency_us = {fact(found.network_latency_us, 'COMM')}",
        f"network_overlap_frac = {fact(found.network_overlap_frac, 'COMM')}",
        f"usable_memory = {fact(found.usable_memory, 'DEEP', 'derived', '97,871 MiB on a GH200 of 96 GB')}",
        f"memory_band = {fact(found.memory_band, 'FIT', 'derived', band)}",
        f"most_accelerators = {fact(found.most_accelerators, 'FIT', 'derived', 'of the largest run')}",
    ]


def tables(found: LlmCalibration, errors: dict[str, Error]) -> list[str]:
    """Return the tables."""
    lines = ["", "[law]"]
    for name, value in found.law.items():
        known = ("REASON", "assumed", ASSUMED[name][1]) if name in ASSUMED else ()
        lines.append(f"{name} = {fact(value, *known)}")
    for family, rates in found.families.items():
        generic = "mean of the families, for chips that no fit has seen" if family == "generic" else ""
        quality = "derived" if generic else "fitted"
        lines += ["", f"[families.{family}]"]
        lines += [
            f"{key} = {fact(getattr(rates, key), 'FIT', quality, generic)}"
            for key in ("product", "attention")
        ]
        lines.append(f"watts_per_tflop_s = {fact(rates.watts_per_tflop_s, 'CHIPS', 'derived', generic)}")
        for key in ("link_frac", "reduce_frac", "exchange_frac", "link_latency_us"):
            lines.append(f"{key} = {fact(getattr(rates, key), 'NCCL', quality, generic)}")
    lines += ["", "[precisions]", *(f"{key} = {fact(value)}" for key, value in found.precisions.items())]
    for name, stack in found.stacks.items():
        lines += ["", f"[stacks.{name}]"]
        for key in ("fused_attention", "fused", "overlap_tensor", "overlap_data", "hierarchical"):
            lines.append(f"{key} = {str(getattr(stack, key)).lower()}")
        lines.append(f"gradient_bytes = {fact(stack.gradient_bytes, 'DOCS', 'assumed')}")
        lines += [f"{key} = {fact(getattr(stack, key))}" for key in ("product", "attention")]
        quality, note = RESERVES[name]
        lines.append(
            f'reserve = {{ value = "{stack.reserve_b / 1e9:g} GB", source = "OOM", quality = "{quality}", '
            f'note = "{note}" }}'
        )
    for kind, error in errors.items():
        lines += ["", f"[errors.{kind}]"]
        source = "COMM" if kind == "network" else "FIT"
        lines += [
            f"{key} = {fact(getattr(error, key), source, 'derived')}" for key in type(error).model_fields
        ]
    return lines


def write(path: Path, found: LlmCalibration, errors: dict[str, Error]) -> None:
    """Write the calibration to `path`."""
    lines = head(found) + tables(found, errors)
    for key, title in SOURCES.items():
        lines += ["", f"[sources.{key}]", f'title = "{title}"']
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
