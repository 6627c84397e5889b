from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from exatwin.catalogue.load import data_folder, machine
from exatwin.catalogue.machine import MachineFile
from exatwin.catalogue.workload_mix import Mix, ProfileOfUse
from exatwin.foundation.errors import CatalogueError, SpecError
from exatwin.foundation.spec import read_toml
from exatwin.workload.arrivals import DAY_S, WEEK_S
from exatwin.workload.classes import room_of, sizes_of
from exatwin.workload.draw import draw as draw_of
from exatwin.workload.draw import mean_w
from exatwin.workload.job import State
from exatwin.workload.mix import generate, load_mix
from exatwin.workload.mix_profiles import named, profile_table, weights

START = datetime(2026, 9, 7, tzinfo=UTC)
JUPITER = 5884


def profiles(mix, name="jupiter"):
    where = machine(name)
    return profile_table(mix, where, room_of(where, mix)).profiles


@dataclass(frozen=True)
class Sample:
    jobs: object
    profiles: object
    used_s: np.ndarray
    work: np.ndarray


def draw(name="jupiter", weeks=4, load=0.96, seed=0, start_s=0, mix=None):
    end_s = start_s + weeks * WEEK_S
    window = {"start": START, "start_s": start_s, "end_s": end_s}
    return generate(machine(name), mix or load_mix(), load=load, seed=seed, **window)


def variant(**changed):
    """Return the document of the default mix with other values at its top level."""
    document = read_toml(data_folder() / "workloads" / "jupiter.toml")
    fact = {"source": "A", "quality": "assumed"}
    return {**document, **{key: {"value": value, **fact} for key, value in changed.items()}}


@pytest.fixture(scope="module")
def sample():
    jobs, table = draw()
    used_s = np.minimum(jobs.runtime_s, jobs.limit_s)
    return Sample(jobs, table, used_s, jobs.nodes * used_s.astype(float))


def kind_of(sample):
    """Return the class of each job."""
    found = {profile.name: i for i, kind in enumerate(load_mix().classes) for profile in kind.profiles}
    return np.array([found[name] for name in sample.profiles.names])[sample.jobs.profile]


def without_models(document):
    """Return the document of a mix without its applications: only the phases that it names."""
    return {
        **document,
        "classes": [
            {
                **kind,
                "profiles": [
                    {key: value for key, value in profile.items() if key not in ("app", "settings")}
                    for profile in kind["profiles"]
                ],
            }
            for kind in document["classes"]
        ],
    }


# ---- the targets that the default mix is made for


def test_a_centre_gets_at_least_600_jobs_a_day_every_week(sample):
    by_week = np.bincount(sample.jobs.submit_s // WEEK_S)
    assert by_week.min() >= 600 * 7
    assert by_week.mean() < 1000 * 7


def test_jobs_go_from_one_node_to_the_whole_machine_and_half_have_at_most_16(sample):
    assert sample.jobs.nodes.min() == 1
    assert sample.jobs.nodes.max() == JUPITER
    assert np.median(sample.jobs.nodes) <= 16


@pytest.mark.parametrize("seed", range(3))
def test_each_week_has_one_short_run_on_the_whole_machine(seed):
    jobs, _ = draw(seed=seed)
    whole = jobs.nodes == JUPITER
    assert np.bincount(jobs.submit_s[whole] // WEEK_S, minlength=4).tolist() == [1, 1, 1, 1]
    assert jobs.limit_s[whole].max() <= 2 * 3600
    assert {datetime.fromtimestamp(START.timestamp() + s, UTC).weekday() for s in jobs.submit_s[whole]} <= {
        0,
        1,
    }


def test_the_offered_work_of_each_week_is_the_load_asked_for(sample):
    by_week = np.bincount(sample.jobs.submit_s // WEEK_S, weights=sample.work)
    assert by_week == pytest.approx(np.full(4, 0.96 * JUPITER * WEEK_S), rel=1e-4)


@pytest.mark.parametrize("load", [0.1, 0.5, 2.0])
def test_load_is_one_knob(load):
    jobs, _ = draw(weeks=1, load=load)
    work = (jobs.nodes * np.minimum(jobs.runtime_s, jobs.limit_s)).sum()
    assert work == pytest.approx(load * JUPITER * WEEK_S, rel=1e-3)


def test_each_class_has_its_share_of_the_work(sample):
    mix = load_mix()
    share = np.bincount(kind_of(sample), weights=sample.work) / sample.work.sum()
    for kind, found in zip(mix.classes, share, strict=True):
        if kind.work_share_frac is not None:
            assert found == pytest.approx(kind.work_share_frac, abs=0.02), kind.name


def test_users_ask_for_more_than_they_use_and_many_for_the_longest_limit(sample):
    limit_s = sample.jobs.limit_s
    assert limit_s.max() == 12 * 3600
    assert 0.25 < np.mean(limit_s == 12 * 3600) < 0.55
    assert np.median(sample.used_s / limit_s) < 0.6
    timeout = sample.jobs.runtime_s > limit_s
    assert 0.05 < timeout.mean() < 0.2
    assert set(sample.jobs.outcome[timeout]) == {State.COMPLETED}


def test_failures_are_early_and_cancellations_are_not(sample):
    failed = np.isin(sample.jobs.outcome, [State.FAILED, State.OUT_OF_MEMORY])
    cancelled = sample.jobs.outcome == State.CANCELLED
    assert 0.15 < failed.mean() < 0.35
    assert np.median(sample.jobs.runtime_s[failed]) == pytest.approx(124, rel=0.15)
    assert np.median(sample.jobs.runtime_s[cancelled]) > 3600
    assert np.all(sample.used_s >= 1)


def test_working_hours_are_busier_than_nights_and_weekends(sample):
    # Chains and workflows flatten what people do, so the contrast is less than that of the logs.
    local = sample.jobs.submit_s + 2 * 3600
    hour, day = local % DAY_S // 3600, local // DAY_S % 7
    per_hour = np.bincount(hour, minlength=24)
    assert per_hour[9:18].mean() > 1.5 * per_hour[0:6].mean()
    per_day = np.bincount(day, minlength=7)
    assert per_day[:5].mean() > 1.2 * per_day[5:].mean()


def test_activity_of_users_falls_like_zipfs_law(sample):
    counts = np.sort(np.bincount(sample.jobs.user))[::-1]
    assert counts[:50].sum() > 2 * counts[50:100].sum()
    assert counts[0] < 0.06 * len(sample.jobs)


def test_a_user_keeps_to_one_account_and_one_program(sample):
    jobs = sample.jobs
    names = np.unique(sample.profiles.names, return_inverse=True)[1]
    for column in (jobs.account, names[jobs.profile]):
        pairs = np.unique(np.stack([jobs.user, column]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1]


def test_jobs_are_ordered_by_submission_and_numbered_once(sample):
    assert np.all(np.diff(sample.jobs.submit_s) >= 0)
    assert np.all(np.diff(sample.jobs.job_id) > 0)


# ---- the same jobs, however they are asked for


def test_the_seed_alone_decides():
    once, again, other = draw(seed=1)[0], draw(seed=1)[0], draw(seed=2)[0]
    assert once.equals(again)
    assert not once.equals(other)


def test_a_longer_window_only_adds_jobs():
    long, _ = draw(weeks=3, start_s=-WEEK_S)
    short, _ = draw(weeks=1)
    inside = (long.submit_s >= 0) & (long.submit_s < WEEK_S)
    assert long.take(inside).equals(short)


def test_a_part_of_a_week_is_a_part_of_its_jobs():
    whole, _ = draw(weeks=1)
    part, _ = generate(
        machine("jupiter"), load_mix(), start=START, start_s=DAY_S, end_s=2 * DAY_S, load=0.96, seed=0
    )
    inside = (whole.submit_s >= DAY_S) & (whole.submit_s < 2 * DAY_S)
    assert 0 < len(part) < len(whole)
    assert whole.take(inside).equals(part)


# ---- other machines


@pytest.mark.parametrize("name", ["jedi", "jeti", "lumi-g", "frontier", "vega-gpu"])
def test_the_mix_fits_machines_of_any_size(name):
    jobs, _ = draw(name, weeks=2)
    there = machine(name)
    pool, sizes = there.pools()
    nodes = int(sizes[pool[there.default_partition()]])
    reach = [partition.max_nodes or partition.nodes for partition in there.partitions]
    assert np.all(jobs.nodes <= np.array(reach)[jobs.partition])
    work = (jobs.nodes * np.minimum(jobs.runtime_s, jobs.limit_s)).sum()
    assert work == pytest.approx(0.96 * nodes * 2 * WEEK_S, rel=0.01)


def of_partitions(*partitions):
    document = read_toml(data_folder() / "machines" / "jedi.toml")
    fact = {"source": "T500", "quality": "list"}
    rows = [
        {key: {"value": value, **fact} if isinstance(value, int) else value for key, value in row.items()}
        for row in (
            {k: v for k, v in partition.items() if not isinstance(v, bool)} for partition in partitions
        )
    ]
    flags = [{k: v for k, v in partition.items() if isinstance(v, bool)} for partition in partitions]
    rows = [row | flag for row, flag in zip(rows, flags, strict=True)]
    times = [{"max_time": {"value": "6 h", **fact}} for _ in rows]
    rows = [row | time for row, time in zip(rows, times, strict=True)]
    file = MachineFile.parse({**document, "partitions": rows}, "test")
    return machine("jedi").model_copy(update={"file": file})


def test_limits_and_sizes_keep_to_the_partition_and_whole_machine_runs_go_to_the_widest():
    small = {"name": "small", "nodes": 24, "max_nodes": 5, "min_nodes": 2, "default": True}
    there = of_partitions(small, {"name": "large", "nodes": 24}, {"name": "down", "nodes": 24, "up": False})
    jobs, _ = generate(there, load_mix(), start=START, start_s=0, end_s=4 * WEEK_S, load=0.9, seed=0)
    assert jobs.limit_s.max() == 6 * 3600
    ordinary = jobs.partition == 0
    assert jobs.nodes[ordinary].min() == 2
    assert jobs.nodes[ordinary].max() == 5
    assert jobs.nodes[~ordinary].tolist() == [24] * 4
    assert set(jobs.partition) == {0, 1}


# ---- profiles


def test_every_job_has_a_profile_whose_phases_are_whole(sample):
    table = sample.profiles
    assert sample.jobs.profile.min() >= 0
    drawn = {table.names[row] for row in np.unique(sample.jobs.profile)}
    assert drawn == {profile.name for kind in load_mix().classes for profile in kind.profiles}
    totals = np.add.reduceat(table.phases.share_frac, table.first[:-1])
    assert totals == pytest.approx(np.ones(len(table)))
    assert np.all((table.compute_bound_frac >= 0) & (table.compute_bound_frac <= 1))


def test_programs_differ_where_they_do_in_the_world():
    table = profiles(load_mix())

    def mean(name, column):
        row = table.names.index(name)
        rows = slice(table.first[row], table.first[row + 1])
        return float(table.phases.share_frac[rows] @ getattr(table.phases, column)[rows])

    assert mean("md-classical", "accelerator_frac") > mean("md-classical", "memory_frac")
    assert mean("qcd-hmc", "memory_frac") > 2 * mean("qcd-hmc", "accelerator_frac")
    assert mean("qcd-hmc", "network_frac") > 2 * mean("md-classical", "network_frac")
    assert mean("inference-service", "accelerator_frac") < 0.3 * mean("llm-dense", "accelerator_frac")
    assert table.compute_bound_frac[table.names.index("stream")] < 0.2


def test_checkpoints_repeat_as_dips():
    table = profiles(Mix.parse(without_models(variant()), "test"))
    row = table.names.index("llm-dense")
    used = table.phases.accelerator_frac[table.first[row] : table.first[row + 1]]
    assert used.tolist() == [0.05, 0.8, 0.1, 0.8, 0.1, 0.8, 0.1, 0.05]


def test_a_cycle_shares_its_time_over_its_repetitions():
    phase = {"processor": 0.1, "accelerator": 0.2, "memory": 0.3, "network": 0.4}
    profile = ProfileOfUse.parse(
        {
            "name": "x",
            "compute_bound": 0.5,
            "start": [{"share": 0.1, **phase}],
            "cycle": [{"share": 0.6, **phase}, {"share": 0.3, **phase}],
            "cycles": 3,
        },
        "test",
    )
    assert [share for _, share in profile.phases()] == pytest.approx([0.1] + [0.2, 0.1] * 3)


# ---- bad input


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"load": 0.0}, "load is 0, expected more than 0 and at most 5"),
        ({"load": 5.5}, "at most 5"),
        ({"load": float("nan")}, "load is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"end_s": 0}, "is empty"),
        ({"end_s": 10**18}, "expected at most 100 weeks before the start and 1000 after it"),
        ({"start_s": -(10**12)}, "expected at most 100 weeks"),
        ({"start": datetime(2026, 1, 1)}, "no time zone"),
        ({"start": datetime(9999, 12, 31, tzinfo=UTC)}, "the year 9999"),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(changed, message):
    given = {"start": START, "start_s": 0, "end_s": WEEK_S, "load": 0.9, "seed": 0, **changed}
    with pytest.raises(SpecError) as found:
        generate(machine("jedi"), load_mix(), **given)
    assert message in str(found.value)
    assert "\n" not in str(found.value)


def test_an_absurd_machine_is_refused_before_its_jobs_are_drawn():
    jedi = machine("jedi")
    huge = jedi.model_copy(update={"file": jedi.file.model_copy(update={"nodes": 10**9, "partitions": []})})
    with pytest.raises(SpecError, match="jobs a week"):
        generate(huge, load_mix(), start=START, start_s=0, end_s=WEEK_S, load=0.9, seed=0)


def test_an_unknown_mix_is_answered_with_the_nearest():
    with pytest.raises(CatalogueError, match=r"unknown workload 'jupyter': did you mean 'jupiter'\?"):
        load_mix("jupyter")


def test_a_mix_is_also_a_file(tmp_path: Path):
    source = data_folder() / "workloads" / "jupiter.toml"
    copy = tmp_path / "mine.toml"
    copy.write_text(
        source.read_text(encoding="utf-8").replace("A centre like JUPITER", "Mine"), encoding="utf-8"
    )
    assert load_mix(str(copy)).title == "Mine"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"classes": []}, "'classes'"),
        ({"timezone": "Europe/Jülich"}, "unknown time zone"),
        ({"timezone": "../../etc/passwd"}, "unknown time zone"),
        ({"hours": [1.0] * 23}, "'hours'"),
        ({"hours": [0.0] * 24}, "need a weight above 0"),
        ({"load": 6.0}, "'load'"),
        ({"failed_after": "3 W"}, "'failed_after'"),
        ({"failed_afer": "3 s"}, "did you mean 'failed_after'"),
    ],
)
def test_a_wrong_mix_is_refused(changed, message):
    with pytest.raises(SpecError) as found:
        Mix.parse(variant(**changed), "test")
    assert message in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("work_share", 0.5, "add up to"),
        ("node_weights", [1.0], "nodes but 1 weights"),
        ("limit_weights", [0.0, 0.0, 0.0], "none of its limits has a weight above 0"),
        ("limits", ["1 s", "2 h", "3 h"], "at least 60 s"),
        ("per_week", 3, "either 'work_share' or 'per_week'"),
        ("failed", 0.95, "add up to more than 1"),
        ("users", 3, "3 users for 16 accounts"),
        ("cap", 1.5, "too large"),
    ],
)
def test_a_wrong_class_is_refused(key, value, message):
    document = variant()
    fact = {"value": value, "source": "A", "quality": "assumed"}
    first = {**document["classes"][0], key: fact}
    with pytest.raises(SpecError) as found:
        Mix.parse({**document, "classes": [first, *document["classes"][1:]]}, "test")
    assert message in str(found.value)


def test_a_number_without_a_source_is_refused():
    with pytest.raises(CatalogueError, match="user_zipf: the number has no source"):
        Mix.parse({**variant(), "user_zipf": 0.7}, "test")


def test_profiles_must_be_whole_and_unique():
    document = variant()
    classes = document["classes"]
    twice = {**classes[1], "profiles": [*classes[1]["profiles"], classes[0]["profiles"][0]]}
    with pytest.raises(SpecError, match="two profiles called 'llm-dense'"):
        Mix.parse({**document, "classes": [classes[0], twice, *classes[2:]]}, "test")
    phase = {"share": 0.7, "processor": 0.1, "accelerator": 0.2, "memory": 0.3, "network": 0.4}
    with pytest.raises(SpecError, match=r"add up to 0\.7, expected 1"):
        ProfileOfUse.parse({"name": "x", "compute_bound": 0.5, "cycle": [phase]}, "test")


# ---- profiles from the models of applications


@pytest.fixture(scope="module")
def modelled():
    where, mix = machine("jupiter"), load_mix()
    room = room_of(where, mix)
    return profile_table(mix, where, room), sizes_of(mix.classes[0], room)


def test_training_on_jupiter_comes_from_the_model_for_each_size(modelled):
    table, sizes = modelled
    dense = table.rows[0][0]
    assert len(np.unique(dense)) == len(sizes) == 9
    stand_in = named(load_mix().classes[0].profiles[0])
    counts = np.diff(table.profiles.first)[dense]
    assert np.all(counts != len(stand_in.phases))
    watts = mean_w(table.profiles, draw_of(table.profiles, machine("jupiter")))[dense]
    assert np.all((watts > 2000.0) & (watts < 3200.0))
    assert watts[-1] < watts[0]  # more waiting on more nodes


def test_the_default_mix_draws_with_models_what_it_drew_by_hand(modelled):
    table, _ = modelled
    where, mix = machine("jupiter"), load_mix()
    room = room_of(where, mix)

    def mean(found):
        watts = mean_w(found.profiles, draw_of(found.profiles, where))
        return np.average(watts, weights=weights(mix, found, room))

    by_hand = profile_table(mix, where, room, models=False)
    assert mean(table) == pytest.approx(mean(by_hand), rel=0.05)


def test_phases_stand_in_where_the_model_does_not_know_the_machine():
    where, mix = machine("lumi-c"), load_mix()
    table = profile_table(mix, where, room_of(where, mix))
    assert len(np.unique(table.rows[0][0])) == 1
    row = table.rows[0][0][0]
    count = int(np.diff(table.profiles.first)[row])
    assert count == len(named(mix.classes[0].profiles[0]).phases)


def app_only(**profile):
    document = variant()
    fact = {"source": "A", "quality": "assumed"}
    settings = {"value": profile.pop("settings", {}), **fact}
    kind = {**document["classes"][0], "profiles": [{"name": "one", **profile, "settings": settings}]}
    return Mix.parse({**document, "classes": [kind, *document["classes"][1:]]}, "test")


def test_a_profile_may_name_nothing_but_its_application():
    mix = app_only(app="llm-training", settings={"model": "openeurollm-32b"})
    jobs, table = draw(weeks=1, mix=mix)
    assert table.names.count("one") == 9
    used = jobs.nodes[np.isin(jobs.profile, np.flatnonzero(np.array(table.names) == "one"))]
    assert {8, 16, 32, 64} <= set(used.tolist())


@pytest.mark.parametrize(
    ("profile", "name", "why"),
    [
        ({"app": "llm-trainin"}, "jupiter", "unknown application 'llm-trainin': did you mean 'llm-training'"),
        ({"app": "llm-training"}, "jupiter", "profile 'one': llm-training: 'model' is missing"),
        ({"app": "hpl", "settings": {"m": 1}}, "jupiter", "profile 'one': hpl: unknown key 'm'"),
        (
            {"app": "llm-training", "settings": {"model": "llama-2-7b"}},
            "lumi-c",
            "class 'llm-training', profile 'one': .*name phases to stand in",
        ),
    ],
)  # fmt: skip
def test_an_application_that_can_not_run_is_refused(profile, name, why):
    with pytest.raises(SpecError, match=why):
        draw(name, weeks=1, mix=app_only(**profile))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"settings": {"value": {"n": 1}, "source": "A", "quality": "assumed"}}, "names no 'app'"),
        ({"app": None}, "needs either 'app', or 'cycle' and 'compute_bound'"),
    ],
)
def test_a_profile_needs_an_application_or_phases(changed, why):
    document = variant()
    profile = {"name": "one", **{key: value for key, value in changed.items() if value is not None}}
    kind = {**document["classes"][0], "profiles": [profile]}
    with pytest.raises(CatalogueError, match=why):
        Mix.parse({**document, "classes": [kind, *document["classes"][1:]]}, "test")
