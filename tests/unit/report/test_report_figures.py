from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from fake import FakeResult

from exatwin.report.figures import ABOUT, FIGURES, available, gantt
from exatwin.report.figures import gantt as gantt_figure
from exatwin.report.figures.floor import plan
from exatwin.report.statistics import node_mean_w, owners

WITHOUT_MACHINE = {"usage", "gantt", "waits"}


def test_a_whole_result_has_every_figure(result: FakeResult) -> None:
    assert set(available(result)) == set(FIGURES)


def test_a_replay_without_a_machine_has_those_of_the_schedule(plain: FakeResult) -> None:
    assert set(available(plain)) == WITHOUT_MACHINE


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_figure_draws_something_and_says_what(name: str, result: FakeResult) -> None:
    drawn = FIGURES[name](result)
    assert isinstance(drawn, go.Figure)
    assert drawn.data
    assert len(drawn.layout.meta["alt"]) > 20
    assert ABOUT[name].title
    assert ABOUT[name].unit
    for trace in drawn.data:
        if trace.type == "scatter" and trace.mode == "lines":
            assert len(trace.x) == len(trace.y) <= 2000
            assert np.all(np.isfinite(trace.y))
            assert np.all(np.diff(trace.x) > 0)


@pytest.mark.parametrize("name", sorted(name for name, about in ABOUT.items() if about.over_time))
def test_figures_over_time_cover_the_window(name: str, result: FakeResult) -> None:
    low, high = FIGURES[name](result).layout.xaxis.range
    assert high - low == 86400e3
    assert low == result.start.timestamp() * 1e3


def test_power_is_in_megawatts(result: FakeResult) -> None:
    drawn = FIGURES["power"](result)
    line = next(trace for trace in drawn.data if trace.name == "IT")
    hours = np.diff(np.asarray(line.x)) / 3.6e6
    assert np.dot(hours, line.y[:-1]) == pytest.approx(result.signals["it_w"].integral() / 3.6e9, rel=1e-6)
    assert drawn.layout.yaxis.title.text == "MW"


def test_overheads_are_stacked_to_what_the_facility_adds(result: FakeResult) -> None:
    drawn = FIGURES["overhead"](result)
    assert {trace.stackgroup for trace in drawn.data} == {"overhead"}
    added = (result.signals["facility_w"].integral() - result.signals["it_w"].integral()) / 86400e3
    shown = sum(np.dot(np.diff(trace.x), trace.y[:-1]) for trace in drawn.data) / 86400e3
    assert shown == pytest.approx(added, rel=1e-5)


def test_the_floor_plan_shows_every_node_once(result: FakeResult) -> None:
    drawn = FIGURES["floor"](result)
    z = np.asarray(drawn.data[0].z)
    shown = np.sort(z[np.isfinite(z)])
    assert result.power is not None
    watts = node_mean_w(result.schedule, result.power.job_j, result.power.idle_j, 0.0, 86400.0)
    assert shown == pytest.approx(np.sort(watts) / 1e3, rel=1e-6)
    assert "rack 123" in str(drawn.data[0].text)


@pytest.mark.parametrize(
    ("groups", "racks", "nodes_per_rack", "nodes"),
    [
        (25, 5, 48, 5884),
        (74, 1, 128, 9408),
        (1, 1, 5000, 5000),
        (1, 1, 1, 1),
        (2, 3, 7, 31),
        (1, 12, 10, 120),
    ],
)
def test_no_two_nodes_stand_in_one_place(groups: int, racks: int, nodes_per_rack: int, nodes: int) -> None:
    where = plan(groups, racks, nodes_per_rack, nodes)
    assert len(set(zip(where.row.tolist(), where.column.tolist(), strict=True))) == nodes
    assert where.row.max() < len(where.y_edges) - 1
    assert where.column.max() < len(where.x_edges) - 1
    assert np.all(np.diff(where.x_edges) > 0)


def test_jupiter_stands_in_25_groups_of_5_racks() -> None:
    where = plan(25, 5, 48, 5884)
    assert where.columns_are_groups
    assert len(np.unique(where.column // 5)) == 25
    assert len(np.unique(where.row // 13)) == 5


def test_each_job_in_the_picture_has_its_own_code(result: FakeResult) -> None:
    from exatwin.report.figures.gantt import encode

    grid = owners(result.schedule, 0.0, 86400.0, 420, 1344)
    code = encode(result, grid)
    seen = np.unique(grid[grid >= 0])
    assert np.array_equal(np.sort(code.known), seen)
    assert len(np.unique(code.of_job[seen])) == len(seen)
    assert code.of_job.min() >= 1
    assert code.of_job.max() < code.first[-1]


def test_jobs_too_many_to_tell_apart_share_the_code_of_their_class(
    result: FakeResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    module = sys.modules["exatwin.report.figures.gantt"]
    monkeypatch.setattr(module, "MOST_FACTS", 10)
    drawn = gantt_figure(result)
    facts = drawn.layout.meta["jobs"]
    assert len(facts["id"]) == 10
    z = np.asarray(drawn.data[0].z)
    assert len(np.unique(z)) <= 1 + 10 + len(result.profiles)


def test_the_facts_of_a_job_are_its_own(result: FakeResult) -> None:
    facts = gantt(result).layout.meta["jobs"]
    row = int(np.argmax(facts["nodes"]))
    job = int(np.flatnonzero(result.jobs.job_id == facts["id"][row])[0])
    assert facts["nodes"][row] == result.jobs.nodes[job]
    assert facts["start"][row] == result.start.timestamp() + result.schedule.start_s[job]
    assert facts["label"][facts["kind"][row]] == result.profiles.names[result.jobs.profile[job]]


def test_a_schedule_without_placement_is_drawn(result: FakeResult) -> None:
    bare = replace(result, schedule=replace(result.schedule, placement=None))
    assert "floor" not in available(bare)
    drawn = gantt(bare)
    assert "nodes held, stacked by kind of job" in drawn.layout.meta["unit"]
    z = np.asarray(drawn.data[0].z)
    held = z > 0
    assert np.all(held[:-1] >= held[1:])  # nobody floats above a free node
    assert np.all(np.diff(np.where(held, z, z.max()), axis=0) >= -z.max())


def test_a_trace_with_one_profile_is_coloured_by_account(plain: FakeResult) -> None:
    one = replace(
        plain, schedule=replace(plain.schedule, jobs=plain.jobs.replace(profile=np.zeros(len(plain.jobs))))
    )
    one = replace(one, jobs=one.schedule.jobs)
    assert "colour = account" in gantt(one).layout.meta["unit"]
    accounts = {trace.name for trace in gantt(one).data[1:]}
    assert "other" in accounts
    assert all(name.startswith("account ") for name in accounts - {"other"})


def test_a_machine_without_a_floor_plan_says_so(result: FakeResult) -> None:
    assert result.machine is not None
    bare = result.machine.model_copy(update={"file": result.machine.file.model_copy(update={"layout": None})})
    drawn = FIGURES["floor"](replace(result, machine=bare))
    assert "no floor plan is published" in drawn.layout.meta["unit"]
    assert "rack" not in str(drawn.data[0].text)


def test_waits_draw_nothing_when_no_job_started(plain: FakeResult) -> None:
    from exatwin.schedule.result import NOT_STARTED

    count = len(plain.jobs)
    never = np.full(count, NOT_STARTED)
    idle = replace(plain, schedule=replace(plain.schedule, start_s=never, end_s=never, placement=None))
    drawn = FIGURES["waits"](idle)
    assert not drawn.data
    assert "no job started" in drawn.layout.meta["alt"]
    assert len(gantt(idle).data) >= 1
