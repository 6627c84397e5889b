"""What one estimate costs from the command line, beside starting Python with the libraries that it needs.

python benchmarks/bench_estimate.py [--repeats 7] [--ratio 2.5]

Each command is a process of its own; the least CPU time of the repeats counts: a busy machine only adds.
The yardstick is a process that imports numpy, pydantic and click and does nothing.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys

YARDSTICK = "import click, json, numpy; from pydantic import BaseModel"
COMMANDS = (
    "hpl",
    "hpl --machine dgx-h100 --accelerators 512",
    "hpl --machine LUMI-C",
    "hpl --machine top500:180478",
    "hpcg",
    "hpl-mxp",
    "llm --model llama-3.1-405b --accelerators 4096",
    "climate icon --grid 1.25km --nodes 2048 --length 100y --ensemble 3",
    "climate graphcast --machine dgx-h100",
    "serve llama-3.1-70b --rate 10 --ttft-p99 2s --tpot-p99 50ms",
    "serve deepseek-v3 --machine dgx-h200 --precision fp8 --rate 20",
    "llm --machine dgx-h100 --model gpt-3-175b --accelerators 512 --tp 4 --pp 8",
)
LIMIT_S = 0.5


def cpu_s(arguments: list[str], repeats: int) -> float:
    """Return the least CPU time of a process, children included [s]."""
    least = float("inf")
    for _ in range(repeats):
        begun = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
        least = min(least, spent)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--ratio", type=float, default=2.5, help="Most of an estimate over the yardstick.")
    asked = parser.parse_args()
    yardstick = cpu_s(["-c", YARDSTICK], asked.repeats)
    print(f"{yardstick:.3f} s   1.00   libraries alone")
    slow = []
    for command in COMMANDS:
        spent = cpu_s(["-m", "exatwin", "estimate", *command.split(), "--json"], asked.repeats)
        print(f"{spent:.3f} s   {spent / yardstick:.2f}   estimate {command}")
        if spent > asked.ratio * yardstick:
            slow.append(command)
    print(f"goal: {LIMIT_S} s on a quiet machine, {asked.ratio:g} times the libraries on any")
    if slow:
        raise SystemExit(f"slower than {asked.ratio:g} times the libraries alone: {'; '.join(slow)}")


if __name__ == "__main__":
    main()
