"""Write the sample job log of the quick start: ``python scripts/make_sample_trace.py [FILE]``.

The log is made up: jobs of the default mix on JEDI (24 nodes), scheduled by exatwin and written as
``sacct -X --parsable2`` prints them with ``SLURM_TIME_FORMAT=%s``. No person, project or node of it exists.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from exatwin.catalogue.load import machine
from exatwin.foundation.random import stream
from exatwin.schedule.floor import Floor
from exatwin.schedule.result import Placement, Schedule
from exatwin.schedule.simulate import simulate
from exatwin.workload.draw import draw
from exatwin.workload.job import Profiles, State
from exatwin.workload.mix import generate, load_mix

START = datetime(2026, 9, 7, tzinfo=UTC)
DAYS, WARM_UP_DAYS, SEED = 14, 2, 0
NEVER_STARTED_FRAC = 0.03
CORES, ACCELERATORS = 288, 4
EXPORT = (
    "JobIDRaw,Cluster,Account,User,Partition,QOS,Submit,Eligible,Start,End,ElapsedRaw,TimelimitRaw,State,"
    "ExitCode,NNodes,NCPUS,ReqTRES,AllocTRES,NodeList,ConsumedEnergyRaw,Restarts,Reservation,Comment"
)
FIELDS = EXPORT.split(",")
EXIT_CODES = {
    State.FAILED: "1:0",
    State.OUT_OF_MEMORY: "0:125",
    State.CANCELLED: "0:15",
    State.TIMEOUT: "0:0",
}


def node_list(placement: Placement, job: int) -> str:
    """Return the nodes of `job` as Slurm writes them, such as ``jedi-[001-004,007]``."""
    rows = range(int(placement.first[job]), int(placement.first[job + 1]))
    ranges = [(int(placement.node[r]) + 1, int(placement.node[r]) + int(placement.count[r])) for r in rows]
    text = ",".join(f"{a:03d}" if a == b else f"{a:03d}-{b:03d}" for a, b in sorted(ranges))
    return f"jedi-{text}" if text.isdigit() else f"jedi-[{text}]"


def state_of(schedule: Schedule, job: int) -> str:
    """Return the state of `job` by Slurm's name; a person who cancels is named by number."""
    state = State(int(schedule.state[job]))
    user = 20000 + int(schedule.jobs.user[job])
    return f"CANCELLED by {user}" if state is State.CANCELLED else state.name


def energies_j(schedule: Schedule, profiles: Profiles) -> np.ndarray:
    """Return what the nodes of each job took [J], shape (jobs,)."""
    watts = draw(profiles, machine("jedi")).nominal_w * profiles.phases.share_frac
    mean_w = np.add.reduceat(watts, profiles.first[:-1])
    return mean_w[schedule.jobs.profile] * schedule.jobs.nodes * schedule.run_s


def row(schedule: Schedule, job: int, energy_j: float, origin: int) -> list[str]:
    """Return the cells of a job that ran."""
    jobs, nodes = schedule.jobs, int(schedule.jobs.nodes[job])
    trackable = f"cpu={nodes * CORES},gres/gpu={nodes * ACCELERATORS},node={nodes}"
    submit, begin, end = (origin + int(t[job]) for t in (jobs.submit_s, schedule.start_s, schedule.end_s))
    state = state_of(schedule, job)
    return [
        *(str(int(jobs.job_id[job])), "jedi", f"proj{jobs.account[job]:03d}", f"user{jobs.user[job]:04d}"),
        *("all", "normal", str(submit), str(submit), str(begin), str(end), str(end - begin)),
        *(str(int(jobs.limit_s[job]) // 60), state, EXIT_CODES.get(State(int(schedule.state[job])), "0:0")),
        *(str(nodes), str(nodes * CORES), f"billing={nodes},{trackable}", f"billing={nodes},{trackable}"),
        *(node_list(schedule.placement, job), str(round(energy_j)), "0", "", ""),
    ]


def withdrawn(cells: list[str], waited_s: int) -> list[str]:
    """Return the row as it would be had the user cancelled the job while it waited."""
    cells = list(cells)
    end = int(cells[FIELDS.index("Submit")]) + waited_s
    user = 20000 + int(cells[FIELDS.index("User")].removeprefix("user"))
    changed = {
        **{"Start": "None", "End": str(end), "ElapsedRaw": "0", "State": f"CANCELLED by {user}"},
        **{"ExitCode": "0:0", "AllocTRES": "", "NodeList": "None assigned", "ConsumedEnergyRaw": "0"},
    }
    for field, value in changed.items():
        cells[FIELDS.index(field)] = value
    return cells


def sample() -> list[str]:
    """Return the lines of the log, a header first."""
    jedi, mix = machine("jedi"), load_mix("jupiter")
    window = {"start_s": -WARM_UP_DAYS * 86400, "end_s": DAYS * 86400}
    jobs, profiles = generate(jedi, mix, start=START, load=mix.load, seed=SEED, **window)
    schedule = simulate(jobs, Floor.of(jedi), placement="contiguous")
    energy_j, origin = energies_j(schedule, profiles), int(START.timestamp())
    rng = stream(SEED, "sample")
    lines = ["|".join(FIELDS)]
    for job in np.flatnonzero((jobs.submit_s >= 0) & schedule.started):
        cells = row(schedule, int(job), float(energy_j[job]), origin)
        never, waited_s = rng.random() < NEVER_STARTED_FRAC, int(rng.integers(30, 7200))
        lines.append("|".join(withdrawn(cells, waited_s) if never else cells))
    return lines


def main() -> None:
    """Write the sample to the file named on the command line, by default into ``examples``."""
    default = Path(__file__).resolve().parents[1] / "examples" / "sample_sacct.txt"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    path.parent.mkdir(exist_ok=True)
    lines = sample()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {len(lines) - 1} jobs")


if __name__ == "__main__":
    main()
