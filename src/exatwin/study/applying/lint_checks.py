"""What a site does not accept in a batch script: its directives and its commands, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from exatwin.catalogue.batch import BatchRules, Queue
from exatwin.foundation.errors import nearest
from exatwin.foundation.units import show
from exatwin.study.applying.job_script import Directive, JobScript, counts, gpus_of, seconds

_PLACEHOLDER = re.compile(r"[<>{}]|change.?me|your.?(account|budget|project)", re.IGNORECASE)
_BEGIN = (
    r"(?:^|[;&|({]\s*|\b(?:then|do|else|exec|sudo|time|env)\s+|\bsrun\s+(?:-\S+\s+(?:\d+\s+)?)*|\$\()\s*"
    r"(?:[A-Z_]+=\S*\s+)*"
)
_NETWORK = re.compile(
    _BEGIN + r"(?:python3?\s+-m\s+)?"
    r"(pip3?\s+install|conda\s+(?:install|create|env)|mamba\s+(?:install|create)|uv\s+(?:pip|add|sync)|"
    r"wget|curl|git\s+(?:clone|pull|fetch)|apt(?:-get)?\s|yum\s|dnf\s|npm\s+install|"
    r"docker\s+pull|(?:singularity|apptainer)\s+pull|(?:hf|huggingface-cli)\s+download|rsync\s+\S*\S+@)"
)
_LAUNCHERS = re.compile(_BEGIN + r"(mpirun|mpiexec(?:\.hydra)?|aprun|jsrun)\b")
_STARTS = re.compile(r"\b(srun|mpirun|mpiexec(?:\.hydra)?)\b")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be."""

    line: int
    """Its line, from 1; 0 for the script as a whole."""
    kind: str
    """``error`` or ``warning``."""
    text: str
    """What was found, and what was expected."""


def error(line: int, text: str) -> Finding:
    """Return an error in a line."""
    return Finding(line, "error", text)


def warning(line: int, text: str) -> Finding:
    """Return a warning about a line."""
    return Finding(line, "warning", text)


def directives(script: JobScript, rules: BatchRules) -> Iterator[Finding]:
    """Yield what the site does not accept in the directives."""
    yield from _account(script, rules)
    queue, found = _queue(script, rules)
    yield from found
    yield from _signal(script)
    if queue is not None:
        yield from _time(script, queue)
        yield from _nodes(script, queue)
        yield from _gpus(script, queue)
        yield from _cores(script, queue)


def _account(script: JobScript, rules: BatchRules) -> Iterator[Finding]:
    asked = script.last("account")
    if asked is None or not asked.value:
        if rules.account_required:
            line = asked.line if asked else 0
            yield error(line, f"no account: expected --account={rules.account_like}")
    elif _PLACEHOLDER.search(asked.value):
        yield warning(asked.line, f"--account={asked.value} is a placeholder: write yours")


def _queue(script: JobScript, rules: BatchRules) -> tuple[Queue | None, list[Finding]]:
    """Return the partition that limits the job, and what is wrong with its name."""
    asked, quality = script.last("partition"), script.last("qos")
    if asked is None:
        own = [one for one in rules.partitions if one.default]
        if len(own) == 1:
            text = f"no partition: '{own[0].name}' is taken; name it to be sure"
            return own[0], [warning(0, text)]
        return None, [error(0, f"no partition: expected --partition, one of {_listed(rules)}")]
    queues = rules.queues(asked.value)
    if not queues:
        text = f"{rules.title} has no partition '{asked.value}': {nearest(asked.value, rules.queue_names())}"
        usual = [one for one in rules.partitions if one.default]
        return usual[0] if len(usual) == 1 else None, [error(asked.line, text)]
    found = [] if queues[0].up else [error(asked.line, f"partition '{asked.value}' takes no jobs")]
    known = [one.qos for one in queues if one.qos]
    if not known or any(word.startswith("<") for word in known):
        return queues[0], found
    if quality is None:
        plain = next((one for one in queues if not one.qos), None)
        if plain is None:
            text = f"'{asked.value}' wants a quality of service: expected --qos, such as {known[0]}"
            return queues[0], [*found, warning(asked.line, text)]
        return plain, found
    match = next((one for one in queues if one.qos == quality.value), None)
    if match is None:
        text = f"'{asked.value}' has no known quality of service '{quality.value}': "
        loosest = max(queues, key=lambda one: one.most_nodes)
        return loosest, [*found, warning(quality.line, text + nearest(quality.value, known))]
    return match, found


def _listed(rules: BatchRules) -> str:
    return ", ".join(rules.queue_names())


def _named(queue: Queue) -> str:
    return f"'{queue.name}'" + (f" with --qos={queue.qos}" if queue.qos else "")


def _time(script: JobScript, queue: Queue) -> Iterator[Finding]:
    asked = script.last("time")
    most = inf if queue.max_time_s is None else queue.max_time_s
    if asked is None:
        usual = queue.default_time_s
        told = f"{show(usual, 's', 3)} is taken" if usual else "the partition's is taken"
        yield warning(0, f"no time limit: {told}; a short one that is enough starts sooner")
        return
    wanted = seconds(asked.value)
    if wanted is None:
        yield error(
            asked.line, f"--time={asked.value} is no time: expected one such as 12:00:00 or 1-12:00:00"
        )
    elif wanted <= 0.0:
        yield error(asked.line, f"--time={asked.value} is no time at all")
    elif wanted > most:
        yield error(
            asked.line,
            f"--time={asked.value} is longer than {_named(queue)} allows: at most {show(most, 's', 3)}",
        )


def _nodes(script: JobScript, queue: Queue) -> Iterator[Finding]:
    asked = script.last("nodes")
    if asked is None:
        return
    wanted = counts(asked.value)
    if wanted is None or wanted[0] < 1:
        yield error(asked.line, f"--nodes={asked.value} is no number of nodes")
    elif wanted[1] > queue.most_nodes:
        yield error(
            asked.line, f"--nodes={asked.value}: {_named(queue)} takes at most {queue.most_nodes:,} nodes"
        )
    elif wanted[1] < queue.min_nodes:
        yield error(
            asked.line, f"--nodes={asked.value}: {_named(queue)} takes at least {queue.min_nodes:,} nodes"
        )


def _of_node(script: JobScript) -> tuple[Directive | None, int | None]:
    """Return what asks for accelerators of a node, and how many; None where nothing does, or not by nodes."""
    for key in ("gres", "gpus-per-node"):
        asked = script.last(key)
        found = gpus_of(asked.value) if asked is not None else None
        if asked is not None and found is not None:
            return asked, found[1]
    asked = script.last("gpus") or script.last("gpus-per-task")
    return asked, None


def _gpus(script: JobScript, queue: Queue) -> Iterator[Finding]:
    asked, count = _of_node(script)
    if asked is None:
        if queue.gpus and queue.gpu_flag:
            word = queue.gpu_words(queue.gpus)
            yield warning(0, f"no GPU is asked for on '{queue.name}': expected {word}")
        return
    written = f"--{asked.key}={asked.value}"
    if not queue.gpus:
        yield error(asked.line, f"{written}: nodes of '{queue.name}' ({queue.nodes_are}) have no GPU")
        return
    nodes = script.last("nodes")
    ends = counts(nodes.value) if nodes is not None else None
    if count is None and asked.key == "gpus" and ends is not None and (total := gpus_of(asked.value)):
        count = -(-total[1] // max(1, ends[1]))
    if count is not None and count > queue.gpus:
        yield error(asked.line, f"{written}: a node of '{queue.name}' has {queue.gpus} ({queue.nodes_are})")
    elif count is not None and count < queue.gpus and queue.exclusive:
        yield warning(
            asked.line, f"{written}: nodes of '{queue.name}' are exclusive, all {queue.gpus} GPUs are billed"
        )


def _cores(script: JobScript, queue: Queue) -> Iterator[Finding]:
    tasks, cpus = script.last("ntasks-per-node"), script.last("cpus-per-task")
    found = {}
    for one in (tasks, cpus, script.last("ntasks")):
        if one is None:
            continue
        number = counts(one.value)
        if number is None or number[0] < 1:
            yield error(one.line, f"--{one.key}={one.value} is no number of at least 1")
        else:
            found[one.key] = number[0]
    wanted = found.get("ntasks-per-node", 1) * found.get("cpus-per-task", 1)
    line = max(one.line for one in (tasks, cpus) if one) if tasks or cpus else 0
    if wanted > queue.cpus:
        yield error(
            line,
            f"{found.get('ntasks-per-node', 1)} tasks of {found.get('cpus-per-task', 1)} cores a node are "
            f"{wanted:,}: a node of '{queue.name}' offers {queue.cpus}",
        )


def _signal(script: JobScript) -> Iterator[Finding]:
    asked = script.last("signal")
    if asked is None:
        return
    match = re.fullmatch(r"(?:([BR]+):)?(?:SIG)?([A-Za-z0-9]+)(?:@(\d+))?", asked.value)
    if match is None:
        yield error(asked.line, f"--signal={asked.value}: expected one such as B:USR1@300")
        return
    trapped = any(re.search(rf"\btrap\b.*\b(SIG)?{match[2]}\b", text) for _, text in script.commands)
    if "B" in (match[1] or "") and not trapped:
        yield error(
            asked.line, f"--signal={asked.value} ends the batch shell, which has no trap for it: expected one"
        )
    limit = script.last("time")
    wanted = seconds(limit.value) if limit is not None else None
    if match[3] and wanted and float(match[3]) >= wanted:
        yield error(
            asked.line, f"--signal={asked.value} comes before the job has begun, it lasts {wanted:g} s"
        )


def commands(script: JobScript, rules: BatchRules) -> Iterator[Finding]:
    """Yield what the site does not offer to commands."""
    for line, text in script.commands:
        launcher = _LAUNCHERS.search(text)
        if launcher and not (rules.other_launchers and launcher[1].startswith("mpi")):
            yield error(line, f"{launcher[1]}: {rules.title} starts processes with {rules.launcher} only")
        network = _NETWORK.search(text)
        if network and not rules.internet:
            word = " ".join(network[1].split())
            yield error(line, f"'{word}': compute nodes do not reach the internet: {rules.proxy}")
        if "scontrol requeue" in text and (no := script.last("no-requeue")) is not None:
            yield error(line, f"scontrol requeue: --no-requeue in line {no.line} forbids it")
    nodes = script.last("nodes")
    several = nodes is not None and (counts(nodes.value) or (1, 1))[1] > 1
    if several and not any(_STARTS.search(text) for _, text in script.commands):
        yield warning(0, f"nothing is started with {rules.launcher}: only the first node would work")


__all__ = ["Finding", "commands", "directives", "error", "warning"]
