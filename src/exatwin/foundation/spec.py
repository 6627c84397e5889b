"""Frozen specifications: quantities as text with units, a source on every number, errors for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from exatwin.foundation import units
from exatwin.foundation.errors import CatalogueError, SpecError, nearest
from exatwin.foundation.explain import explain

_SUFFIX = re.compile(
    r"_(w_s|w_k|j_k|w_m2|m2|m3|b_s|flop_s|eur_j|eur_w|kgco2e_j|kgco2e|kg_s|m3_s|frac|eur|deg|pa|hz|w|j|s|k|b|m)$"
)


def public_name(field: str) -> str:
    """Return the key that files and flags use for `field`: its name without the unit suffix.

    Examples
    --------
    >>> public_name("supply_k"), public_name("memory_b_s"), public_name("nodes")
    ('supply', 'memory_b_s', 'nodes')
    """
    if field.endswith(("_b_s", "flop_s")):  # a rate stands beside a quantity of the same stem
        return field
    return _SUFFIX.sub("", field)


@dataclass(frozen=True)
class Quantity:
    """Marks a float field as a quantity in `unit`; text is parsed, a bare number is refused."""

    unit: str
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._parse,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                self._text, return_schema=core_schema.str_schema(), when_used="unless-none"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"type": "string", "description": f"a quantity in {self.unit}", "x-unit": self.unit}

    def _text(self, value: float) -> str:
        return repr(float(value)) if self.unit == "1" else f"{float(value)!r} {self.unit}"

    def _parse(self, value: Any) -> float:
        if isinstance(value, str):
            try:
                number = units.parse(value, self.unit)
            except SpecError as error:
                raise PydanticCustomError("quantity", "{why}", {"why": str(error)}) from None
        elif self.unit == "1" and isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
        else:
            why = f"{_short(value)} has no unit: expected a quantity as text such as {self._like(value)}"
            raise PydanticCustomError("quantity", "{why}", {"why": why})
        return self._bounded(number, value)

    def _like(self, value: Any) -> str:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else 1
        unit = "degC" if self.unit == "K" else self.unit
        return f"'{_short(number)}'" if unit == "1" else f"'{_short(number)} {unit}'"

    def _bounded(self, number: float, value: Any) -> float:
        why = ""
        if not isfinite(number):
            why = "is not finite"
        elif self.minimum is not None and number < self.minimum:
            why = f"is too small: expected at least {units.show(self.minimum, self.unit, 5)}"
        elif self.above is not None and number <= self.above:
            why = f"is too small: expected more than {units.show(self.above, self.unit, 5)}"
        elif self.maximum is not None and number > self.maximum:
            why = f"is too large: expected at most {units.show(self.maximum, self.unit, 5)}"
        if why:
            raise PydanticCustomError("quantity", "{why}", {"why": f"{_short(value)} {why}"})
        return number


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


Watts = Annotated[float, Quantity("W", minimum=0.0)]
Joules = Annotated[float, Quantity("J", minimum=0.0)]
WattsPerSecond = Annotated[float, Quantity("W/s", above=0.0)]
Seconds = Annotated[float, Quantity("s", minimum=0.0)]
Kelvin = Annotated[float, Quantity("K", above=0.0)]
KelvinDifference = Annotated[float, Quantity("delta_degC", minimum=0.0)]
Bytes = Annotated[float, Quantity("B", minimum=0.0)]
BytesPerSecond = Annotated[float, Quantity("B/s", minimum=0.0)]
FlopPerSecond = Annotated[float, Quantity("FLOP/s", minimum=0.0)]
EuroPerJoule = Annotated[float, Quantity("EUR/J")]
Euro = Annotated[float, Quantity("EUR")]
CarbonPerJoule = Annotated[float, Quantity("kgCO2e/J", minimum=0.0)]
Metres = Annotated[float, Quantity("m")]
Pascals = Annotated[float, Quantity("Pa", minimum=0.0)]
Hertz = Annotated[float, Quantity("Hz", minimum=0.0)]
Fraction = Annotated[float, Quantity("1", minimum=0.0, maximum=1.0)]
Ratio = Annotated[float, Quantity("1", minimum=0.0)]
Count = Annotated[int, Field(strict=True, ge=0, le=10**9)]
PositiveCount = Annotated[int, Field(strict=True, ge=1, le=10**9)]
NodeCount = Annotated[int, Field(strict=True, ge=1, le=10**6)]
"""Nodes that can be laid out one by one; the largest machine ever listed has 158,976."""


class Spec(BaseModel):
    """A frozen specification. Keys are its field names without the unit suffix; unknown keys are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=public_name,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        defer_build=True,
    )

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the JSON schema; the docstrings of the fields are its descriptions."""
        from exatwin.foundation.field_docs import describe

        describe(cls)
        return super().model_json_schema(*args, **options)

    @classmethod
    def parse(cls, document: Mapping[str, Any], where: str) -> Self:
        """Return the specification that `document` describes.

        Parameters
        ----------
        document
            Plain data as read from TOML or JSON.
        where
            What the document is, for messages: a file's name or ``"--set"``.

        Raises
        ------
        SpecError
            All problems of the document, each with its key and what was expected.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise SpecError(f"{where}: {explain(error, cls)}") from None


class Quality(StrEnum):
    """How a number came to be known."""

    MEASURED = "measured"
    LIST = "list"
    VENDOR = "vendor"
    DERIVED = "derived"
    FITTED = "fitted"
    ANNOUNCED = "announced"
    ASSUMED = "assumed"


class Source(Spec):
    """Where numbers come from."""

    title: str
    """What it is, for a person."""
    url: str = ""
    """Where to read it."""
    as_of: str = ""
    """The date on which it said so, ISO 8601."""


class Fact(Spec):
    """The origin of one number."""

    source: str
    """Key of the source in the same file."""
    quality: Quality
    """How the number came to be known."""
    note: str = ""
    """What a careful reader should know."""


class Sourced(Spec):
    """A specification in which every number names its source."""

    sources: dict[str, Source] = {}
    """The sources of this file by key."""
    facts: dict[str, Fact] = {}
    """The origin of each number by the path of its key."""

    @classmethod
    def parse(cls, document: Mapping[str, Any], where: str) -> Self:
        """Return the specification in `document`, whose numbers stand as ``{value, source, quality}``.

        Raises
        ------
        CatalogueError
            All problems of the document, among them numbers without a source.
        """
        plain, facts, bare = _split(document)
        problems = [
            f"{path}: the number has no source (expected {{value, source, quality}})" for path in bare
        ]
        given = document.get("sources")
        known = given if isinstance(given, Mapping) else {}
        problems += [
            f"{path}: unknown source '{fact.get('source')}', {nearest(str(fact.get('source')), known)}"
            for path, fact in facts.items()
            if str(fact.get("source")) not in known
        ]
        try:
            found = cls.model_validate({**plain, "facts": facts})
        except ValidationError as error:
            problems.append(explain(error, cls))
        if problems:
            raise CatalogueError(f"{where}: {'; '.join(problems)}")
        return found

    def citations(self) -> list[Source]:
        """Return the sources that at least one number of this specification rests on."""
        used = {fact.source for fact in self.facts.values()}
        return [source for key, source in self.sources.items() if key in used]


_MARKS = {"value", "source", "quality", "note"}
_QUANTITY_TEXT = re.compile(r"^\s*[+-]?(\d|\.\d)[\d_.]*([eE][+-]?\d+)?\s*[A-Za-z°%€]")


def _is_fact(value: Any) -> bool:
    return isinstance(value, Mapping) and "value" in value and set(value) <= _MARKS


def _split(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Separate values from their origins; also list the numbers that have none."""
    facts: dict[str, Any] = {}
    bare: list[str] = []

    def walk(value: Any, path: str) -> Any:
        if _is_fact(value):
            facts[path] = {key: item for key, item in value.items() if key != "value"}
            return value["value"]
        if isinstance(value, Mapping):
            return {key: walk(item, f"{path}.{key}" if path else key) for key, item in value.items()}
        if isinstance(value, list):
            return [walk(item, f"{path}.{index}") for index, item in enumerate(value)]
        if (isinstance(value, int | float) and not isinstance(value, bool)) or (
            isinstance(value, str) and _QUANTITY_TEXT.match(value) and _has_unit(value)
        ):
            bare.append(path)
        return value

    plain = {key: value if key == "sources" else walk(value, key) for key, value in document.items()}
    return plain, facts, bare


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _QUANTITY_TEXT.match(value) is not None and _has_unit(value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_unit(text: str) -> bool:
    unit = re.sub(r"^\s*[+-]?[\d_.]+([eE][+-]?\d+)?\s*", "", text)
    if re.search(r"[A-Za-z]-[A-Za-z]", unit):  # a name such as 2x-epyc-7763: no unit is written so
        return False
    return bool(re.fullmatch(r"[A-Za-z°%€][A-Za-z0-9°%€/ ^*-]{0,15}", unit)) and _known(text)


def _known(text: str) -> bool:
    for unit in ("W", "s", "K", "B", "B/s", "FLOP/s", "EUR/J", "EUR", "kgCO2e/J", "m", "m^2", "Pa", "Hz"):
        try:
            units.parse(text, unit)
        except SpecError:
            continue
        return True
    return False


def read_toml(path: Path) -> dict[str, Any]:
    """Return the document in the TOML file at `path`.

    Raises
    ------
    SpecError
        The file is missing, unreadable or no TOML; the message says in which line.
    """
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise SpecError(f"{path}: is a folder, expected a TOML file") from None
    except RecursionError:
        raise SpecError(f"{path}: can't be read as TOML: its tables are nested too deeply") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: can't be read as TOML: byte {error.start} is no UTF-8 text") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"{path}: can't be read as TOML: {why}") from None
