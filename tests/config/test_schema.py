import json
import math

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.config.keys import KEYS, Key, WrongValue
from small_dataset_audio.config.schema import DRAFT, allowed_values, json_schema, schema_text
from support.config_toml import patient
from support.config_values import values_of

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
keys = st.sampled_from(list(KEYS.values()))
words = st.sampled_from(["", "auto", "cpu", "cuda:3", "gpu", "TRUE", "1", "flac", "http://x", "{genres}", "{x}", "a b"])
anything = st.one_of(st.booleans(), st.integers(-3, 10**6), st.floats(-200, 1e6), words, st.lists(words, max_size=2))


def allowed_by_schema(key: Key, value: object) -> bool:
    return bool(VALIDATOR.is_valid({key.section: {key.name: value}}))


def allowed_by_settings(key: Key, value: object) -> bool:
    try:
        key.check(value)
    except WrongValue:
        return False
    return True


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.Draft7Validator.check_schema({**json_schema(), "$schema": "http://json-schema.org/draft-07/schema#"})
    assert json_schema()["$schema"] == DRAFT
    assert json.loads(schema_text()) == json_schema()


def test_the_schema_needs_no_newer_draft_and_no_references() -> None:
    text = schema_text()
    for word in (
        '"const"',
        '"$ref"',
        '"$defs"',
        '"exclusiveMinimum"',
        '"prefixItems"',
        '"null"',
        '"allowed"',
        '"variable"',
        '"title": "D',
    ):
        assert word not in text


@patient
@given(keys, st.data())
def test_what_the_settings_allow_the_schema_allows(key: Key, data: st.DataObject) -> None:
    value = data.draw(values_of(key))
    assert allowed_by_settings(key, value)
    assert allowed_by_schema(key, value)


@patient
@given(keys, anything)
def test_schema_and_settings_agree_on_any_value(key: Key, value: object) -> None:
    if isinstance(value, float) and value == math.floor(value):
        return  # 4.0 counts as a whole number in JSON Schema, but not in TOML
    assert allowed_by_schema(key, value) == allowed_by_settings(key, value)


@pytest.mark.parametrize("document", [{"pahts": {}}, {"paths": {"libary": "x"}}, {"paths": 3}, {"device": "cpu"}])
def test_unknown_sections_and_keys_are_refused(document: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid(document)


def test_an_empty_file_is_allowed() -> None:
    assert VALIDATOR.is_valid({})


def test_every_setting_tells_its_meaning_and_its_default() -> None:
    for section, part in json_schema()["properties"].items():
        for name, setting in part["properties"].items():
            key = KEYS[f"{section}.{name}"]
            assert "description" in setting
            assert ("default" in setting) == (key.default is not None)


def test_a_caller_may_change_its_copy() -> None:
    json_schema()["properties"].clear()
    assert json_schema()["properties"]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"type": "integer"}, "a whole number"),
        ({"type": "integer", "minimum": 1}, "a whole number from 1"),
        ({"type": "number", "minimum": -140.0, "maximum": 0.0}, "a number from -140 to 0"),
        ({"type": "integer", "minimum": 0, "maximum": 2**32 - 1}, "a whole number from 0 to 4294967295"),
        ({"type": "number", "minimum": 0.1, "maximum": 0.5}, "a number from 0.1 to 0.5"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 1}, "the path of a folder"),
        ({"enum": ["a"]}, '"a"'),
        ({"enum": ["a", "b", "c"]}, '"a", "b" or "c"'),
        ({"anyOf": [{"enum": ["auto"]}, {"type": "integer"}]}, '"auto" or a whole number'),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, 'a list with any of "a" and "b"'),
        ({"type": "array", "items": {"enum": ["a"]}, "minItems": 1}, 'a list with any of "a", at least 1'),
    ],
)
def test_allowed_values_in_words(part: dict[str, object], text: str) -> None:
    assert allowed_values(part) == text
