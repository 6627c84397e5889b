"""How many requests a second the simulated serving engine answers, beside adding numbers in the same core.

python benchmarks/bench_serving.py [--requests 100000] [--least 100000] [--ratio 40]

The yardstick is the time in which numpy adds up as many float64 as the answers have tokens: it follows the
clock of a busy machine. The engine may take `--ratio` nanosecond-sums of it for each token.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from exatwin.catalogue.generic import sized
from exatwin.catalogue.serving_calibration import serving_calibration
from exatwin.workload.apps.llm_device import device_of
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.serving_load import Lengths
from exatwin.workload.apps.serving_plan import capacity, point_of
from exatwin.workload.apps.serving_service import service_of
from exatwin.workload.apps.serving_setup import Replica
from exatwin.workload.apps.serving_simulate import costs_of, requests_of, simulate

CASES = {
    "70B on 4 H100, 1,024 in, 256 out": ("llama-3.1-70b", Replica(tp=4), Lengths(1024.0, 256.0)),
    "the same, lognormal": ("llama-3.1-70b", Replica(tp=4), Lengths(1024.0, 256.0, 1.0, 1.0)),
    "8B on 1 H100, 500 in, 500 out": ("llama-3.1-8b", Replica(), Lengths(500.0, 500.0, 0.5, 1.0)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--least", type=float, default=1e5, help="Requests a second, on a quiet machine.")
    parser.add_argument("--ratio", type=float, default=40.0, help="Most of a token over one sum.")
    asked = parser.parse_args()
    numbers, slow = np.ones(10_000_000), []
    sum_s = min(_timed(lambda: numbers.sum()) for _ in range(5)) / len(numbers)
    print(f"{sum_s * 1e9:.2f} ns a sum")
    device = device_of(sized("dgx-h100", 8))
    for name, (model, replica, lengths) in CASES.items():
        service = service_of(load_model(model), device, replica, serving_calibration())
        most = capacity(service, lengths)
        rate = 0.8 * float(point_of(service, lengths, most, most).rate)
        costs, requests = costs_of(service, lengths), requests_of(lengths, rate, asked.requests, seed=0)
        simulate(requests_of(lengths, rate, 10, seed=0), costs)
        spent_s = min(_timed(lambda r=requests, c=costs: simulate(r, c)) for _ in range(3))
        ratio = spent_s / float(requests.answer.sum()) / sum_s
        print(f"{asked.requests / spent_s:12,.0f} requests/s   {ratio:6.1f} sums a token   {name}")
        if ratio > asked.ratio and asked.requests / spent_s < asked.least:
            slow.append(name)
    if slow:
        raise SystemExit(f"slower than {asked.least:,.0f} requests a second: {'; '.join(slow)}")


def _timed(work: object) -> float:
    begun = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - begun


if __name__ == "__main__":
    main()
