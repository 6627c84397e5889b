"""The compiled pipeline beside a plain one, and bounds that no order of passes can break."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.workload.apps.pipeline import Pipelined, Stages, pipeline

Pass = tuple[str, int, int]
"""Kind, chunk and micro-batch."""


def order_of(stage: int, stages: int, chunks: int, micro_batches: int, split: bool) -> list[Pass]:
    """Return the passes of a stage, from the papers: a warm-up, then forward and backward in turn."""
    turns = [range(at, min(at + stages, micro_batches)) for at in range(0, micro_batches, stages)]
    slots: list[list[Pass | None]] = [[], []]
    for turn in turns:
        for chunk in range(chunks):
            width = [*turn, *[None] * (stages - len(turn) if chunks > 1 else 0)]
            for item in width:
                slots[0].append(None if item is None else ("F", chunk, item))
                slots[1].append(None if item is None else ("B", chunks - 1 - chunk, item))
    warm = stages - stage if chunks == 1 else 2 * (stages - stage - 1) + (chunks - 1) * stages + 1
    forward, backward = slots
    mixed: list[Pass | None] = forward[:warm]
    done = 0
    for at, each in enumerate(backward):
        mixed.append(each)
        if split and at >= stage:
            mixed.append(("W", 0, done))
            done += 1
        mixed += forward[warm + at : warm + at + 1]
    if split:
        mixed += [("W", 0, item) for item in range(done, micro_batches)]
    return [each for each in mixed if each is not None]


def plain(stages: Stages, micro_batches: int, split: bool, hop_s: float) -> list[float]:
    """Return when each stage ends, by looking again and again for a pass whose inputs are there."""
    p, v = stages.forward_s.shape
    queues = [order_of(stage, p, v, micro_batches, split) for stage in range(p)]
    ended: dict[tuple[str, int, int], float] = {}
    now = [0.0] * p
    hop = hop_s if p > 1 else 0.0
    while any(queues):
        before = sum(map(len, queues))
        for stage, queue in enumerate(queues):
            while queue:
                kind, chunk, item = queue[0]
                at = chunk * p + stage
                needs: list[tuple[tuple[str, int, int], float]] = []
                seconds = float(
                    {"F": stages.forward_s, "B": stages.backward_s, "W": stages.weight_s}[kind][stage, chunk]
                )
                if kind == "F" and at > 0:
                    needs = [(("F", at - 1, item), hop)]
                if kind == "B":
                    seconds += 0.0 if split else float(stages.weight_s[stage, chunk])
                    needs = [(("F", at, item), 0.0)]
                    needs += [(("B", at + 1, item), hop)] if at < p * v - 1 else []
                if any(need not in ended for need, _ in needs):
                    break
                now[stage] = max([now[stage], *(ended[need] + late for need, late in needs)]) + seconds
                ended[kind, at, item] = now[stage]
                queue.pop(0)
        assert sum(map(len, queues)) < before, "nobody can go on"
    return now


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[Stages, int, bool, float]:
    split = draw(st.booleans())
    shape = draw(st.integers(1, 5)), 1 if split else draw(st.integers(1, 4))
    if shape[0] == 1:
        shape = (1, 1)
    seconds = st.floats(0.01, 3.0)
    arrays = [
        np.array(draw(st.lists(seconds, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])))
        for _ in range(3)
    ]
    return (
        Stages(*(a.reshape(shape) for a in arrays)),
        draw(st.integers(1, 13)),
        split,
        draw(st.floats(0.0, 0.5)),
    )


def played(case: tuple[Stages, int, bool, float]) -> Pipelined:
    stages, micro_batches, split, hop_s = case
    return pipeline(stages, micro_batches, zero_bubble=split, hop_s=hop_s)


@given(pipelines())
@settings(max_examples=150, deadline=None)
def test_compiled_equals_plain(case: tuple[Stages, int, bool, float]) -> None:
    assert played(case).end_s.tolist() == pytest.approx(plain(*case))


@given(pipelines())
@settings(max_examples=100, deadline=None)
def test_a_step_is_no_shorter_than_its_busiest_stage_nor_than_one_micro_batch(
    case: tuple[Stages, int, bool, float],
) -> None:
    stages, micro_batches, _, _ = case
    found = played(case)
    all_s = stages.forward_s + stages.backward_s + stages.weight_s
    assert found.work_s.tolist() == pytest.approx((micro_batches * all_s.sum(axis=1)).tolist())
    way = stages.forward_s.sum() + stages.backward_s.sum()
    assert found.span_s >= max(found.work_s.max(), way) - 1e-9
    assert found.span_s <= micro_batches * (all_s.sum() + 2 * stages.forward_s.size * case[3]) + 1e-9
    assert np.all(found.in_flight <= micro_batches)
