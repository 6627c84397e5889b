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
    preempted = np.zeros(count, np.int64)
    done = np.zeros(count, np.int64)  # tokens in the cache
    made = np.zeros(count, np.int64)  # tokens of the answer
    target = np.zeros(count, np.int64)  # tokens to compute before the next one is made
    held = np.zeros(count, np.int64)  # blocks
    running = np.zeros(batch_most, np.int64)
    chunk = np.zeros(batch_most, np.int64)
    back = np.zeros(count, np.int64)
    live, waiting_back, head, finished = 0, 0, 0, 0
    free, now = blocks, 0.0
    steps, busy_s, prompt_tokens, put_back = 0.0, 0.0, 0.0, 0.0
    while finished < count:
        if live == 0 and waiting_back == 0 and arrival_s[head] > now:
            now = arrival_s[head]
        # decoding requests: one token each, the last ones put back where blocks run out
        budget, read = tokens_most, 0
        at = 0
        while at < live:
            one = running[at]
            chunk[at] = 0
            if done[one] == target[one]:
                if not reserves and done[one] % block == 0 and held[one] * block == done[one]:
                    while free == 0 and live > at + 1:
                        live -= 1
                        last = running[live]
                        free += held[last]
                        held[last] = 0
                        done[last] = 0
                        target[last] = prompt[last] + made[last]
                        preempted[last] += 1
                        put_back += 1.0
                        back[waiting_back] = last
                        waiting_back += 1
                    if free == 0:
                        live -= 1
                        free += held[one]
                        held[one] = 0
                        done[one] = 0
                        target[one] = prompt[one] + made[one]
                        preempted[one] += 1
                        put_back += 1.0
                        back[waiting_back] = one
                        waiting_back += 1
                        continue
                    free -= 1
                    held[one] += 1
                chunk[at] = -1
                budget -= 1
                read += done[one]
            at += 1
        # prompts that have begun
        pairs = 0
        for at in range(live):
            one = running[at]
            if chunk[at] == 0 and budget > 0:
                part = min(target[one] - done[one], budget)
                chunk[at] = part
                budget -= part
                pairs += part * (2 * done[one] + part - 1)
        # requests that begin: put back ones first
        while budget > 0 and live < batch_most:
            if waiting_back > 0:
                one = back[waiting_back - 1]
            elif head < count and arrival_s[head] <= now:
                one = head
                target[one] = prompt[one]
            else:
                break
            whole = target[one] + (answer[one] - made[one] if reserves else 1)
            needed = (whole + block - 1) // block
            if needed > free:
                break
            if waiting_back > 0:
                waiting_back -= 1
            else:
                head += 1
            free -= needed
            held[one] = needed
            running[live] = one
            if computed and made[one] == 0:
                done[one] = target[one]
                chunk[live] = -1
                budget -= 1
                read += done[one]
                first_s[one] = arrival_s[one]
            else:
                part = min(target[one], budget)
                chunk[live] = part
                budget -= part
                pairs += part * (part - 1)
            live += 1
        tokens, sequences = tokens_most - budget, 0
        for at in range(live):
            if chunk[at] != 0:
                sequences += 1
        step_s = tokens_s[tokens] + sequences_s[sequences] + cache_s * read + attention_s * 0.5 * pairs
        now += step_s
        steps += 1.0
        busy_s += step_s
        # what the step made
        kept = 0
        for at in range(live):
            one = running[at]
            if chunk[at] == -1:
                done[one] += 1
                target[one] += 1
                made[one] += 1
            elif chunk[at] > 0:
                done[one] += chunk[at]
                prompt_tokens += chunk[at]
                if done[one] == target[one]:
                    made[one] += 1
                    if first_s[one] < 0.0:
                        first_s[one] = now
            if made[one] >= answer[one]:
                last_s[one] = now
                free += held[one]
                held[one] = 0
                finished += 1
            else:
                running[kept] = one
                kept += 1
        live = kept
    return first_s, last_s, preempted, np.array([steps, busy_s, prompt_tokens, put_back])
