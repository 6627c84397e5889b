"""The fitted constants of LLM serving: by chip family and engine, with their errors."""

from __future__ import annotations

from functools import cache

from exatwin.catalogue.llm_calibration import Error
from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Bytes, Fraction, PositiveCount, Ratio, Sourced, Spec


class ServingRates(Spec):
    """What one family of chips reaches."""

    memory: Ratio
    """Rate at which weights stream in, over the rated bandwidth of device memory."""
    products_16: Ratio
    """Rate of products in 16 bits over the peak."""
    products_8: Ratio
    """Rate of products in 8 bits over the peak."""
    products_4: Ratio
    """Rate of products in 4 bits over the peak."""


class EngineLaw(Spec):
    """What a serving engine does."""

    title: str
    """Name for people."""
    step_us: Ratio
    """Host work of a step [us]."""
    sequence_us: Ratio
    """Host work for each request of a step [us]."""
    layer_us: Ratio
    """Launches of one layer [us]."""
    first_ms: Ratio
    """From arrival to scheduler and from first token to user [ms]."""
    experts: Ratio
    """Rate of routed experts over that of the reference engine."""
    batch_most: PositiveCount
    """Requests in flight of one attention group at most, where nobody says."""
    tokens_most: PositiveCount
    """Tokens of a step at most, where nobody says."""
    memory_frac: Fraction
    """Share of device memory that weights, cache and reserve may take."""
    reserve_b: Bytes
    """Activations, graphs and communicators of one accelerator."""
    narrow_cache: bool
    """Whether the cache is kept in 8 bits where the weights have 8 or fewer."""
    waves: bool
    """Whether prompts come before answers, so that users who began together stay together."""
    reserves: bool
    """Whether a request starts only when there is room for its longest answer."""


class ServingPower(Spec):
    """How hard serving uses the accelerator, by what it multiplies and where its steps go."""

    busy: Ratio
    """Use of the accelerator while it streams weights and caches."""
    compute: Ratio
    """What the share of the peak rate adds."""
    waiting: Ratio
    """What the share of the time in launches and starts of collectives takes away."""
    processor_frac: Fraction
    """Use of the processors."""
    low: Ratio
    """Low end of the band of the power, over the estimate."""
    high: Ratio
    """High end of it."""


class Asked(Spec):
    """The requests of a public set of prompts, of which a table of measurements states less."""

    input: Ratio
    """Mean tokens of a prompt."""
    input_cv: Ratio
    """Their standard deviation over the mean."""
    output: Ratio
    """Mean tokens of an answer, where a row does not say."""
    output_cv: Ratio
    """Their standard deviation over the mean."""


class ServingCalibration(Sourced):
    """All fitted constants and their errors."""

    name: str
    """Catalogue name."""
    law: dict[str, Ratio]
    """Constants of the step by name."""
    families: dict[str, ServingRates]
    """Rates by chip family; ``generic`` for chips that no fit has seen."""
    attention: Ratio
    """Rate of attention over the 16-bit peak."""
    links: Ratio
    """Share of the link rate of training that the collectives of serving reach."""
    reduce_us: Ratio
    """Start of an all-reduce inside a link domain [us]."""
    engines: dict[str, EngineLaw]
    """Engines by name."""
    power: ServingPower
    """How hard the accelerator works."""
    prompts: dict[str, Asked]
    """Public sets of prompts by name."""
    rounds: Ratio
    """Requests of each user of a benchmark with a fixed number of users, whose first ones come at once."""
    errors: dict[str, Error]
    """Errors by kind."""


@cache
def serving_calibration() -> ServingCalibration:
    """Return the calibration that the package ships."""
    found: ServingCalibration = entry(ServingCalibration, "calibration", "serving")
    return found


__all__ = ["Asked", "EngineLaw", "ServingCalibration", "ServingPower", "ServingRates", "serving_calibration"]
