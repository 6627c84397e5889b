"""Who asks: the names a job is asked about with, and what they mean for its limits and its priority."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import InfeasibleError, SpecError, nearest
from exatwin.schedule.bound import Bound
from exatwin.schedule.limits import NO_LIMIT, Limits
from exatwin.schedule.priority import age_factor
from exatwin.schedule.rules import MULTIFACTOR
from exatwin.schedule.site.accounts import Accounts
from exatwin.schedule.site.limits import site_limits
from exatwin.schedule.site.preemption import site_preemption
from exatwin.schedule.site.ranks import Site, site_ranks
from exatwin.schedule.site.tree import Labels
from exatwin.study.starts.ensemble import Queue
from exatwin.study.starts.standing_state import MachineState
from exatwin.workload.job import Jobs
from exatwin.workload.snapshot import HELD


@dataclass(frozen=True)
class Who:
    """The names that a job is asked about with; empty for those that are not told."""

    user: str = ""
    account: str = ""
    qos: str = ""

    def __bool__(self) -> bool:
        return bool(self.user or self.account or self.qos)

    def check(self, state: MachineState) -> None:
        """Check that the names are known to the centre's files, or where there are none to the state.

        Raises
        ------
        SpecError
            One is not: the nearest that is known.
        """
        accounts = state.files.read_accounts() if state.files is not None else None
        known = {"user": state.users, "account": state.accounts, "qos": state.qos}
        where = "the state"
        if accounts is not None:
            where = accounts.path
            known["user"] = tuple(one.user for one in accounts.associations if one.user)
            known["account"] = tuple(one.account for one in accounts.associations)
            known["qos"] = tuple(one.name for one in accounts.qos.values()) or state.qos
        for key, names in known.items():
            _known(key, getattr(self, key), names, where)
        if accounts is not None:
            self._associated(accounts)

    def _associated(self, accounts: Accounts) -> None:
        """Check that the user is in the account, and may have the QOS."""
        own = [one for one in accounts.associations if one.user.lower() == self.user.lower() and one.user]
        if self.user and self.account:
            named = [one for one in own if one.account.lower() == self.account.lower()]
            if not named:
                others = sorted({one.account for one in own})
                raise SpecError(
                    f"--job account={self.account}: user '{self.user}' is not in it by {accounts.path}: "
                    f"expected {', '.join(others)}"
                )
            own = named
        granted = {name.lower() for one in own for name in (*one.qos, one.default_qos) if name}
        if self.qos and granted and self.qos.lower() not in granted:
            raise SpecError(
                f"--job qos={self.qos}: not granted to user '{self.user}' by {accounts.path}: expected "
                f"{', '.join(sorted(granted))}"
            )


NOBODY = Who()
"""Somebody of whom nothing is told."""


def _known(key: str, name: str, names: Iterable[str], where: str) -> None:
    if not name:
        return
    there = sorted(set(names))
    if not there:
        raise SpecError(f"--job {key}={name}: {where} names no {key}: bring --sacctmgr, or leave it out")
    if name.lower() not in {one.lower() for one in there}:
        raise SpecError(f"--job {key}={name}: {where} has no such {key}: {nearest(name, there)}")


def queue_of(state: MachineState, partition: int, who: Who, asked: Int64) -> Queue:
    """Return the queue behind a partition, with all that is known of jobs asked about there by `who`.

    Parameters
    ----------
    asked
        Nodes and limit [s] of the jobs, shape (2, asked).

    Raises
    ------
    SpecError
        A name is not known.
    InfeasibleError
        A limit never lets the jobs start.
    """
    who.check(state)
    queue = state.queue(partition)
    if state.files is None and not who:
        return queue
    jobs, site, labels = _at_site(state, queue, partition, who, asked)
    bound, never = _bound(queue, jobs, site)
    if never[-asked.shape[1] :].all():
        nodes, limit = asked[:, -1]
        raise InfeasibleError(
            f"{nodes:,} nodes for {limit / 3600:g} h: more than its QOS or association grants a job "
            f"({_path(site)}), it would never start"
        )
    standing = queue.jobs
    held = np.where(never[: len(standing)] & ~standing.runs, HELD, standing.held).astype(np.uint8)
    if bound.limits is not None:
        bound = replace(bound, limits=_sent(bound.limits, len(standing), len(jobs) - 1, _path(site)))
    points = _points(queue, jobs, site, who, labels)
    return replace(
        queue, jobs=standing.replace(held=held), rule=replace(queue.rule, bound=bound), asked_points=points
    )


def granted(state: MachineState, partition: int, who: Who, asked: Int64) -> NDArray[np.bool_]:
    """Return which jobs may start at all by the limits of the centre's files, shape (asked,).

    Parameters
    ----------
    asked
        Nodes and limit [s] of the jobs, shape (2, asked).
    """
    who.check(state)
    if state.files is None:
        return np.ones(asked.shape[1], np.bool_)
    queue = state.queue(partition)
    jobs, site, _ = _at_site(state, queue, partition, who, asked)
    return np.asarray(~_bound(queue, jobs, site)[1][-asked.shape[1] :])


def _at_site(
    state: MachineState, queue: Queue, partition: int, who: Who, asked: Int64
) -> tuple[Jobs, Site, Labels]:
    """Return all jobs as one table, the site that they are at, and the names of both."""
    labels = Labels(tuple(one.name for one in state.place.partitions), state.accounts, state.users, state.qos)
    labels = replace(
        labels, users=_with(labels.users, who.user), accounts=_with(labels.accounts, who.account),
        qos=_with(labels.qos, who.qos),
    )  # fmt: skip
    jobs = _table(queue, partition, who, labels, asked)
    conf = state.files.read_conf() if state.files is not None else None
    accounts = state.files.read_accounts() if state.files is not None else None
    return jobs, Site(conf, accounts, labels, None, queue.nodes), labels


def _path(site: Site) -> str:
    return "" if site.accounts is None else site.accounts.path


def number(names: Sequence[str], name: str) -> int:
    """Return the number of `name`, whatever the case; -1 for none."""
    lower = [one.lower() for one in names]
    return lower.index(name.lower()) if name and name.lower() in lower else -1


def _with(names: Sequence[str], name: str) -> tuple[str, ...]:
    return (*names, name) if name and number(names, name) < 0 else tuple(names)


def _table(queue: Queue, partition: int, who: Who, labels: Labels, asked: Int64) -> Jobs:
    """Return what stands, what came before and what is asked about as one table of jobs."""
    standing, past = queue.jobs, queue.upcoming.jobs
    many = asked.shape[1]
    own = {
        "user": number(labels.users, who.user), "account": number(labels.accounts, who.account),
        "qos": number(labels.qos, who.qos), "partition": partition, "submit_s": 0,
    }  # fmt: skip
    columns = {
        name: np.concatenate([getattr(standing, name), getattr(past, name), np.full(many, value)])
        for name, value in own.items() if name != "submit_s"
    }  # fmt: skip
    both = {"nodes": asked[0], "limit_s": asked[1]}
    columns |= {
        name: np.concatenate([getattr(standing, name), getattr(past, name), value])
        for name, value in both.items()
    }
    count = len(columns["nodes"])
    zero = np.zeros(count, np.int64)
    return Jobs(job_id=np.arange(count), submit_s=zero, runtime_s=columns["limit_s"], **columns)


def _bound(queue: Queue, jobs: Jobs, site: Site) -> tuple[Bound, NDArray[np.bool_]]:
    """Return the limits and the preemption that hold for `jobs`, and which of them can never start."""
    if site.accounts is None:
        return queue.rule.bound, np.zeros(len(jobs), np.bool_)
    limits, never, _ = site_limits(jobs, site)
    preempt, _ = site_preemption(jobs, site)
    none = np.zeros(len(jobs), np.bool_)
    return replace(queue.rule.bound, limits=limits, preempt=preempt), none if never is None else never


def _sent(limits: Limits, standing: int, own: int, path: str) -> Limits:
    """Return limits without those of submissions, which the jobs that stand have passed.

    Raises
    ------
    InfeasibleError
        The job in row `own` would not be taken beside the first `standing` ones.
    """
    here = np.repeat(np.arange(len(limits.first) - 1), np.diff(limits.first)) < standing
    sent = np.bincount(limits.group[here], minlength=len(limits.most_sent))
    for group in limits.group[limits.first[own] : limits.first[own + 1]].tolist():
        if sent[group] >= limits.most_sent[group]:
            raise InfeasibleError(
                f"{limits.names[group]} has {sent[group]:,} jobs, at most {limits.most_sent[group]:,} are "
                f"taken at once ({path}): one more would be refused"
            )
    return replace(limits, most_sent=np.full_like(limits.most_sent, NO_LIMIT))


def _points(queue: Queue, jobs: Jobs, site: Site, who: Who, labels: Labels) -> Float64 | None:
    """Return the points without age of each job asked about: its own, and a fair share like its user's.

    The fair share is that of the other jobs of the user, else of the account, that have a priority; None
    where there are none and nothing else is known.
    """
    rule, standing = queue.rule.priority, queue.jobs
    known = np.isfinite(standing.priority)
    if rule is None or queue.rule.policy != MULTIFACTOR or not known.any():
        return None
    if site.accounts is None and site.conf is None:
        fixed = rule.fixed_points(jobs.nodes.astype(np.int64), queue.nodes)
    else:
        fixed = site_ranks(jobs, site, rule)[0].points
    waited = np.maximum(standing.waited_s - np.maximum(standing.elapsed_s, 0), 0)
    age = rule.weights.age * age_factor(waited.astype(np.float64), rule.weights.max_age_s)
    fair = np.maximum(standing.priority - age - fixed[: len(standing)], 0.0)
    same_user = standing.user == number(labels.users, who.user)
    same_account = standing.account == number(labels.accounts, who.account)
    first = len(standing) + len(queue.upcoming.jobs)
    for told, alike in (
        (who.user and who.account, same_user & same_account),
        (who.user, same_user),
        (who.account, same_account),
        (who.qos, np.ones(len(standing), np.bool_)),
    ):
        if told and (known & alike).any():
            return np.asarray(fixed[first:] + np.median(fair[known & alike]), np.float64)
    return None


__all__ = ["NOBODY", "Who", "granted", "number", "queue_of"]
