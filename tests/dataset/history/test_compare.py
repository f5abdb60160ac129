import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from small_dataset_audio.atomic import store_error
from small_dataset_audio.dataset.crops.places import crop_name, crops_folder
from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.history.compare import Comparison, compare
from small_dataset_audio.dataset.history.equality import equal
from small_dataset_audio.dataset.history.schema import DIFF_SCHEMA
from small_dataset_audio.dataset.history.states import State, read_state
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError, UnreadableInfo, UsageError
from support.statistics_library import written


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "a"
    for i, name in enumerate(("One", "Two", "Three")):
        track = written(folder, name, {"lufs": -9.0 - i, "bpm": 120.0, "genre": {"House": 0.5}})
        safe_update(
            track.info, {}, reserved={"audio": {"sha256": str(i) * 64}, "stems": {"bass": {"sha256": "b" * 64}}}
        )
        track.sidecar("BEATS_GRID").write_text("0.5\n")
    return folder


@pytest.fixture
def other(library: Path) -> Path:
    """Return a copy of the library."""
    folder = library.parent / "b"
    shutil.copytree(library, folder)
    return folder


def _compared(a: Path, b: Path, **options: Any) -> Comparison:  # noqa: ANN401
    found = compare(read_state(a), read_state(b), **options)
    document = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    Draft202012Validator(DIFF_SCHEMA).validate(document)
    return found


def _edit(track: Track, **values: object) -> None:
    """Change a file as another program would, or take values out."""
    info = {**json.loads(track.info.read_text()), **values}
    track.info.write_text(json.dumps({name: value for name, value in info.items() if value is not None}))


def test_a_copy_is_the_same(library: Path, other: Path) -> None:
    found = _compared(library, other)
    assert found.same
    assert found.compared == 3
    assert found.changes == ()


def test_values_that_came_went_and_changed(library: Path, other: Path) -> None:
    _edit(Track(other / "One"), lufs=-9.5, bpm=None, caption="New.", genre={"House": 0.5, "Dub": 0.1})
    [change] = _compared(library, other).changes
    assert change.name == "One"
    assert {name: one.as_dict() for name, one in change.values.items()} == {
        "lufs": {"a": -9.0, "b": -9.5},
        "bpm": {"a": 120.0},
        "genre": {"a": {"House": 0.5}, "b": {"House": 0.5, "Dub": 0.1}},
        "caption": {"b": "New."},
    }


def test_why_a_value_is_gone(library: Path, other: Path) -> None:
    written(other, "One", {"lufs": -9.0}, absent={"bpm": "there are no beats"})
    [change] = _compared(library, other).changes
    assert change.reasons == {"bpm": "there are no beats"}
    assert set(change.values) == {"bpm", "genre"}


def test_numbers_are_exact_unless_a_tolerance_is_given(library: Path, other: Path) -> None:
    _edit(Track(other / "One"), lufs=-9.000000000000002, genre={"House": 0.5000001})
    assert set(_compared(library, other).changes[0].values) == {"lufs", "genre"}
    assert set(_compared(library, other, tolerance=1e-9).changes[0].values) == {"genre"}
    assert _compared(library, other, tolerance=1e-6).same


def test_versions_settings_and_weights_of_stages(library: Path, other: Path) -> None:
    values = {"lufs": -9.0, "bpm": 120.0, "genre": {"House": 0.5}}
    written(other, "One", values, settings_hash="new", model_sha256="f" * 64, seconds=99.0)
    written(other, "Two", {}, stage="caption", version=4)
    one, two = _compared(library, other).changes
    assert one.stages["analyze"].as_dict() == {
        "a": {"settings_hash": "5e77"},
        "b": {"settings_hash": "new", "model_sha256": "f" * 64},
    }
    assert two.stages["caption"].a is None
    assert two.stages["caption"].b["version"] == 4
    [back, _] = _compared(other, library).changes
    assert back.stages["analyze"].b == {"settings_hash": "5e77"}


def test_other_recordings_and_stems(library: Path, other: Path) -> None:
    reserved = {"audio": {"sha256": "9" * 64}, "stems": {"drums": {"sha256": "d" * 64}}}
    safe_update(Track(other / "One").info, {}, reserved=reserved)
    [change] = _compared(library, other).changes
    assert change.audio["full mix"].as_dict() == {"a": "0" * 64, "b": "9" * 64}
    assert change.audio["bass"].as_dict() == {"a": "b" * 64}
    assert change.audio["drums"].as_dict() == {"b": "d" * 64}


def test_files_beside(library: Path, other: Path) -> None:
    Track(other / "One").sidecar("BEATS_GRID").write_text("0.6\n")
    Track(other / "Two").sidecar("BEATS_GRID").unlink()
    Track(other / "Three").sidecar("ONSETS").touch()
    (other / "Three" / "Three.wav").touch()
    files = {change.name: dict(change.files) for change in _compared(library, other).changes}
    assert files == {
        "One": {"BEATS_GRID": "changed"},
        "Two": {"BEATS_GRID": "removed"},
        "Three": {"ONSETS": "added"},
    }


def test_tracks_in_one_alone_and_those_that_were_renamed(library: Path, other: Path) -> None:
    shutil.rmtree(other / "One")
    written(other, "Four", {"lufs": -5.0})
    (other / "Two").rename(other / "Zwei")
    (other / "Zwei" / "Two.INFO").rename(other / "Zwei" / "Zwei.INFO")
    (other / "Zwei" / "Two.BEATS_GRID").rename(other / "Zwei" / "Zwei.BEATS_GRID")
    found = _compared(library, other)
    assert (found.only_a, found.only_b) == (("One",), ("Four",))
    [change] = found.changes
    assert (change.name, change.new_name) == ("Two", "Zwei")
    assert not change.values


def test_crops_are_compared_as_well(library: Path, other: Path) -> None:
    for folder, position in ((library, 0.1), (other, 0.2)):
        track = Track(folder / "One")
        written(crops_folder(track), crop_name(track, 1), {"position_in_file": position})
    written(crops_folder(Track(other / "One")), "One_2", {})
    found = _compared(library, other)
    assert [change.name for change in found.changes] == ["One/One_1"]
    assert found.only_b == ("One/One_2",)


def test_two_tracks_of_different_names_with_their_crops(library: Path) -> None:
    for name in ("One", "Two"):
        track = Track(library / name)
        written(crops_folder(track), crop_name(track, 1), {"position_in_file": 0.5})
    found = _compared(library / "One", library / "Two")
    assert [(change.name, change.new_name) for change in found.changes] == [("One", None)]
    assert found.compared == 2


def test_info_files_that_were_kept(library: Path) -> None:
    track = Track(library / "One")
    before = library.parent / "before.INFO"
    shutil.copy(track.info, before)
    _edit(track, lufs=-7.0)
    [change] = _compared(before, track.info).changes
    assert set(change.values) == {"lufs"}
    assert not change.files
    [change] = _compared(before, track.folder).changes
    assert set(change.values) == {"lufs"}


def test_a_damaged_track_is_a_problem_and_the_rest_is_compared(library: Path, other: Path) -> None:
    Track(other / "One").info.write_text("{")
    _edit(Track(other / "Two"), lufs=0.0)
    found = _compared(library, other)
    assert isinstance(found.problems["b", "One"], UnreadableInfo)
    assert [change.name for change in found.changes] == ["Two"]
    assert not found.same


def test_files_that_cannot_be_read_are_a_problem_of_their_track(
    library: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise OSError(5, "Input/output error", str(library))

    monkeypatch.setattr("filecmp.cmp", broken)
    found = _compared(library, other)
    assert set(found.problems) == {("a", name) for name in ("One", "Two", "Three")}


def test_a_folder_that_vanishes_is_a_problem(library: Path, other: Path) -> None:
    a, b = read_state(library), read_state(other)
    shutil.rmtree(other / "One")
    assert isinstance(compare(a, b).problems["a", "One"], StoreError)


def test_crops_that_cannot_be_listed_are_a_problem(library: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from small_dataset_audio.dataset.history import states

    def broken(track: Track) -> list[Track]:
        raise store_error("read", track.folder, OSError(5, "Input/output error"))

    monkeypatch.setattr(states, "crop_folders", broken)
    assert ("b", "One/") in _compared(library, other).problems


def test_what_cannot_be_compared_is_an_error(library: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be compared"):
        compare(read_state(library), read_state(library / "One"))
    with pytest.raises(StoreError, match="nothing at"):
        read_state(tmp_path / "nowhere")


def test_numbers_beyond_floats_are_compared_and_written() -> None:
    a, b = (
        State(Path(), "track", {"x": Entry(Track(Path()), {"n": [Decimal(value)]})}, alone=True)
        for value in ("1e999", "2e999")
    )
    found = compare(a, b)
    assert found.as_dict()["changes"][0]["values"] == {"n": {"a": ["1E+999"], "b": ["2E+999"]}}
    assert compare(a, b, tolerance=0.5).same


def test_nothing_is_too_large_to_compare() -> None:
    assert not equal(Decimal("9e999999"), Decimal("-9e999999"), 1e-6)
    assert equal(Decimal("9e999999"), Decimal("9e999999"), 1e-6)
    assert not equal(True, 1, 0.0)


_VALUES = st.recursive(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.text(min_size=1), _VALUES, max_size=4), st.dictionaries(st.text(min_size=1), _VALUES, max_size=4)
)
def test_the_changes_lead_from_the_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    a, b = (State(Path(), "track", {"x": Entry(Track(Path()), values)}, alone=True) for values in (before, after))
    assert compare(a, a).same
    led = dict(before)
    for change in compare(a, b).changes:
        for name, one in change.values.items():
            led.pop(name, None)
            if one.b is not None:
                led[name] = one.b
    assert led == after
