"""The machine profile: stored whole, read back, and damaged in every way."""

import contextlib
import json
import tempfile
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.errors import StoreError
from small_dataset_audio.hardware.benchmark.profile import FILE, Point, Profile, budget_gb, knee, load, points_of
from small_dataset_audio.hardware.benchmark.schema import PROFILE_SCHEMA
from small_dataset_audio.hardware.benchmark.setup import Setup
from support.benchmark_profiles import GIB, MIB, default_probes, probe, profile


def test_a_profile_is_what_its_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(PROFILE_SCHEMA)
    jsonschema.validate(profile().document, PROFILE_SCHEMA)
    nothing = profile([probe(1, ended="oom", fresh=True, reason="out of memory")])
    jsonschema.validate(nothing.document, PROFILE_SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(profile(max_batch_size=0).document, PROFILE_SCHEMA)


def test_what_was_stored_is_read_back(tmp_path: Path) -> None:
    reports = tmp_path / "data" / "reports"
    stored = profile()
    assert stored.save(reports) == reports / FILE
    found = load(reports)
    assert found is not None
    assert found.document == json.loads(json.dumps(stored.document))
    assert (found.max_batch_size, found.best_batch_size) == (24, 4)
    assert found.memory_limit_gb == 1.79
    assert [point.batch for point in found.points] == [1, 2, 4, 8, 16, 24]
    point = found.point(8)
    assert point is not None
    assert point.audio_seconds_per_second.median == pytest.approx(50)
    assert found.point(3) is None
    rate = found.rate("copy")
    assert rate is not None
    assert rate.median == 2.5e11
    assert found.rate("matmul_tf32") is None


def test_there_is_none_or_one_of_another_format(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    profile(format=99).save(tmp_path)
    assert load(tmp_path) is None


@pytest.mark.parametrize("lost", ["budget_bytes", "free_bytes", "limited_by"])
def test_a_profile_that_lost_a_part_of_its_memory_is_damaged(tmp_path: Path, lost: str) -> None:
    whole = profile().document
    memory = {name: value for name, value in whole["memory"].items() if name != lost}
    (tmp_path / FILE).write_text(json.dumps({**whole, "memory": memory}), encoding="utf-8")
    with pytest.raises(StoreError, match="is damaged"):
        load(tmp_path)


def test_a_profile_with_an_endless_budget_is_damaged(tmp_path: Path) -> None:
    whole = profile().document
    document = {**whole, "memory": {**whole["memory"], "budget_bytes": float("inf")}}
    (tmp_path / FILE).write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(StoreError, match="is damaged"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"format": 1}', '{"format": 1, "memory": 3}'])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(StoreError) as caught:
        load(tmp_path)
    assert FILE in caught.value.what
    assert "sda benchmark --force" in caught.value.fix


@given(st.sampled_from(sorted(profile().document)), st.sampled_from([None, 3, "x", [], {}]))
def test_a_file_with_any_part_wrong_is_read_or_is_an_error_of_ours(name: str, value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Profile({**profile().document, name: value}).save(Path(folder))
        with contextlib.suppress(StoreError):
            load(Path(folder))


def test_a_file_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(StoreError):
        load(tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
        profile().save(tmp_path / "file" / "reports")


def test_the_best_batch_is_the_smallest_within_5_percent() -> None:
    def point(batch: int, speed: float) -> Point:
        return Point.of(batch, 1.0, [batch / speed])

    assert knee([]) is None
    assert knee([point(1, 10)]) == 1
    assert knee([point(1, 94), point(2, 96), point(4, 100)]) == 2
    assert knee([point(1, 96), point(2, 100), point(4, 50)]) == 1
    assert knee([point(1, 10), point(2, 20), point(4, 40)]) == 4


def test_points_are_of_what_fits_and_of_the_closest_measurement() -> None:
    setup = Setup(seconds=2.0)
    longer = probe(8, 0.2)
    probes = [*default_probes(), longer, probe(32, 1.0), probe(16, 9.0, spare=-1), probe(5)]
    points = points_of(probes, setup, 24)
    assert [point.batch for point in points] == [1, 2, 4, 8, 16, 24]
    assert points[3].step_seconds.median == 0.2, "of two with as many steps, the later"
    assert points[3].audio_seconds_per_second.median == pytest.approx(80)
    assert points_of(probes, setup, None) == []


@pytest.mark.parametrize(
    ("size", "expected"), [(GIB, 1.0), (GIB + GIB // 3, 1.33), (100 * MIB, None), (0, None), (GIB // 10 + MIB, 0.1)]
)
def test_the_budget_in_the_settings_is_rounded_down(size: int, expected: float | None) -> None:
    assert budget_gb(size) == expected


def test_a_verification_is_kept_with_the_profile() -> None:
    found = profile().with_verified({"ok": True})
    assert found.document["verified"] == {"ok": True}
    assert found.max_batch_size == 24
