"""The compiled engine does exactly what a plain one does."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exatwin.workload.apps._serving_kernel import run_engine
from reference.serving import Engine, Request

LENGTHS = st.tuples(st.integers(1, 30), st.integers(1, 20))


@settings(max_examples=150, deadline=None)
@given(
    gaps=st.lists(st.sampled_from([0.0, 0.01, 0.3, 2.0]), min_size=1, max_size=25),
    lengths=st.lists(LENGTHS, min_size=25, max_size=25),
    block=st.sampled_from([1, 4, 16]),
    spare=st.integers(0, 60),
    batch_most=st.integers(1, 8),
    tokens_most=st.integers(8, 40),
    reserves=st.booleans(),
    computed=st.booleans(),
)
def test_it_equals_a_plain_engine(
    gaps: list[float], lengths: list[tuple[int, int]], block: int, spare: int, batch_most: int,
    tokens_most: int, reserves: bool, computed: bool,
) -> None:  # fmt: skip
    count = len(gaps)
    arrival = np.cumsum(gaps)
    prompt, answer = (np.array([pair[i] for pair in lengths[:count]], np.int64) for i in (0, 1))
    blocks = int(-(-(prompt + answer + 1).max() // block)) + spare // block
    tokens_s = 0.01 + 0.001 * np.arange(tokens_most + 1) ** 1.1
    sequences_s = 0.0005 * np.arange(batch_most + 1)
    slopes = (1e-5, 3e-6)
    limits = (blocks, block, batch_most, tokens_most, reserves, computed)
    first_s, last_s, back, totals = run_engine(
        arrival, prompt, answer, tokens_s, sequences_s, *slopes, *limits
    )
    requests = [Request(at, float(arrival[at]), int(prompt[at]), int(answer[at])) for at in range(count)]
    engine = Engine(tokens_s.tolist(), sequences_s.tolist(), *slopes, *limits)
    engine.run(requests)
    assert [one.first_s for one in requests] == first_s.tolist()
    assert [one.last_s for one in requests] == last_s.tolist()
    assert [one.times_back for one in requests] == back.tolist()
    assert engine.free == blocks
    assert totals[3] == back.sum()
    assert np.all(last_s >= first_s)
