"""Reading strictly, and writing without a change to what others wrote."""

import json
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.flat_json import Malformed, NotStorable, decode, entry, load, parse, render

NUMBERS = st.sampled_from(
    ["1.10", "-0.0", "-0", "1e400", "-1E+400", "1e-400", "0.1000", "1E5", "12345678901234567890", "9" * 5000, "2.50e0"]
)
WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
QUOTED = st.one_of(
    WORDS.map(json.dumps), WORDS.map(lambda word: json.dumps(word, ensure_ascii=False)), st.just('"\\ud800\\/"')
)
SPACE = st.text(" \t\r\n", max_size=2)


def _joined(parts: list[tuple[str, str]], space: str) -> str:
    unique = dict({json.loads(name): (name, text) for name, text in parts}.values())
    return "{" + f"{space},{space}".join(f"{name}{space}:{space}{text}" for name, text in unique.items()) + space + "}"


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.builds(lambda items, space: "[" + f",{space}".join(items) + "]", st.lists(inner, max_size=3), SPACE)
    return lists | st.builds(_joined, st.lists(st.tuples(QUOTED, inner), max_size=3), SPACE)


VALUES = st.recursive(NUMBERS | QUOTED | st.sampled_from(["true", "false", "null"]), _nested, max_leaves=6)
OBJECTS = st.builds(_joined, st.lists(st.tuples(QUOTED, VALUES), max_size=5), SPACE)
STORABLE: st.SearchStrategy[Any] = st.recursive(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _outcome(reader: Callable[[str], dict[str, Any]], text: str) -> object:
    """Return the names that a reader finds, or its complaint."""
    try:
        return list(reader(text))
    except Malformed as error:
        return error.line, error.column, error.reason


@settings(deadline=None, max_examples=60)
@given(OBJECTS)
def test_every_pair_keeps_its_text(text: str) -> None:
    pairs = parse(text)
    again = parse(render(pairs))
    assert again == pairs
    assert all(pair.name in text and pair.text in text for pair in pairs.values())


@settings(deadline=None, max_examples=60)
@given(OBJECTS)
def test_both_readers_find_the_same(text: str) -> None:
    assert repr(load(text)) == repr({name: pair.value for name, pair in parse(text).items()})


@settings(deadline=None, max_examples=60)
@given(OBJECTS, st.integers(0, 400), st.sampled_from(["", ",", '"', "}", "{", "NaN", "\\", "\x00", "0", " "]))
def test_damage_is_noticed_by_both_readers_or_by_none(text: str, at: int, patch: str) -> None:
    damaged = text[:at] + patch + text[at + 1 :]
    assert _outcome(parse, damaged) == _outcome(load, damaged)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert _outcome(parse, text) == _outcome(load, text)


@settings(deadline=None, max_examples=60)
@given(st.text(), STORABLE)
def test_what_is_written_is_read_again(name: str, value: object) -> None:
    pair = entry(name, value)
    text = render({name: pair})
    assert json.loads(text.encode("utf-8")) == {name: value}
    assert parse(text) == {name: pair}
    assert repr(pair.value) == repr(value)


def test_numbers_are_read_exactly() -> None:
    values = load('{"a": 1e400, "b": -0.0, "c": 1.10, "d": ' + "7" * 5000 + ', "e": 3, "f": 1e-400}')
    assert values["a"] == Decimal("1e400")
    assert math.copysign(1, values["b"]) == -1
    assert (values["c"], values["e"], values["f"]) == (1.1, 3, 0.0)
    assert values["d"] == Decimal("7" * 5000)


def test_a_number_too_large_for_a_float_is_written_again() -> None:
    pair = entry("x", {"inner": Decimal("1e400")})
    assert decode(pair.text) == {"inner": Decimal("1e400")}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        (" \n ", 1, "the file is empty"),
        ("[1]", 1, "the file does not start with `{`"),
        ("bpm = 120", 1, "the file does not start with `{`"),
        ('{\n"a": 1,\n"a": 2}', 3, 'the name "a" appears twice'),
        ('{"a": 1, "\\u0061": 2}', 1, 'the name "\\u0061" appears twice'),
        ('{\n"a": {"b": 1, "b": 2}}', 2, 'the value of "a" holds a name twice in one object'),
        ('{\n\n"a": NaN}', 3, 'the value of "a" holds NaN, which is not a number'),
        ('{"a": [-Infinity]}', 1, 'the value of "a" holds -Infinity, which is not a number'),
        ('{"a": 1e99999999999999999999}', 1, 'the value of "a" holds a number of impossible size'),
        ('{"a": 1', 1, "the file ends too early"),
        ('{"a": 1,', 1, "the file ends too early"),
        ('{"a"', 1, "the file ends too early"),
        ('{"a": "long', 1, "unterminated string starting"),
        ('{"a": ', 1, "the file ends too early"),
        ('{"a": 1,}', 1, 'a name in "double quotes" is missing'),
        ("{a: 1}", 1, 'a name in "double quotes" is missing'),
        ('{"a" 1}', 1, 'a colon is missing after the name "a"'),
        ('{"a": 1 "b": 2}', 1, "a comma or `}` is missing"),
        ('{"a": 1}\nrest', 2, "something follows after the closing `}`"),
        ('{"a": tru}', 1, "expecting value"),
        ('{"a\n": 1}', 1, "invalid control character"),
        ('{"a": ' + "[" * 200_000, 1, 'the value of "a" is nested too deeply'),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, line: int, reason: str) -> None:
    for reader in (parse, load):
        with pytest.raises(Malformed) as caught:
            reader(text)
        assert (caught.value.line, caught.value.reason) == (line, reason)


def test_columns_count_from_one() -> None:
    with pytest.raises(Malformed) as caught:
        parse('{\n  "a": x}')
    assert (caught.value.line, caught.value.column) == (2, 8)


def test_layout_of_the_file() -> None:
    values = {
        "bpm": 120.5,
        "genre": {"Techno": 0.75},
        "made": ["a", "b"],
        "cues": [{"at": 1}, []],
        "none": {},
        "on": True,
    }
    assert render({name: entry(name, value) for name, value in values.items()}) == (
        '{\n  "bpm": 120.5,\n  "genre": {\n    "Techno": 0.75\n  },\n  "made": ["a", "b"],\n'
        '  "cues": [\n    {\n      "at": 1\n    },\n    []\n  ],\n  "none": {},\n  "on": true\n}\n'
    )
    assert render({}) == "{}\n"


def test_letters_stay_letters_and_undecodable_bytes_survive() -> None:
    name = "caf\udce9 é 😀"  # a file name in Latin-1, as Python hands it out
    pair = entry("name", name)
    assert pair.text == '"caf\\udce9 é 😀"'
    assert pair.text.encode("utf-8")
    assert pair.value == name


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), Fraction(1, 2), Decimal("0.5")])
def test_numbers_of_other_libraries_are_numbers(value: object) -> None:
    assert entry("x", value).text == "0.5"
    assert entry("n", np.int64(7)).text == "7"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (math.nan, "x is nan; what could not be measured is left out"),
        (-math.inf, "x is -inf"),
        (np.float32("nan"), "x is nan"),
        (Decimal("Infinity"), "x is Infinity"),
        (None, r"x is nothing \(null\)"),
        ({"a": [1, None]}, r"x\.a\[1\] is nothing"),
        (b"bytes", "x is a bytes"),
        (np.zeros(2), "x is a ndarray"),
        (1j, "x is a complex"),
        ({1: 2}, "x has the name 1, which is not text"),
    ],
)
def test_what_json_cannot_hold_is_refused(value: object, says: str) -> None:
    with pytest.raises(NotStorable, match=says):
        entry("x", value)


def test_a_value_inside_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(NotStorable, match="nested too deeply"):
        entry("x", value)
