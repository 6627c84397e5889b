"""Time the search for plans beside Calculon's published speed: python benchmarks/bench_plan.py [ROUNDS].

Calculon (git caa4b11f) evaluates 171 to 303 configurations a CPU second; the search of its README, Turing
530B on 5,128 A100 with 2,520 sequences, looks at 8,112 configurations. Their options are not ours one by one:
here the same question is asked of more plans than that, on 5,128 accelerators and on the rounder 5,120; only
plans whose degrees divide count.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.workload.apps.llm_model import LanguageModel, load_model
from exatwin.workload.apps.llm_plan import Space
from exatwin.workload.apps.llm_search import Found, search, space_of
from exatwin.workload.apps.llm_setup import device_of

CALCULON_S = 171.0, 303.0
TURING = LanguageModel(
    name="Turing 530B",
    layers=105,
    hidden=20480,
    ffn=81920,
    heads=128,
    kv_heads=128,
    vocab=51200,
    gated_mlp=False,
)


def wide(space: Space) -> Space:
    """Return `space` with every stage of ZeRO and every order of work."""
    orders = [(pp, vpp, word) for pp, vpp, _ in space.pipe for word in ("1f1b", "zero-bubble")]
    kept = [one for one in orders if one[2] == "1f1b" or (one[1] == 1 and one[0] > 1)]
    return replace(space, pipe=tuple(kept), zero=(0, 1, 2, 3), micro_batch=(1, 2, 3, 4, 6, 8, 12, 16))


def timed(model: LanguageModel, kind: str, spaces: list[Space], rounds: int) -> tuple[Found, float]:
    """Return what is found and the least CPU seconds of some rounds."""
    device, calibration = device_of(sized(kind, spaces[0].accelerators)), llm_calibration()
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        found = search(model, device, spaces, calibration, keep=10)
        taken.append(time.process_time() - began)
    return found, min(taken)


def main() -> None:
    """Print plans a CPU second, and the ratio to Calculon's."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    asked = {"seq": 2048, "precision": "fp16"}
    turing = [
        space_of(TURING, {"accelerators": count, **asked}, batch=2520, batch_open=True)
        for count in (5128, 5120)
    ]
    many = [
        space_of(load_model("gpt-3-175b"), {"accelerators": count, **asked}, batch=3072, batch_open=True)
        for count in (512, 1024, 2048, 3072, 4096)
    ]
    experts = space_of(
        load_model("deepseek-v3"), {"accelerators": 2048, "seq": 4096}, batch=15360, batch_open=True
    )
    questions = {
        "Turing 530B, 5,128 A100": (TURING, "dgx-a100-80", turing[:1]),
        "the same, every option, or 5,120": (TURING, "dgx-a100-80", [wide(one) for one in turing]),
        "GPT-3 175B, five counts of A100": (
            load_model("gpt-3-175b"),
            "dgx-a100-80",
            [wide(one) for one in many],
        ),
        "DeepSeek-V3, 2,048 H100": (load_model("deepseek-v3"), "dgx-h100", [wide(experts)]),
    }
    print(
        f"{'search':34s}{'plans':>10s}{'cells':>10s}{'fit':>10s}{'CPU ms':>9s}{'plans/s':>12s}  over Calculon"
    )
    for name, (model, kind, spaces) in questions.items():
        found, seconds = timed(model, kind, spaces, rounds)
        rate = found.plans / seconds
        low, high = rate / CALCULON_S[1], rate / CALCULON_S[0]
        print(
            f"{name:34s}{found.plans:>10,}{found.cells:>10,}{found.fitting:>10,}{1e3 * seconds:>9.1f}"
            f"{rate:>12,.0f}  {low:,.0f} to {high:,.0f} times"
        )


if __name__ == "__main__":
    main()
