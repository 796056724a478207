import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine import events, specs
from app.engine.codec import NotReadable, decode, encode
from app.settings import Settings

SPECS = [cls for cls, _runner in specs.KINDS.values()]
text = st.text() | st.just("\udcff broken name")


@dataclass(frozen=True)
class Inner:
    a: int
    b: tuple[float, float] | None


@dataclass(frozen=True)
class Other:
    a: int


@dataclass(frozen=True)
class Outer:
    one: Inner | Other
    many: tuple[Inner, ...]
    choice: Literal["x", "y"]
    value: bool | int | float | str | None


inners = st.builds(
    Inner, st.integers(), st.none() | st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False))
)
outers = st.builds(
    Outer,
    inners | st.builds(Other, st.integers()),
    st.lists(inners).map(tuple),
    st.sampled_from(["x", "y"]),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
)


@given(outers)
def test_what_is_encoded_comes_back_equal_and_of_the_same_types(outer):
    back = decode(encode(outer), Outer)
    assert back == outer
    assert type(back.value) is type(outer.value)
    assert type(back.one) is type(outer.one)


def restore_specs():
    return st.builds(
        specs.RestoreSpec,
        inputs=st.lists(st.builds(specs.Input, path=text), max_size=3).map(tuple),
        model=text,
        values=st.lists(st.tuples(text, st.booleans() | st.integers() | text), max_size=3).map(tuple),
        channels=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    )


@given(restore_specs())
def test_specs_come_back_as_what_they_are(spec):
    assert decode(encode(spec), *SPECS) == spec


@pytest.mark.parametrize("cls", get_args(events.Event))
def test_every_event_can_travel(cls):
    samples = {"fields": (("n", 1), ("x", None)), "outputs": ("a.tif", None), "item": 2}
    kinds = {"int": 1, "float": 0.5, "str": "µ"}
    values = {
        field.name: samples.get(field.name, kinds.get(getattr(field.type, "__name__", "")))
        for field in fields(cls)
    }
    event = cls(**values)
    assert decode(encode(event), *get_args(events.Event)) == event


def test_the_text_is_one_ascii_line():
    line = encode(Settings(results_dir="µ\n"))
    assert line.isascii()
    assert "\n" not in line


def test_numbers_of_numpy_become_plain_numbers():
    back = decode(encode(events.Progress(1, np.float32(0.5), np.int64(3), "units")), events.Progress)
    assert (type(back.done), type(back.total)) == (float, float)


def test_numbers_that_are_none_survive():
    assert math.isnan(decode(encode(events.Metric(1, "loss", 0, math.nan)), events.Metric).value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{"version":1,"value":{"kind":"Other","a":1,"b":2}}', "has no b"),
        ('{"version":1,"value":{"kind":"Other"}}', "lacks a"),
        ('{"version":2,"value":{"kind":"Other","a":1}}', "version 2"),
        ('{"version":1,"value":{"kind":"Inner","a":1,"b":null}}', "unknown kind"),
        ('{"version":1,"value":{"kind":"Other","a":1.0}}', ".a cannot be 1.0"),
        ('{"version":1,"value":{"kind":"Other","a":true}}', ".a cannot be True"),
        ('{"version":1,"value":[]}', "not an object"),
        ("[]", "no stored data"),
        ("{", "cannot be read"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(text, part):
    with pytest.raises(NotReadable) as caught:
        decode(text, Other)
    assert part in caught.value.sentence


def test_what_an_earlier_version_stored_lacks_only_what_was_added_later():
    spec = specs.RestoreSpec((specs.Input("a.tif"),), "m")
    old = encode(spec).replace(',"time_interval_s":null', "")
    assert old != encode(spec)
    assert decode(old, *SPECS) == spec


def test_what_is_no_data_is_a_fault_of_the_program():
    for value in (Other, {"a": 1}, Outer(Other(1), (), "x", [1])):
        with pytest.raises(TypeError):
            encode(value)
