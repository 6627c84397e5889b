"""What holds for the jobs of any mix, machine, load, window and seed."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.catalogue.load import data_folder, machine
from exatwin.catalogue.workload_mix import Mix
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import read_toml
from exatwin.workload.arrivals import DAY_S, WEEK_S
from exatwin.workload.mix import generate

DOCUMENT = read_toml(data_folder() / "workloads" / "jupiter.toml")
for kind in DOCUMENT[
    "classes"
]:  # the phases that it names: models of applications would take most of the time
    for profile in kind["profiles"]:
        profile.pop("app", None)
        profile.pop("settings", None)
MIX = Mix.parse(DOCUMENT, "test")
QUICK = settings(max_examples=40, deadline=None)

starts = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
seeds = st.integers(0, 2**40)
loads = st.floats(0.01, 1.5)


def of_size(nodes):
    jedi = machine("jedi")
    return jedi.model_copy(update={"file": jedi.file.model_copy(update={"nodes": nodes, "partitions": []})})


@QUICK
@given(
    st.integers(1, 3000), loads, seeds, starts, st.integers(-9 * DAY_S, 9 * DAY_S), st.integers(1, 9 * DAY_S)
)
def test_jobs_keep_to_the_machine_and_the_window(nodes, load, seed, start, start_s, length_s):
    window = {"start_s": start_s, "end_s": start_s + length_s}
    jobs, table = generate(of_size(nodes), MIX, start=start, load=load, seed=seed, **window)
    assert np.all((jobs.submit_s >= start_s) & (jobs.submit_s < start_s + length_s))
    assert np.all(np.diff(jobs.submit_s) >= 0)
    assert np.all(np.diff(jobs.job_id) > 0)
    assert np.all((jobs.nodes >= 1) & (jobs.nodes <= nodes))
    assert np.all((jobs.limit_s >= 60) & (jobs.limit_s <= 24 * 3600))
    assert np.all(jobs.runtime_s >= 1)
    assert np.all((jobs.profile >= 0) & (jobs.profile < len(table)))
    assert np.all((jobs.user >= 0) & (jobs.account >= 0))


@QUICK
@given(st.integers(1, 3000), loads, seeds)
def test_a_weeks_work_misses_the_load_by_no_more_than_its_jobs_are_large(nodes, load, seed):
    start = datetime(2026, 9, 7, tzinfo=UTC)
    jobs, _ = generate(of_size(nodes), MIX, start=start, start_s=0, end_s=WEEK_S, load=load, seed=seed)
    work = jobs.nodes * np.minimum(jobs.runtime_s, jobs.limit_s)
    fixed = int(work[jobs.nodes == nodes].sum())  # runs on the whole machine come whatever the load
    slack = nodes * 0.35 * DAY_S + DAY_S + fixed
    assert abs(work.sum() - load * nodes * WEEK_S) <= slack


@QUICK
@given(st.integers(1, 500), seeds, st.integers(-3, 2), st.integers(1, 3), st.integers(0, 3))
def test_weeks_stand_for_themselves(nodes, seed, first, count, more):
    fixed = {"start": datetime(2026, 3, 2, 5, tzinfo=UTC), "load": 0.8, "seed": seed}
    there, mix = of_size(nodes), MIX
    begin, end = first * WEEK_S, (first + count) * WEEK_S
    short, _ = generate(there, mix, start_s=begin, end_s=end, **fixed)
    long, _ = generate(there, mix, start_s=begin - more * WEEK_S, end_s=end + more * WEEK_S, **fixed)
    assert long.take((long.submit_s >= begin) & (long.submit_s < end)).equals(short)


@QUICK
@given(seeds, st.integers(1, 20))
def test_moving_the_start_by_whole_weeks_keeps_the_jobs_where_clocks_do_not_change(seed, weeks):
    mix = MIX.model_copy(update={"timezone": "UTC"})
    window = {"start_s": 0, "end_s": WEEK_S, "load": 0.9, "seed": seed}
    start = datetime(2026, 1, 5, tzinfo=UTC)
    here, _ = generate(machine("jedi"), mix, start=start, **window)
    later, _ = generate(machine("jedi"), mix, start=start + timedelta(weeks=weeks), **window)
    assert here.equals(later)


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.floats(-1, 2), max_size=3),
    st.sampled_from(["12 h", "1e300 s", "-3 s", "5 W", "nan s"]),
)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(sorted(DOCUMENT)), st.sampled_from(sorted(DOCUMENT["classes"][0])), values, st.booleans()
)
def test_a_mutilated_mix_is_refused_in_one_line_or_works(key, inner, value, sourced):
    new = {"value": value, "source": "A", "quality": "assumed"} if sourced else value
    classes = [{**DOCUMENT["classes"][0], inner: new}, *DOCUMENT["classes"][1:]]
    for document in ({**DOCUMENT, key: new}, {**DOCUMENT, "classes": classes}):
        try:
            mix = Mix.parse(document, "test")
            window = {"start": datetime(2026, 9, 7, tzinfo=UTC), "start_s": 0, "end_s": DAY_S}
            generate(machine("jedi"), mix, load=0.5, seed=0, **window)
        except SpecError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
