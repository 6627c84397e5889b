"""Record how long jobs wait in a simulated queue of each machine, by their nodes and their time limit.

Usage::

    python scripts/record_waits.py [MACHINE …]

No queue of these machines is public. The jobs of the mix that `waits.toml` names are offered to each machine
at the load it names, under EASY backfilling, and the waits of the jobs of each shape are told as
percentiles. Machines whose own files name no limits get those of their site's batch rules. Writes
`src/exatwin/catalogue/data/waits/waits.csv`; the rows of machines that are not named stay as they are.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from exatwin.catalogue.batch import rules_for
from exatwin.catalogue.load import machine as load
from exatwin.catalogue.load import names
from exatwin.catalogue.machine import Machine, Partition
from exatwin.catalogue.waits import COLUMNS, LIMITS_S, Made, made, octave
from exatwin.schedule.simulate import simulate
from exatwin.workload.mix import generate, load_mix

TARGET = Path(__file__).resolve().parents[1] / "src/exatwin/catalogue/data/waits/waits.csv"
FEWEST = 20
"""Jobs that a percentile has to rest on."""
WEEK_S = 7 * 86400


def with_limits(machine: Machine) -> Machine:
    """Return `machine` with the limits of its site's rules, where its own file names none."""
    rules = rules_for(machine.name)
    if machine.file.partitions or rules is None:
        return machine
    queue = next((one for one in rules.partitions if one.default and one.machine == machine.name), None)
    if queue is None:
        return machine
    most = queue.max_nodes if queue.max_nodes is not None else machine.nodes
    own = Partition(
        name=queue.name,
        nodes=machine.nodes,
        default=True,
        max_nodes=min(most, machine.nodes),
        max_time_s=None if queue.max_time_s is None else f"{queue.max_time_s} s",  # type: ignore[arg-type]
    )
    return machine.model_copy(update={"file": machine.file.model_copy(update={"partitions": [own]})})


def waits(name: str, how: Made) -> Iterator[dict[str, str | int]]:
    """Yield the rows of the machine called `name`."""
    machine, mix = with_limits(load(name)), load_mix(how.mix)
    jobs, _ = generate(
        machine,
        mix,
        start=datetime(2026, 6, 1, tzinfo=UTC),
        start_s=-how.warmup_weeks * WEEK_S,
        end_s=how.weeks * WEEK_S,
        load=how.load,
        seed=0,
    )
    done = simulate(jobs, machine.nodes, policy=how.policy, backfill=how.backfill)
    counted = done.started & (jobs.submit_s >= 0)
    sizes = np.array([octave(int(nodes)) for nodes in jobs.nodes])
    for size in np.unique(sizes):
        for low, high in zip((0.0, *LIMITS_S), LIMITS_S, strict=False):
            of_shape = counted & (sizes == size) & (jobs.limit_s > low) & (jobs.limit_s <= high)
            if of_shape.sum() >= FEWEST:
                ends = np.percentile(done.wait_s[of_shape], [10, 50, 90]).round().astype(int)
                values = (name, int(size), int(high), int(of_shape.sum()), *map(int, ends))
                yield dict(zip(COLUMNS, values, strict=True))


def main(wanted: list[str]) -> None:
    """Simulate the machines that are `wanted`, by default all of the catalogue."""
    kept = []
    if wanted and TARGET.is_file():
        with TARGET.open(newline="", encoding="utf-8") as file:
            kept = [row for row in csv.DictReader(file) if row["machine"] not in wanted]
    rows: list[dict[str, str | int]] = [dict(row) for row in kept]
    for name in wanted or names("machines"):
        found = list(waits(name, made()))
        rows += found
        print(f"{name}: {sum(int(row['jobs']) for row in found):,} jobs, {len(found)} shapes", flush=True)
    rows.sort(key=lambda row: (str(row["machine"]), int(row["nodes"]), int(row["limit_s"])))
    with TARGET.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
