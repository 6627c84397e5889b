"""A serving engine step by step in plain Python: the referee of the compiled one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Request:
    number: int
    arrival_s: float
    prompt: int
    answer: int
    made: int = 0
    cached: int = 0
    wanted: int = 0
    blocks: int = 0
    times_back: int = 0
    first_s: float = -1.0
    last_s: float = -1.0

    @property
    def decodes(self) -> bool:
        return self.cached == self.wanted


class Engine:
    def __init__(
        self, tokens_s: Sequence[float], sequences_s: Sequence[float], cache_s: float, attention_s: float,
        blocks: int, block: int, batch_most: int, tokens_most: int, reserves: bool, computed: bool,
    ) -> None:  # fmt: skip
        self.tokens_s, self.sequences_s = tokens_s, sequences_s
        self.cache_s, self.attention_s = cache_s, attention_s
        self.free, self.block = blocks, block
        self.batch_most, self.tokens_most = batch_most, tokens_most
        self.reserves, self.computed = reserves, computed
        self.running: list[Request] = []
        self.returned: list[Request] = []

    def run(self, requests: list[Request]) -> None:
        waiting, now, left = deque(requests), 0.0, len(requests)
        while left:
            if not self.running and not self.returned and waiting[0].arrival_s > now:
                now = waiting[0].arrival_s
            now, ended = self.step(waiting, now)
            left -= ended

    def step(self, waiting: deque[Request], now: float) -> tuple[float, int]:
        parts: dict[int, int] = {}
        budget, read = self.tokens_most, 0
        for request in list(self.running):
            if request not in self.running or not request.decodes:
                continue
            if not self.room_for_one(request):
                continue
            parts[request.number] = -1
            budget -= 1
            read += request.cached
        pairs = 0
        for request in self.running:
            if request.number not in parts and budget > 0:
                part = min(request.wanted - request.cached, budget)
                parts[request.number] = part
                budget -= part
                pairs += sum(2 * (request.cached + i) for i in range(part))
        while budget > 0 and len(self.running) < self.batch_most:
            if self.returned:
                request = self.returned[-1]
            elif waiting and waiting[0].arrival_s <= now:
                request = waiting[0]
                request.wanted = request.prompt
            else:
                break
            whole = request.wanted + (request.answer - request.made if self.reserves else 1)
            needed = -(-whole // self.block)
            if needed > self.free:
                break
            self.returned.pop() if self.returned else waiting.popleft()
            self.free -= needed
            request.blocks = needed
            self.running.append(request)
            if self.computed and request.made == 0:
                request.cached, request.first_s = request.wanted, request.arrival_s
                parts[request.number] = -1
                budget -= 1
                read += request.cached
            else:
                part = min(request.wanted, budget)
                parts[request.number] = part
                budget -= part
                pairs += sum(2 * i for i in range(part))
        busy = sum(part != 0 for part in parts.values())
        tokens = self.tokens_most - budget
        now += (
            self.tokens_s[tokens]
            + self.sequences_s[busy]
            + self.cache_s * read
            + self.attention_s * 0.5 * pairs
        )
        return now, self.settle(parts, now)

    def room_for_one(self, request: Request) -> bool:
        """Take a block for the next token where it needs one; put back who began last where none is free."""
        full = request.cached % self.block == 0 and request.blocks * self.block == request.cached
        if self.reserves or not full:
            return True
        while self.free == 0 and self.running[-1] is not request:
            self.put_back(self.running[-1])
        if self.free == 0:
            self.put_back(request)
            return False
        self.free -= 1
        request.blocks += 1
        return True

    def put_back(self, request: Request) -> None:
        self.running.remove(request)
        self.free += request.blocks
        request.blocks = request.cached = 0
        request.wanted = request.prompt + request.made
        request.times_back += 1
        self.returned.append(request)

    def settle(self, parts: dict[int, int], now: float) -> int:
        ended = 0
        for request in list(self.running):
            part = parts.get(request.number, 0)
            if part == -1:
                request.cached += 1
                request.wanted += 1
                request.made += 1
            elif part > 0:
                request.cached += part
                if request.decodes:
                    request.made += 1
                    if request.first_s < 0.0:
                        request.first_s = now
            if request.made >= request.answer:
                request.last_s = now
                self.free += request.blocks
                self.running.remove(request)
                ended += 1
        return ended
