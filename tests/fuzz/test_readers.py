"""Whatever a file holds, its reader answers or refuses in words; a few kilobytes take little memory and little time.

`make fuzz` does the same with more files, and lets libFuzzer look for inputs that reach new code.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.dataset_processes import answer, start
from support.fuzz.bounded import ALL, MOST_MEMORY, MOST_SECONDS
from support.fuzz.targets import TARGETS, Target, as_json, target

FILES = 40
_TEXTS = [one for one in TARGETS if one.name not in {"recording", "tags", "series", "what was heard", "drums as MIDI"}]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_NAMES = st.sampled_from(
    ["format", "source", "audio", "stems", "stages", "crop", "analyze", "made", "absent", "files", "bass", "sha256", "size", "start"]
)  # fmt: skip
_PARTS = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=16,
)


@pytest.mark.process
def test_changed_files_of_every_kind_take_little(tmp_path: Path) -> None:
    found: dict[str, dict[str, Any]] = json.loads(
        answer(start("fuzz.bounded", ",".join(ALL), 7, FILES, tmp_path / "progress"))
    )
    assert [problem for outcome in found.values() for problem in outcome["problems"]] == []
    assert found.keys() == set(ALL)
    assert all(outcome["files"] > FILES for outcome in found.values())
    assert max(outcome["most_memory"] for outcome in found.values()) < MOST_MEMORY
    assert max(outcome["most_seconds"] for outcome in found.values()) < MOST_SECONDS


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
@pytest.mark.parametrize("reader", TARGETS, ids=lambda one: str(one.name))
def test_any_bytes(tmp_path: Path, reader: Target, data: bytes) -> None:
    reader.feed(tmp_path, data)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_JSON)
@pytest.mark.parametrize("reader", _TEXTS, ids=lambda one: str(one.name))
def test_any_json(tmp_path: Path, reader: Target, value: object) -> None:
    reader.feed(tmp_path, as_json(value))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.fixed_dictionaries({"format": st.just(1)}, optional={"source": _PARTS, "audio": _PARTS, "stems": _PARTS, "stages": _PARTS, "crop": _PARTS}))  # fmt: skip
@example(part={"format": 1, "stems": {"bass": []}})
@example(part={"format": 1, "audio": {"sha256": 5, "size": None}})
def test_any_provenance(tmp_path: Path, part: dict[str, object]) -> None:
    target("provenance").feed(tmp_path, as_json({"bpm": 1, "_sda": part}))
    target("info").feed(tmp_path, as_json({"bpm": 1, "_sda": part}))
