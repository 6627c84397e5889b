"""Make the log of the sample centre, ``examples/centre/sacct.txt``: ``python scripts/make_sample_centre.py``.

Nothing in it is measured: users, sizes and run times are drawn, and their starts are those that the centre's
``slurm.conf`` and accounts give in exatwin itself.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from exatwin.foundation.random import stream
from exatwin.schedule.conditions import Conditions
from exatwin.schedule.simulate import simulate
from exatwin.schedule.site.conf import read_conf
from exatwin.schedule.site.limits import site_limits
from exatwin.schedule.site.ranks import Site, site_ranks
from exatwin.schedule.site.read import read_accounts
from exatwin.schedule.site.tree import Labels
from exatwin.study.centre.site import floor_of_conf
from exatwin.study.centre.slurm import SlurmSettings
from exatwin.workload.job import Jobs

HERE = Path(__file__).resolve().parents[1] / "examples" / "centre"
START = datetime(2026, 9, 7, tzinfo=UTC)
JOBS, SEED, BETWEEN_S = 220, 7, 1000.0
USERS = (("physics", "ada"), ("qcd", "bob"), ("qcd", "cyd"), ("climate", "dee"), ("climate", "eli"))
LIKELY = (0.3, 0.2, 0.15, 0.2, 0.15)
SIZES, SIZES_LIKELY = (1, 2, 4, 8, 12, 16, 24, 32), (0.2, 0.2, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02)
LIMITS_MIN, LIMITS_LIKELY = (60, 180, 360, 720, 1440), (0.15, 0.2, 0.25, 0.25, 0.15)
_NAMES = "JobIDRaw Account User Partition QOS Submit Eligible Start End ElapsedRaw TimelimitRaw State NNodes"
HEAD = "|".join([*_NAMES.split(), "NCPUS", "ReqTRES"])


def drawn() -> tuple[Jobs, Labels]:
    """Return what is asked of the centre, and the names in it."""
    draw = stream(SEED, "sample", "centre")
    devel = draw.random(JOBS) < 0.12
    who = draw.choice(len(USERS), JOBS, p=LIKELY)
    nodes = np.where(devel, draw.integers(1, 5, JOBS), draw.choice(SIZES, JOBS, p=SIZES_LIKELY))
    limit = np.where(devel, draw.choice([30, 60], JOBS), draw.choice(LIMITS_MIN, JOBS, p=LIMITS_LIKELY))
    run = np.maximum(limit * 60 * np.minimum(draw.beta(1.3, 1.5, JOBS) + 0.02, 1.0), 30).astype(np.int64)
    names = sorted({account for account, _ in USERS})
    urgent = (draw.random(JOBS) < 0.4) & (who == 3) & (nodes <= 16) & (limit <= 360)
    jobs = Jobs(
        job_id=7001 + np.arange(JOBS),
        submit_s=np.cumsum(draw.exponential(BETWEEN_S, JOBS)).astype(np.int64),
        nodes=nodes,
        limit_s=limit * 60,
        runtime_s=run,
        partition=devel.astype(np.int16),
        account=np.array([names.index(USERS[k][0]) for k in who]),
        user=who,
        qos=urgent.astype(np.int16),
        processors=nodes,
        gpus=4 * nodes,
    )
    return jobs, Labels(("all", "devel"), names, [user for _, user in USERS], ("normal", "urgent"))


def main() -> None:
    """Write the log into the file named on the command line, by default that of the examples."""
    jobs, labels = drawn()
    conf = read_conf(HERE / "slurm.conf")
    accounts = read_accounts([HERE / "accounts.txt", HERE / "qos.txt"])
    settings = SlurmSettings(conf=str(HERE / "slurm.conf"))
    made = floor_of_conf(conf)
    assert made is not None
    rule = settings.priority()
    site = Site(conf, accounts, labels, None, made[0].capacity)
    limits, _, _ = site_limits(jobs, site)
    found = simulate(
        jobs,
        made[0],
        policy="multifactor",
        backfill="slurm",
        slurm=settings.rule(),
        priority=rule,
        ranks=site_ranks(jobs, site, rule)[0],
        conditions=Conditions(limits=limits),
    )
    zero, lines = int(START.timestamp()), [HEAD]
    for at in range(len(jobs)):
        job = {name: values[at] for name, values in jobs}
        start, end = int(found.start_s[at]) + zero, int(found.end_s[at]) + zero
        submit, nodes, cut = (
            int(job["submit_s"]) + zero,
            int(job["nodes"]),
            job["runtime_s"] >= job["limit_s"],
        )
        lines.append(
            f"{job['job_id']}|{labels.accounts[job['account']]}|{labels.users[job['user']]}|"
            f"{labels.partitions[job['partition']]}|{labels.qos[job['qos']]}|{submit}|{submit}|{start}|{end}|"
            f"{end - start}|{job['limit_s'] // 60}|{'TIMEOUT' if cut else 'COMPLETED'}|{nodes}|{288 * nodes}|"
            f"cpu={nodes},gres/gpu={4 * nodes},node={nodes}"
        )
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "sacct.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {len(jobs)} jobs")


if __name__ == "__main__":
    main()
