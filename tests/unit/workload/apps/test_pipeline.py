"""Pipelines pass by pass: the closed forms that hold for even stages, and what unequal stages do."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.foundation.errors import SpecError
from exatwin.workload.apps.llm_schedule import spread_layers
from exatwin.workload.apps.pipeline import Stages, pipeline


def even(stages: int, chunks: int = 1, f: float = 1.0, b: float = 1.25, w: float = 0.75) -> Stages:
    one = np.ones((stages, chunks))
    return Stages(f * one, b * one, w * one)


@pytest.mark.parametrize("stages", [1, 2, 4, 7, 16])
@pytest.mark.parametrize("micro_batches", [1, 3, 16, 40])
def test_one_forward_one_backward_fills_and_drains_once(stages: int, micro_batches: int) -> None:
    found = pipeline(even(stages), micro_batches)
    assert found.span_s == pytest.approx((micro_batches + stages - 1) * 3.0)
    assert found.in_flight.tolist() == [min(stages - at, micro_batches) for at in range(stages)]
    assert found.bubble_frac == pytest.approx((stages - 1) / (micro_batches + stages - 1))


@pytest.mark.parametrize(("stages", "chunks"), [(2, 2), (4, 3), (8, 5)])
@pytest.mark.parametrize("turns", [1, 2, 9])
def test_interleaving_divides_the_bubble_by_the_chunks(stages: int, chunks: int, turns: int) -> None:
    found = pipeline(even(stages, chunks), turns * stages)
    assert found.span_s == pytest.approx(3.0 * (turns * stages * chunks + stages - 1))
    if turns > 1:
        most = stages * (1.0 + (stages - 1) / (stages * chunks))
        assert found.in_flight[0] == pytest.approx(most)


@pytest.mark.parametrize("micro_batches", [1, 5, 11])
def test_a_last_turn_with_micro_batches_missing_ends_and_costs_at_most_its_chunks(micro_batches: int) -> None:
    stages, chunks = 4, 3
    found = pipeline(even(stages, chunks), micro_batches)
    missing = -micro_batches % stages
    full = 3.0 * (micro_batches * chunks + stages - 1)
    assert full < found.span_s <= full + 3.0 * missing * (chunks - 1) + 1e-9


@pytest.mark.parametrize("stages", [2, 4, 8, 16])
@pytest.mark.parametrize("turns", [1, 3, 8])
@pytest.mark.parametrize(("f", "b", "w"), [(1.0, 1.0, 1.0), (1.0, 1.3, 0.7), (1.0, 2.0, 1.0)])
def test_weight_gradients_fill_gaps(stages: int, turns: int, f: float, b: float, w: float) -> None:
    found = pipeline(even(stages, 1, f, b, w), turns * stages, zero_bubble=True)
    assert found.span_s == pytest.approx(turns * stages * (f + b + w) + (stages - 1) * (f + b - w))
    assert found.in_flight.max() == stages


def test_a_slow_last_stage_sets_the_pace() -> None:
    stages = even(4)
    stages.forward_s[-1] += 1.0
    found = pipeline(stages, 64)
    assert found.span_s == pytest.approx(64 * 4.0 + 3 * 3.0)
    assert found.work_s.tolist() == pytest.approx([192.0, 192.0, 192.0, 256.0])


def test_results_that_take_long_to_arrive_stretch_the_step_and_interleaving_hides_them() -> None:
    plain = pipeline(even(4), 32, hop_s=0.1).span_s - pipeline(even(4), 32).span_s
    deep = pipeline(even(4, 4), 32, hop_s=0.1).span_s - pipeline(even(4, 4), 32).span_s
    assert plain == pytest.approx(2 * 0.1 * 32, rel=0.5)
    assert deep < 0.5 * plain * 4


def test_a_tail_comes_after_the_last_pass() -> None:
    assert pipeline(even(3), 5, tail_s=2.5).span_s == pytest.approx(pipeline(even(3), 5).span_s + 2.5)


def test_gaps_are_filled_with_one_chunk_a_stage_only() -> None:
    with pytest.raises(SpecError, match="2 chunks a stage: expected 1"):
        pipeline(even(2, 2), 4, zero_bubble=True)


@pytest.mark.parametrize(
    ("layers", "stages", "chunks"),
    [(96, 8, 2), (126, 8, 1), (126, 16, 8), (105, 35, 1), (61, 9, 7), (32, 3, 1)],
)
def test_no_layer_is_lost(layers: int, stages: int, chunks: int) -> None:
    held = spread_layers(layers, stages, chunks)
    assert held.shape == (stages, chunks)
    assert held.sum() == layers
    assert held.max() - held.min() <= 1.0
