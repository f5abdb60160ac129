import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from small_dataset_audio.dataset.export import exporting, manifest
from small_dataset_audio.dataset.export.exporting import FormatName, export
from small_dataset_audio.dataset.export.formats import audiofolder, readme, shards
from small_dataset_audio.dataset.export.ready import Ready
from small_dataset_audio.dataset.export.result import Exported
from small_dataset_audio.dataset.export.schema import EXPORT_SCHEMA
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import EnvironmentFault, SdaError, StoreError, UsageError
from small_dataset_audio.features.catalog import BY_NAME
from support.dataset_faults import calls_of, failing
from support.dataset_library import tree
from support.export_library import add_crops, add_track, describe, request
from support.signals import silence, write_audio

_FORMATS: tuple[FormatName, ...] = ("stable-audio", "audiofolder", "webdataset")


def _export(library: Path, form: FormatName = "stable-audio", name: str = "export", **changed: object) -> Exported:
    done = export(request(form, library, library.parent / name, **changed), BY_NAME, lambda _: None)
    Draft202012Validator(EXPORT_SCHEMA).validate(done.as_dict())
    return done


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    for number in range(3):
        add_track(folder, f"Song {number}", number)
    return folder


@pytest.mark.parametrize("form", _FORMATS)
def test_the_same_library_gives_the_same_files_and_is_not_touched(library: Path, form: FormatName) -> None:
    before = tree(library)
    for place in ("one", "two"):
        _export(library, form, f"{place}/export", root=Path("somewhere"))
    assert tree(library) == before
    assert tree(library.parent / "one") == tree(library.parent / "two")


@pytest.mark.parametrize("form", _FORMATS)
def test_songs_are_split_as_a_whole_and_that_is_told(library: Path, form: FormatName) -> None:
    done = _export(library, form, share=0.34)
    assert done.splits == {"train": {"files": 2, "songs": 2}, "validation": {"files": 1, "songs": 1}}
    manifest = json.loads((done.output / "sda-export.json").read_bytes())
    assert sorted(one["track"] for one in manifest["recordings"]) == ["Song 0", "Song 1", "Song 2"]
    assert manifest["files"].keys() == {name for name in tree(done.output) if name != "sda-export.json"}
    assert done.verified.files == 3
    assert done.verified.values > 20


def test_near_duplicates_stay_together(library: Path) -> None:
    write_audio(library / "Song 2" / "full_mix.flac", silence(1.0, channels=2) + 0.25)
    shutil.copy(library / "Song 2" / "full_mix.flac", library / "Song 0" / "full_mix.flac")
    for seed in range(4):
        done = _export(library, share=0.4, seed=seed)
        parts = {one.item.name: one.split for one in done.ready}
        assert parts["Song 0"] == parts["Song 2"]
        assert list(done.together) == [["Song 0", "Song 2"]]


def test_nothing_is_held_back_of_one_song_and_that_is_said(tmp_path: Path) -> None:
    add_crops(add_track(tmp_path / "library", "Song", 0), [1, 2])
    done = _export(tmp_path / "library")
    assert done.splits["validation"] == {"files": 0, "songs": 0}
    assert "Nothing is held back for validation: there is one song only." in done.notes
    assert not (done.output / "dataset_config_validation.json").exists()
    assert _export(tmp_path / "library", share=0.0).notes == []


def test_songs_that_are_all_alike_are_all_learnt_from_and_that_is_said(library: Path) -> None:
    for name in ("Song 1", "Song 2"):
        shutil.copy(library / "Song 0" / "full_mix.flac", library / name / "full_mix.flac")
    assert "Nothing is held back for validation: all songs are nearly the same." in _export(library).notes


def test_what_would_be_silent_to_the_trainer_is_left_out_for_it_alone(library: Path) -> None:
    write_audio(library / "Song 1" / "full_mix.flac", silence(1.0, channels=2) + 0.0005)
    done = _export(library)
    assert [(one.name, one.failed) for one in done.left_out] == [("Song 1", False)]
    assert "-60 dBFS" in done.left_out[0].error.why
    assert not done.failed
    assert len(_export(library, "audiofolder").ready) == 3


@pytest.mark.parametrize("form", _FORMATS)
def test_what_cannot_be_used_is_left_out_and_the_rest_goes_on(library: Path, form: FormatName) -> None:
    (library / "Song 1" / "full_mix.flac").write_text("no audio")
    (library / "Song 2" / "Song 2.INFO").write_text("{")
    add_track(library, "Song 3", 3)
    done = _export(library, form)
    assert sorted(one.item.name for one in done.ready) == ["Song 0", "Song 3"]
    assert sorted(one.name for one in done.left_out) == ["Song 1", "Song 2"]
    assert done.failed


def test_if_everything_is_left_out_nothing_is_written(library: Path) -> None:
    for number in range(3):
        (library / f"Song {number}" / "full_mix.flac").write_text("no audio")
    with pytest.raises(StoreError, match="Nothing was exported") as caught:
        _export(library)
    assert "All 3 tracks" in caught.value.why
    with pytest.raises(StoreError, match="Nothing was exported"):
        _export(library, features=("lra",))
    assert sorted(one.name for one in library.parent.iterdir()) == ["library"]


def test_numbers_that_are_named_decide_who_takes_part(library: Path) -> None:
    describe(Track(library / "Song 1"), {"lra": 4.0, "lufs": -3.0})
    done = _export(library, features=("lra", "lufs"))
    assert [one.item.name for one in done.ready] == ["Song 1"]
    assert [one["id"] for one in done.as_dict()["conditioning"]["numbers"]] == ["lufs", "lra"]
    with pytest.raises(UsageError):
        _export(library, features=("loudness",))


def test_the_template_makes_the_prompts(library: Path) -> None:
    done = _export(library, template="{song} by [{artists}]nobody at {bpm:.1f}")
    assert [one.prompt for one in done.ready] == [f"Song {number} by nobody at {80 + number}.0" for number in range(3)]
    with pytest.raises(UsageError, match="not known of any track"):
        _export(library, template="{nonsense}")
    _export(library, template="[{lra}]")
    safe_update(library / "Song 1" / "Song 1.INFO", {"mine": "x"})
    done = _export(library, template="{mine}")
    assert [one.prompt for one in done.ready] == ["", "x", ""]
    assert "2 of 3 prompts are empty, such as that of Song 0" in done.notes[0]


def test_more_numbers_than_can_be_learnt_are_pointed_out(library: Path) -> None:
    more = {f"chroma_{one}": 0.5 for one in range(12)} | {f"tiv_{one}": 0.1 for one in range(6)}
    for number in range(3):
        describe(Track(library / f"Song {number}"), more)
    done = _export(library)
    assert "18 numbers are more than a small data set can teach" in done.notes[-1]
    assert _export(library, template="x", features=("tiv_1",)).notes == []


def test_long_prompts_and_recordings_are_pointed_out(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from small_dataset_audio.dataset.export import notes

    monkeypatch.setattr(notes, "MOST_SECONDS", 0.5)
    done = _export(library, template="word " * 128)
    assert "3 of 3 prompts are longer than the 128 tokens that T5 reads" in done.notes[0]
    assert "3 of 3 recordings last longer than" in done.notes[1]


def test_prompts_that_may_be_too_long_are_pointed_out_unless_their_tokens_were_counted(library: Path) -> None:
    unsure = "word " * 100
    assert "3 of 3 prompts may be longer" in _export(library, template=unsure).notes[0]
    assert "`sda models pull t5_tokenizer`" in _export(library, template=unsure).notes[0]
    assert _export(library, template=unsure, count=lambda _: 128).notes == []
    assert "3 of 3 prompts are longer" in _export(library, template=unsure, count=lambda _: 129).notes[0]
    assert _export(library, template="a" * 126).notes == []
    assert _export(library, "audiofolder", "other", template="word " * 128).notes == []


def test_a_library_in_which_nothing_is_measured_has_prompts_alone(tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / "library" / f"Song {number}"
        folder.mkdir(parents=True)
        write_audio(folder / "full_mix.wav", silence(0.2) + 0.1 * (number + 1))
    done = _export(tmp_path / "library", template="a sound", share=0.0)
    assert done.notes == [
        "There is no number that all recordings have: they are conditioned on the prompt and on seconds alone."
    ]
    demo = json.loads((done.output / "conditioning.json").read_bytes())["training"]["demo"]["demo_cond"]
    assert demo == 2 * [{"prompt": "a sound", "seconds_start": 0, "seconds_total": 1}]


def test_columns_of_one_type_and_the_rest_as_json(library: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"mixed": 1, "whole": 2, "real": 1, "big": 2**70, "flag": True, "deep": {"a": {"b": 1}}, "none": [], "cover_file_name": "x"},
        {"mixed": "a", "whole": 3, "real": 1.5, "big": 2**70, "flag": False, "deep": {"a": {"b": 2}}, "none": [], "cover_file_name": "y"},
        {"mixed": 1.5, "whole": 4, "real": 2, "tags": ["a"], "prompt": "mine", "audio": "mine", "flag": True},
    ]  # fmt: skip
    for number, values in enumerate(odd):
        safe_update(library / f"Song {number}" / f"Song {number}.INFO", values)
    done = _export(library, "audiofolder", share=0.34)
    rows = {}
    for split in ("train", "validation"):
        for line in (done.output / split / "metadata.jsonl").read_text().splitlines():
            row = json.loads(line)
            rows[row["track"]] = row
    assert {type(row["real"]) for row in rows.values()} == {float}
    assert {type(row["whole"]) for row in rows.values()} == {int}
    assert {type(row["flag"]) for row in rows.values()} == {bool}
    others = {name: json.loads(row["other_values"]) for name, row in rows.items()}
    assert others["Song 0"].keys() == {"mixed", "big", "deep", "none", "cover_file_name"}
    assert others["Song 2"].keys() == {"mixed", "tags", "prompt", "audio"}
    told = done.ready[0].told()
    for one in done.ready:
        assert audiofolder.values_of(rows[one.item.name], told) == one.values


def test_rows_that_bring_a_new_column_come_first() -> None:
    rows: list[dict[str, Any]] = [{"a": 1, "b": None}, {"a": 2, "b": None}, {"a": 3, "b": 1}, {"a": 4, "b": 2}]
    assert [row["a"] for row in audiofolder._newest_first(rows)] == [1, 3, 2, 4]


def test_a_value_whose_name_the_export_uses_itself_keeps_its_place_in_shards(library: Path) -> None:
    safe_update(library / "Song 1" / "Song 1.INFO", {"prompt": "mine", "seconds": 5})
    done = _export(library, "webdataset")
    [one] = [one for one in done.ready if one.item.name == "Song 1"]
    record = shards.record_of(one)
    assert (record["info_prompt"], record["info_seconds"], record["seconds"]) == ("mine", 5, 1.0)


def test_shards_are_begun_anew_when_they_are_large(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    done = _export(library, "webdataset", share=0.0)
    assert sorted(path.name for path in done.output.glob("*.tar")) == [
        f"train-00000{number}.tar" for number in range(3)
    ]
    assert "train-{000000..000002}.tar" in (done.output / "README.md").read_text()
    assert not (done.output / "train").exists()


def test_without_its_library_webdataset_names_the_fix(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webdataset", None)
    with pytest.raises(EnvironmentFault) as caught:
        _export(library, "webdataset")
    assert "--extra webdataset" in caught.value.fix


def test_a_disk_without_room_is_noticed_before_anything_is_copied(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(StoreError, match="no room"):
        _export(library)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_is_an_error_and_leaves_the_export_before(
    library: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    before = _export(library)
    kept = tree(before.output)

    def refuse(*_arguments: object, **_named: object) -> None:
        raise OSError(code, os.strerror(code))

    for place, name in ((Path, "mkdir"), (os, "fsync"), (Path, "rename"), (Path, "replace"), (Path, "rmdir")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, refuse)
            with pytest.raises(StoreError) as caught:
                _export(library, share=0.4)
        assert os.strerror(code) in caught.value.why
        assert tree(before.output) == kept
        assert sorted(one.name for one in library.parent.iterdir()) == ["cache", "export", "library"]


@pytest.mark.parametrize("form", _FORMATS)
def test_whatever_call_fails_there_is_one_whole_export(library: Path, form: FormatName) -> None:
    _export(library, form)
    output = library.parent / "export"
    calls = calls_of(lambda: _export(library, form, share=0.0))
    raised = 0
    for number in range(1, calls, calls // 12):
        try:
            with failing(number, errno.EIO):
                _export(library, form, share=0.0)
        except SdaError:
            raised += 1
        assert manifest.foreign(output) == []
        assert manifest.read_manifest(output) is not None
    assert raised >= 3
    assert len(_export(library, form).ready) == 3
    assert sorted(one.name for one in library.parent.iterdir()) == ["cache", "export", "library"]


def _corrupt(change: Callable[[bytes], bytes], *patterns: str) -> Callable[..., None]:
    def write(folder: Path, *_: object) -> None:
        for pattern in patterns:
            for path in folder.glob(pattern):
                path.write_bytes(change(path.read_bytes()))

    return write


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("stable-audio", "train/*.json"),
        ("stable-audio", "conditioning.json"),
        ("stable-audio", "custom_metadata.py"),
        ("audiofolder", "*/metadata.jsonl"),
        ("webdataset", "train-*.tar"),
    ],
)
@pytest.mark.parametrize(
    "change",
    [lambda data: data[: len(data) // 3], lambda data: data.replace(b"80.0", b"81.0").replace(b"json", b"nosj")],
)
def test_what_was_not_written_as_it_should_be_is_found_and_not_put_in_place(
    library: Path, monkeypatch: pytest.MonkeyPatch, form: FormatName, pattern: str, change: Callable[[bytes], bytes]
) -> None:
    spoil = _corrupt(change, pattern)
    real = readme.write

    def write(folder: Path, *rest: Any) -> None:  # noqa: ANN401 - handed on
        real(folder, *rest)
        spoil(folder)

    monkeypatch.setattr(readme, "write", write)
    with pytest.raises(StoreError, match="was not put in place"):
        _export(library, form, share=0.34)
    assert not (library.parent / "export").exists()


def test_sound_that_changed_on_its_way_is_found(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = exporting._ready

    def ready(*arguments: Any) -> list[Ready]:  # noqa: ANN401 - handed on
        found = real(*arguments)
        waiting = next(library.parent.glob(".export.*/.sound/Song-1.flac"))
        waiting.write_bytes(waiting.read_bytes()[:-1])
        return found

    monkeypatch.setattr(exporting, "_ready", ready)
    with pytest.raises(StoreError, match="was not put in place"):
        _export(library)
    monkeypatch.setattr(exporting, "probe", lambda _: (_ for _ in ()).throw(StoreError("a", "b", "c")))
    with pytest.raises(StoreError, match="was not put in place"):
        _export(library)


def test_what_it_says_on_the_way(library: Path) -> None:
    (library / "Song 1" / "full_mix.flac").write_text("no audio")
    lines: list[str] = []
    export(request("audiofolder", library, library.parent / "export"), BY_NAME, lines.append)
    assert lines[0] == "[1/3] Song 0: copied"
    assert lines[1].startswith("[2/3] Song 1: LEFT OUT: ")
    assert any(line.startswith("comparing 2 songs") for line in lines)


def test_text_that_no_encoding_holds_is_written_all_the_same(library: Path) -> None:
    odd = os.fsdecode(b"caf\xe9")
    add_track(library, "plain", 7, {"note": "a\u2028b"}).folder.rename(library / odd)
    (library / odd / "plain.INFO").rename(library / odd / f"{odd}.INFO")
    for form in _FORMATS:
        done = _export(library, form)
        [one] = [one for one in done.ready if one.item.name == odd]
        assert one.told()["track"] == "caf\N{REPLACEMENT CHARACTER}"
