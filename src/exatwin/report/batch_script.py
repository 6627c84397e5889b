"""A batch script for a plan at a site: partition, limits, launcher, and a chain of jobs that resume."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator

from exatwin.foundation.units import counted, show
from exatwin.foundation.version import __version__
from exatwin.study.applying.job_plan import JobPlan

_WIDE = 108
_MEGATRON = (
    ("tp", "--tensor-model-parallel-size"),
    ("pp", "--pipeline-model-parallel-size"),
    ("cp", "--context-parallel-size"),
    ("ep", "--expert-model-parallel-size"),
    ("micro_batch", "--micro-batch-size"),
    ("global_batch", "--global-batch-size"),
    ("seq", "--seq-length"),
)


def script(plan: JobPlan, *, chain: str = "array", account: str = "") -> str:
    """Return the batch script of `plan`.

    Parameters
    ----------
    chain
        How jobs follow each other: one of :data:`exatwin.study.applying.job_plan.CHAINS`.
    account
        The account; by default a placeholder.
    """
    head = ["#!/bin/bash", *_title(plan), *_directives(plan, chain, account or plan.rules.account_like)]
    body = [*_environment(plan), *_program(plan), *_course(plan, chain)]
    return "\n".join([*head, "", "set -u", *body]) + "\n"


def clock(seconds: float) -> str:
    """Return a time limit as Slurm reads it.

    Examples
    --------
    >>> clock(43200.0), clock(172800.0), clock(90061.0)
    ('12:00:00', '2-00:00:00', '1-01:01:01')
    """
    days, rest = divmod(int(seconds), 86400)
    text = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days}-{text}" if days else text


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDE, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)


def _title(plan: JobPlan) -> Iterator[str]:
    """Yield what the script is, and what was taken for granted."""
    work, rules, queue = plan.work, plan.rules, plan.queue
    low_s, high_s = work.range_s
    yield from _comment(
        f"{work.title}: {work.what} on {counted(work.nodes, 'nodes')} of {rules.title}, "
        f"{queue.nodes_are} each."
    )
    yield from _comment(f"Written by exatwin {__version__}, which never submits: read it, then change it.")
    yield f"# site: {rules.name}"
    ranged = f", {show(low_s, 's', 3)} to {show(high_s, 's', 3)}" if low_s < high_s else ""
    yield from _comment(f"time: {show(work.time_s, 's', 3)}{ranged}, waits in the queue left out")
    if plan.chained:
        lead = show(plan.lead_s, "s", 3)
        end = f"each ends with {lead} to write a checkpoint, the next resumes from it"
        if work.service:
            end = f"each is told {lead} before its end; while the next one waits nobody answers"
        yield from _comment(
            f"jobs: {plan.jobs:,} of {show(plan.limit_s, 's', 3)}, up to {plan.most_jobs:,} at the slow end; "
            f"{end}"
        )
    yield from _comment(f"rules: as of {rules.as_of}, limits {_known(rules.quality_of(queue, 'max_time'))}")
    if plan.working < plan.gpus:
        yield from _comment(f"billed: whole nodes, {plan.working} of {plan.gpus} GPUs of each work")
    for text in rules.notes:
        yield from _comment(f"site: {text}")
    for text in (*_power(plan), *work.assumptions):
        yield from _comment(f"assumed: {text}")
    yield "#"


def _known(quality: str) -> str:
    """Return how limits of that quality are known, in words."""
    stated = {"vendor": "as its operator states them", "assumed": "assumed, no document is at hand"}
    return stated.get(quality, quality or "not known")


def _power(plan: JobPlan) -> Iterator[str]:
    if plan.rules.power:
        yield f"no limit of power is asked for ({plan.rules.power})"


def _directives(plan: JobPlan, chain: str, account: str) -> Iterator[str]:
    work, queue = plan.work, plan.queue
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in f"{work.app}-{work.title}".lower())
    words = [f"--job-name={name[:40].strip('-')}", f"--account={account}", f"--partition={queue.name}"]
    if queue.qos:
        words.append(f"--qos={account if queue.qos.startswith('<') else queue.qos}")
    words += [f"--nodes={work.nodes}", f"--ntasks-per-node={plan.tasks}", f"--cpus-per-task={plan.cpus}"]
    words += [queue.gpu_words(plan.gpus)] if plan.gpus else []
    words += [] if queue.exclusive or plan.gpus < queue.gpus else ["--exclusive"]
    words.append(f"--time={clock(plan.limit_s)}")
    if plan.chained:
        words.append(f"--signal=B:USR1@{plan.lead_s}")
        words.append("--requeue" if chain == "requeue" else "--no-requeue")
        words += [f"--array=1-{plan.most_jobs}%1"] if chain == "array" else []
        words.append("--open-mode=append")
    words.append(f"--output={'%x-%A' if plan.chained and chain == 'array' else '%x-%j'}.out")
    return (f"#SBATCH {word}" for word in words)


def _environment(plan: JobPlan) -> Iterator[str]:
    rules = plan.rules
    yield ""
    yield "# Environment: modules or a container of yours."
    yield "# module load …"
    if not rules.internet and rules.proxy:
        yield from _comment(f"compute nodes do not reach the internet: {rules.proxy}")
    for place in rules.file_systems:
        kept = f", deleted after {show(place.purge_s, 's', 3)}" if place.purge_s else ""
        yield f"# {place.path}: {place.use}{kept}"
    yield "export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK}"
    yield from rules.environment
    if plan.gpus:
        yield 'MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)'
        yield "export MASTER_ADDR MASTER_PORT=29500"


def _program(plan: JobPlan) -> Iterator[str]:
    """Yield where checkpoints lie and what is to be started."""
    work = plan.work
    yield ""
    yield "RUN_DIR=${RUN_DIR:-$PWD}            # where checkpoints lie; the program resumes from them"
    yield "DONE=$RUN_DIR/done                 # the program writes it when all is done"
    yield 'PROGRAM=("${PROGRAM:-./program}")  # the program; what follows are its arguments'
    if work.app == "llm":
        yield "# The layout of the plan in the words of Megatron-LM; other programs use others."
        yield "PROGRAM+=("
        yield from (
            f"  {flag} {shlex.quote(str(work.asked[key]))}" for key, flag in _MEGATRON if key in work.asked
        )
        if work.asked.get("zero"):
            yield "  --use-distributed-optimizer"
        yield ")"
    if plan.chained and work.checkpoint_interval_s:
        size = f" of {show(work.checkpoint_b, 'B', 3)}" if work.checkpoint_b else ""
        every = show(work.checkpoint_interval_s, "s", 3)
        yield f"# Write a checkpoint{size} every {every} of work, which loses the least to failures."


def _course(plan: JobPlan, chain: str) -> Iterator[str]:
    """Yield how the program is started, told to stop, and resumed."""
    launch = f'{plan.rules.launcher} "${{PROGRAM[@]}}"'
    if not plan.chained:
        yield from ("", launch)
        return
    yield from _COMMON.format(launch=launch).splitlines()
    if chain == "requeue":
        yield from _REQUEUE.splitlines()
    elif chain == "dependency":
        yield from _DEPENDENCY.format(jobs=plan.most_jobs).splitlines()
    else:
        yield "# The next job of the array starts when this one has ended."
    yield 'exit "$code"'


_COMMON = """
[[ -e $DONE ]] && {{ echo "all is done"; exit 0; }}

JOB=${{SLURM_ARRAY_JOB_ID:+${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}}}
JOB=${{JOB:-$SLURM_JOB_ID}}
# Slurm sends USR1 to this shell before the time is up; the job's steps get it from here.
stopped=0
stop() {{
  stopped=1
  echo "$(date -Is) time is nearly up: the program is told to write a checkpoint and end"
  scancel --signal=USR1 "$JOB"
}}
trap stop USR1

{launch} &
step=$!
code=0
wait "$step" || code=$?
while kill -0 "$step" 2>/dev/null; do  # the signal ended the wait, not the program
  code=0
  wait "$step" || code=$?
done
[[ $stopped == 1 ]] && code=0  # it ended because it was told to
"""
_REQUEUE = """# The same job goes back into the queue, unless the program failed or all is done.
[[ $stopped == 1 && ! -e $DONE ]] && scontrol requeue "$SLURM_JOB_ID"
"""
_DEPENDENCY = """# Send the chain from a login node; a job starts when the one before has ended, well or not:
#   job=$(sbatch --parsable job.sh)
#   for i in $(seq 2 {jobs}); do job=$(sbatch --parsable --dependency=afterany:$job job.sh); done
"""

__all__ = ["clock", "script"]
