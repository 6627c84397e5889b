"""What a comparison of ten machines costs from the command line, beside one estimate.

python benchmarks/bench_compare.py [--repeats 5] [--ratio 8]

Each command is a process of its own; the least CPU time of the repeats counts: a busy machine only adds.
"""

from __future__ import annotations

import argparse

from bench_estimate import cpu_s

MACHINES = "jupiter,lumi-g,leonardo,marenostrum5-acc,meluxina,karolina,isambard-ai,alps,frontier,dgx-h100"
LLM = "llm --model llama-3.1-70b --accelerators 256 --tokens 100B"
COMMANDS = ("hpl --nodes 16", LLM)
LIMIT_S = 2.0


def main() -> None:
    """Time the comparisons, and fail where one is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--ratio", type=float, default=8.0, help="Most of ten machines over one estimate.")
    asked = parser.parse_args()
    slow = []
    for command in COMMANDS:
        words = command.split()
        one = cpu_s(["-m", "exatwin", "estimate", *words, "--json"], asked.repeats)
        ten = cpu_s(["-m", "exatwin", "compare", "--machines", MACHINES, *words, "--json"], asked.repeats)
        print(f"{one:.3f} s one, {ten:.3f} s ten machines   {ten / one:.2f}   {command}")
        if ten > asked.ratio * one:
            slow.append(command)
    print(f"goal: {LIMIT_S} s on a quiet machine, {asked.ratio:g} times one estimate on any")
    if slow:
        raise SystemExit(f"slower than {asked.ratio:g} times one estimate: {'; '.join(slow)}")


if __name__ == "__main__":
    main()
