"""The .INFO store in peace; `test_info_faults` has the rest."""

import math
import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.dataset import info as store
from small_dataset_audio.dataset.info import StageRecord, read_info, read_provenance, safe_update
from small_dataset_audio.errors import StoreError, UnreadableInfo
from support.dataset_faults import failing
from support.dataset_library import leave_temporary, temporaries, track_in

ANALYZE = StageRecord("analyze", 1, "settings", "audio", 1.25)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return track_in(tmp_path).info


def test_a_missing_file_holds_nothing(path: Path) -> None:
    assert read_info(path) == {}
    assert read_provenance(path) == {}


def test_an_update_is_read_again(path: Path) -> None:
    values = {"bpm": 120.5, "tonic_scale": {"minor": 0.83}, "music_flamingo_full": "A “quiet” piece\nfor piano 🎹"}
    after = safe_update(path, values, stage=ANALYZE, reserved={"source": {"name": "a.wav"}, "audio": {"sha256": "00"}})
    assert after == read_info(path)
    assert {name: after[name] for name in values} == values
    assert after["_sda"] == read_provenance(path) == {
        "format": 1,
        "source": {"name": "a.wav"},
        "audio": {"sha256": "00"},
        "stages": {"analyze": ANALYZE.as_json(values)},
    }  # fmt: skip
    text = path.read_text(encoding="utf-8")
    assert text.startswith('{\n  "bpm": 120.5,\n')
    assert text.endswith("}\n")
    assert "“quiet” piece\\nfor piano 🎹" in text


def test_what_others_wrote_keeps_its_text_and_its_place(path: Path) -> None:
    foreign = (
        '"zeta": 1.10,"huge" :1e400, "big": 123456789012345678901234567890, "minus": -0.0,\r\n'
        '  "tags": {"b":1.0,   "a":[1,2 , 3]}, "caf\\u00e9": "\\u00e9\\/"'
    )
    path.write_bytes(b"{" + foreign.encode() + b"}")
    safe_update(path, {"bpm": 1.0}, stage=ANALYZE)
    after = safe_update(path, {"lufs": -14.0, "big": 7})
    text = path.read_text(encoding="utf-8")
    kept = [
        '"zeta": 1.10',
        '"huge": 1e400',
        '"minus": -0.0',
        '"tags": {"b":1.0,   "a":[1,2 , 3]}',
        '"caf\\u00e9": "\\u00e9\\/"',
    ]
    places = [text.index(part) for part in kept]
    assert places == sorted(places)
    assert list(after) == ["zeta", "huge", "big", "minus", "tags", "café", "bpm", "lufs", "_sda"]
    assert after["huge"] == Decimal("1e400")
    assert after["big"] == 7


def test_a_stage_removes_what_it_no_longer_makes_and_nothing_else(path: Path) -> None:
    safe_update(path, {"note": "mine"})
    safe_update(path, {"bpm": 120.0, "lufs": -14.0}, stage=ANALYZE)
    safe_update(path, {"mood": {"calm": 1.0}}, stage=StageRecord("classify", 1, "", "", 0.1))
    again = StageRecord("analyze", 2, "settings", "audio", 1.0, absent={"bpm": "There are no beats."})
    after = safe_update(path, {"lufs": -13.0}, stage=again)
    assert [name for name in after if name != "_sda"] == ["note", "lufs", "mood"]
    assert after["_sda"]["stages"]["analyze"]["absent"] == {"bpm": "There are no beats."}


def test_a_stage_takes_over_what_no_stage_made(path: Path) -> None:
    path.write_text('{"bpm": 100, "key": "C"}')
    assert safe_update(path, {"bpm": 120.0}, stage=ANALYZE)["bpm"] == 120.0
    after = safe_update(path, {}, stage=ANALYZE)
    assert after.keys() == {"key", "_sda"}


def test_the_users_value_outlives_a_run_that_does_not_make_it(path: Path) -> None:
    safe_update(path, {"bpm": 60.0, "lufs": -14.0}, stage=ANALYZE)
    safe_update(path, {"bpm": 120.0})
    assert safe_update(path, {"lufs": -14.0}, stage=ANALYZE)["bpm"] == 120.0


def test_one_stage_does_not_write_anothers_values(path: Path) -> None:
    safe_update(path, {"bpm": 120.0}, stage=ANALYZE)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="may not write bpm") as caught:
        safe_update(path, {"bpm": 60.0}, stage=StageRecord("classify", 1, "", "", 0.1))
    assert "--force analyze" in caught.value.fix
    assert path.read_bytes() == before


def test_reserved_parts_are_replaced_one_by_one(path: Path) -> None:
    path.write_text('{"_sda": {"format": 1, "later": {"x": [1.5]}, "audio": {"sha256": "old", "rate": 1}}, "bpm": 1}')
    after = safe_update(path, {}, reserved={"audio": {"sha256": "new"}})
    assert after["_sda"] == {"format": 1, "later": {"x": [1.5]}, "audio": {"sha256": "new"}}
    assert list(after) == ["bpm", "_sda"]


def test_an_update_that_changes_nothing_writes_nothing(path: Path) -> None:
    assert safe_update(path, {}) == {}
    assert not path.exists()
    safe_update(path, {"bpm": 120.0})
    before = path.stat()
    assert safe_update(path, {"bpm": 120.0}) == {"bpm": 120.0}
    assert os.path.samestat(path.stat(), before)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "Line 1, column 1: the file is empty"),
        (b"not JSON at all", "Line 1, column 1: the file does not start"),
        (b'{"bpm": 120,\n "lufs": -1', "Line 2, column 12: the file ends too early"),
        (b'{"bpm": NaN}', "Line 1, column 9: .* NaN, which is not a number"),
        (b'{\n"bpm": 1,\n"bpm": 2}', 'Line 3, column .: the name "bpm" appears twice'),
        (b'{\n"name": "caf\xe9"}', "Line 2 is not UTF-8 text"),
        ('{"bpm": 1}'.encode("utf-16"), "Line 1 is not UTF-8 text"),
        (b'{"_sda": null}', "The part `_sda` cannot be used: it is not a mapping"),
        (b'{"_sda": {"format": 99}}', "newer sda"),
        (b'{\n  "_sda": {"format": 99}\n}\n', "newer sda"),
        (b'{\n  "a": 1,,\n  "_sda": {"format": 1, }\n}\n', "Line 2"),
    ],
)
def test_a_file_that_cannot_be_understood_is_left_untouched(path: Path, data: bytes, reason: str) -> None:
    path.write_bytes(data)
    for attempt in (read_info, read_provenance, lambda path: safe_update(path, {"bpm": 1.0}, stage=ANALYZE)):
        with pytest.raises(UnreadableInfo, match=reason) as caught:
            attempt(path)
        assert str(path) in caught.value.what
        assert "editor" in caught.value.fix
        assert path.read_bytes() == data


def test_a_byte_order_mark_is_no_mistake(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"bpm": 1}')
    assert safe_update(path, {"lufs": -1.0}) == {"bpm": 1, "lufs": -1.0}
    assert path.read_bytes().startswith(b"{")


def test_provenance_is_read_from_any_layout(path: Path) -> None:
    part = '{"format": 1, "source": {"path": "x"}}'
    for text in (
        f'{{"_sda": {part}, "a": 1}}',
        f'{{\n  "a": 1,\n  "_sda": {part}\n}}\n',
        '{"a": {\n  "_sda": 7\n}\n}\n',
    ):
        path.write_text(text)
        assert read_provenance(path) == read_info(path).get("_sda", {})


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_not_read(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(UnreadableInfo, match="not a file"):
        safe_update(path, {"bpm": 1.0})


def test_a_link_to_nothing_is_not_taken_for_an_empty_file(path: Path) -> None:
    path.symlink_to(path.parent / "moved away")
    with pytest.raises(UnreadableInfo, match="link to a file that is not there"):
        safe_update(path, {"bpm": 1.0})
    assert path.is_symlink()


def test_nothing_is_written_through_a_link(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text('{"bpm": 1}')
    path.symlink_to(elsewhere)
    assert safe_update(path, {"lufs": -1.0}) == {"bpm": 1, "lufs": -1.0}
    assert not path.is_symlink()
    assert elsewhere.read_text() == '{"bpm": 1}'


def test_a_file_too_large_to_be_one_is_refused_unread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LARGEST_INFO", 10)
    path.write_text('{"bpm": 120}')
    with pytest.raises(UnreadableInfo, match="12 bytes"):
        read_info(path)


@pytest.mark.parametrize(
    ("values", "stage", "reserved"),
    [
        ({"bpm": math.nan}, ANALYZE, None),
        ({"bpm": math.inf}, None, None),
        ({"bpm": None}, None, None),
        ({"genre": {"Techno": math.nan}}, None, None),
        ({"_sda": {}}, None, None),
        ({}, None, {"stages": {}}),
        ({}, None, {"format": 1}),
        ({}, None, {"audio": {"seconds": math.nan}}),
        ({}, StageRecord("analyze", 1, "", "", math.inf), None),
        ({"bpm": 1.0}, StageRecord("analyze", 1, "", "", 1.0, absent={"bpm": "There are no beats."}), None),
    ],
)
def test_what_must_not_be_stored_changes_nothing(
    path: Path, values: dict[str, Any], stage: StageRecord | None, reserved: dict[str, Any] | None
) -> None:
    path.write_text('{"mine": 1}')
    with pytest.raises(StoreError, match="cannot be stored") as caught:
        safe_update(path, values, stage=stage, reserved=reserved)
    assert "report it" in caught.value.fix
    assert path.read_text() == '{"mine": 1}'


def test_leftovers_of_dead_writers_go(path: Path) -> None:
    leave_temporary(path.parent)
    leave_temporary(path.parent, "another")
    safe_update(path, {"bpm": 1.0})
    assert temporaries(path.parent) == []
    assert sorted(file.name for file in path.parent.iterdir()) == ["Song.INFO"]


def test_permissions_of_the_file_stay(path: Path) -> None:
    safe_update(path, {"bpm": 1.0})
    path.chmod(0o640)
    safe_update(path, {"bpm": 2.0})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_without_its_folder_there_is_nothing_to_update(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        safe_update(tmp_path / "Gone" / "Gone.INFO", {"bpm": 1.0})


def test_a_file_that_cannot_be_read_is_not_replaced(path: Path) -> None:
    import errno

    path.write_text('{"mine": 1}')
    with failing(1, errno.EIO, name="fstat"), pytest.raises(StoreError, match="Could not read"):
        read_info(path)
    with failing(1, errno.EACCES, name="open"), pytest.raises(StoreError, match="Could not read"):
        read_provenance(path)
    assert path.read_text() == '{"mine": 1}'
