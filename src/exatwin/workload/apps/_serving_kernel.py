"""The compiled part of :mod:`exatwin.workload.apps.serving_simulate`: an engine step by step. Arrays only."""

from __future__ import annotations

import numpy as np

from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.jit import jit


@jit
def run_engine(
    arrival_s: Float64, prompt: Int64, answer: Int64, tokens_s: Float64, sequences_s: Float64, cache_s: float,
    attention_s: float, blocks: int, block: int, batch_most: int, tokens_most: int, reserves: bool,
    computed: bool,
) -> tuple[Float64, Float64, Int64, Float64]:  # fmt: skip
    """Return when each request gets its first and its last token [s], how often it was preempted, and totals.

    Parameters
    ----------
    arrival_s, prompt, answer
        When requests arrive, in order [s], and their tokens; shape (requests,).
    tokens_s
        Seconds of a step by its tokens, from none to `tokens_most`.
    sequences_s
        Seconds that requests in a step add, by their number, from none to `batch_most`.
    cache_s
        Seconds for each token of context that decoding requests read.
    attention_s
        Seconds for each token of a prompt and each token that it attends to.
    blocks, block
        Blocks of the cache, and tokens of one.
    batch_most, tokens_most
        Requests and tokens of a step at most.
    reserves
        Whether a request starts only when there are blocks for its whole answer.
    computed
        Whether prompts come with their keys and values, so that a request decodes from its first step on.

    Notes
    -----
    Each step: every decoding request gets a token, those that began first before others; where blocks run
    out, the request that began last is put back and computes all of its tokens again later. What is left of
    the token budget goes to prompts that have begun, then to requests that were put back, then to new ones
    in the order of arrival. Totals: steps, busy seconds, tokens of prompts, requests put back.
    """
    count = len(arrival_s)
    first_s, last_s = np.full(count, -1.0), np.full(count, -1.0)
    preempted, made = np.zeros(count, np.int64), np.zeros(count, np.int64)
    back = np.zeros(count, np.int64)
    # by place in the batch: request, tokens cached, tokens left to compute before the next one is made (none
    # while it decodes), tokens left to make, tokens that its blocks hold, and what this step does for it
    who, cached, missing = (
        np.zeros(batch_most, np.int64),
        np.zeros(batch_most, np.int64),
        np.zeros(batch_most, np.int64),
    )
    left, room, part = (
        np.zeros(batch_most, np.int64),
        np.zeros(batch_most, np.int64),
        np.zeros(batch_most, np.int64),
    )
    live, returned, head, finished = 0, 0, 0, 0
    free, now = blocks * block, 0.0
    steps, busy_s, prompt_tokens, put_back = 0, 0.0, 0, 0
    while finished < count:
        if live == 0 and returned == 0 and arrival_s[head] > now:
            now = arrival_s[head]
        # decoding requests: one token each, the last ones put back where blocks run out
        budget, read, sequences, prompts = tokens_most, 0, 0, 0
        at = 0
        while at < live:
            if missing[at] > 0:
                part[at] = 0
                prompts += 1
                at += 1
                continue
            if cached[at] == room[at] and not reserves:
                while free == 0:
                    live -= 1
                    last = who[live]
                    free += room[live]
                    made[last] = answer[last] - left[live]
                    preempted[last] += 1
                    put_back += 1
                    back[returned] = last
                    returned += 1
                    if live == at:
                        break
                if live == at:
                    break
                free -= block
                room[at] += block
            part[at] = -1
            budget -= 1
            sequences += 1
            read += cached[at]
            at += 1
        # prompts that have begun
        pairs = 0
        if prompts > 0:
            for at in range(live):
                if missing[at] > 0 and budget > 0:
                    size = min(missing[at], budget)
                    part[at] = size
                    budget -= size
                    sequences += 1
                    pairs += size * (2 * cached[at] + size - 1)
        # requests that begin: put back ones first
        while budget > 0 and live < batch_most:
            if returned > 0:
                one = back[returned - 1]
            elif head < count and arrival_s[head] <= now:
                one = head
            else:
                break
            wanted, to_make = prompt[one] + made[one], answer[one] - made[one]
            needed = (wanted + (to_make if reserves else 1) + block - 1) // block * block
            if needed > free:
                break
            if returned > 0:
                returned -= 1
            else:
                head += 1
            free -= needed
            who[live], left[live], room[live] = one, to_make, needed
            if computed and made[one] == 0:
                cached[live], missing[live], part[live] = wanted, 0, -1
                budget -= 1
                read += wanted
                first_s[one] = arrival_s[one]
            else:
                size = min(wanted, budget)
                cached[live], missing[live], part[live] = 0, wanted, size
                budget -= size
                pairs += size * (size - 1)
            sequences += 1
            live += 1
        step_s = tokens_s[tokens_most - budget] + sequences_s[sequences] + cache_s * read
        step_s += attention_s * 0.5 * pairs
        now += step_s
        busy_s += step_s
        steps += 1
        # what the step made
        kept = 0
        for at in range(live):
            if part[at] == -1:
                cached[at] += 1
                left[at] -= 1
            elif part[at] > 0:
                cached[at] += part[at]
                missing[at] -= part[at]
                prompt_tokens += part[at]
                if missing[at] == 0:
                    left[at] -= 1
                    if first_s[who[at]] < 0.0:
                        first_s[who[at]] = now
            if left[at] == 0:
                last_s[who[at]] = now
                free += room[at]
                finished += 1
                continue
            if kept != at:
                who[kept], cached[kept], missing[kept] = who[at], cached[at], missing[at]
                left[kept], room[kept] = left[at], room[at]
            kept += 1
        live = kept
    return first_s, last_s, preempted, np.array([float(steps), busy_s, float(prompt_tokens), float(put_back)])
