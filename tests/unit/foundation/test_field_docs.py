"""The docstrings of fields: read when a schema is asked for, and not before."""

from __future__ import annotations

from exatwin.foundation.field_docs import describe
from exatwin.foundation.spec import Count, Spec


class Inner(Spec):
    """Inside."""

    deep: Count = 0
    """How deep."""


class Base(Spec):
    """Above."""

    old: Count = 0
    """From above,
    on two lines."""
    bare: Count = 0


class Outer(Base):
    """Outside."""

    inner: Inner | None = None
    """What is inside."""
    many: list[Inner] = []
    """More of it."""


def test_nothing_is_read_before_somebody_asks() -> None:
    class Quiet(Spec):
        """Quiet."""

        size: Count = 0
        """Its size."""

    assert Quiet.model_fields["size"].description is None


def test_the_schema_tells_the_docstrings_also_of_what_is_inside_and_above() -> None:
    schema = Outer.model_json_schema()
    told = {name: field.get("description") for name, field in schema["properties"].items()}
    assert told["old"] == "From above,\non two lines."
    assert told["many"] == "More of it."
    assert told["bare"] is None
    assert schema["$defs"]["Inner"]["properties"]["deep"]["description"] == "How deep."


def test_a_described_spec_still_parses() -> None:
    describe(Outer)
    assert Outer.parse({"inner": {"deep": 3}}, "test").inner == Inner(deep=3)
    assert Outer.model_fields["inner"].description == "What is inside."
