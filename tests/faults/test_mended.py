"""Faults that the harness, the fuzzers or a look at the threats found once, each as a test of its own that runs everywhere."""

import errno
import hashlib
import os
from pathlib import Path

import pytest
import soundfile

from small_dataset_audio.atomic import TEMPORARY_SUFFIX
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.audio.encode import encode
from small_dataset_audio.config.save import set_value, tidy, write_settings
from small_dataset_audio.dataset.demo.library import write_library
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.organize import assign, organize
from small_dataset_audio.dataset.report.folder import Folder
from small_dataset_audio.errors import AudioError, StoreError, UsageError
from small_dataset_audio.models.pull import Sources, pull
from small_dataset_audio.models.registry import Model, ModelFile
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.runlog import RunLog, read_events
from support.dataset_library import recording
from support.demo_pieces import tiny
from support.signals import noise, tone, write_audio


def test_a_float_wav_does_not_hold_the_hour_of_its_writing(tmp_path: Path) -> None:
    encode(tmp_path / "a.wav", noise(0.1, 8000), 8000)
    assert b"PEAK" not in (tmp_path / "a.wav").read_bytes()[:200]


def test_a_recording_that_was_copied_and_not_noted_gets_all_its_facts(tmp_path: Path) -> None:
    source, library = recording(tmp_path / "source" / "Song.wav"), tmp_path / "library"
    [incoming] = assign([source], library)
    whole = read_info(organize(incoming).info)
    (library / "Song" / "Song.INFO").unlink()  # as it was when the run was killed
    [again] = assign([source], library)
    assert read_info(organize(again).info) == whole
    assert whole["_sda"]["audio"]["rate"] == 44100


def closing_badly(log: RunLog) -> None:
    """Let the file of ``log`` answer, when it is closed, that the disk is full."""
    close = log._file.close

    def refuse() -> None:
        close()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log._file.close = refuse  # type: ignore[method-assign]


def test_a_run_log_on_a_disk_that_is_full_ends_in_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run log"), RunLog(tmp_path) as log:
        closing_badly(log)


def test_an_error_is_not_hidden_by_a_run_log_on_a_disk_that_is_full(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    closing_badly(log)
    log.__exit__(KeyError, KeyError(), None)


@pytest.mark.parametrize("last", ['{"event": "st', "[[[[" * 5000, '{"a": ' + "1" * 5000 + "}"])
def test_the_last_line_of_a_run_log_may_be_anything(tmp_path: Path, last: str) -> None:
    log = tmp_path / "run.jsonl"
    log.write_text(f'{{"event": "start"}}\n{last}')
    assert [event["event"] for event in read_events(log)] == ["start"]
    log.write_text(f'{{"event": "start"}}\n{last}\n{{"event": "end"}}\n')
    with pytest.raises(StoreError, match="line 2"):
        list(read_events(log))


def test_what_a_killed_pull_left_is_removed_by_the_next_one_even_if_all_is_there(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "one.bin").write_bytes(b"one")
    file = ModelFile("one.bin", (), hashlib.sha256(b"one").hexdigest(), 3)
    model = Model("net", "test", "A test.", (file,), "MIT", "yes", "You may.")
    store = Store(tmp_path / "models")
    pull(model, store, sources=Sources(tmp_path / "source"))
    before = sorted(path.name for path in store.home(model).iterdir())
    (store.home(model) / ".one.bin.part.json").write_text("{}")
    (store.home(model) / f".x{TEMPORARY_SUFFIX}").write_text("half")
    assert pull(model, store, sources=Sources(tmp_path / "source")).fetched == ()
    assert sorted(path.name for path in store.home(model).iterdir()) == before


def test_what_a_killed_change_of_settings_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    file = write_settings(tmp_path / "config.toml")
    (tmp_path / f".x{TEMPORARY_SUFFIX}").write_text("half")
    set_value(file, "general.offline", "true")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.schema.json", "config.toml"]


class _Moody:
    """Stands for libsndfile on a disk that fails for a moment."""

    def __init__(self, failures: int, code: int) -> None:
        self.failures, self.code = failures, code
        self.opens = soundfile.SoundFile

    def __call__(self, *arguments: object, **more: object) -> soundfile.SoundFile:
        if self.failures:
            self.failures -= 1
            raise soundfile.LibsndfileError(self.code)
        return self.opens(*arguments, **more)


def test_a_disk_that_fails_for_a_moment_does_not_change_what_a_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_audio(tmp_path / "a.wav", tone(0.1))
    whole = probe(path)
    monkeypatch.setattr(soundfile, "SoundFile", _Moody(1, 1))
    assert probe(path) == whole
    monkeypatch.setattr(soundfile, "SoundFile", _Moody(2, 2))  # a system call failed, and again
    with pytest.raises(AudioError, match="Could not read"):
        decode(path)


def test_what_closing_a_file_answers_that_was_only_read_is_of_no_interest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_audio(tmp_path / "a.flac", tone(0.1))

    class Stubborn(soundfile.SoundFile):  # type: ignore[misc]
        def close(self) -> None:
            super().close()
            raise soundfile.LibsndfileError(-1)

        def __del__(self) -> None:
            pass

    monkeypatch.setattr(soundfile, "SoundFile", Stubborn)
    assert decode(path).samples.size


def test_weights_in_a_folder_that_may_not_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    model = Model("net", "test", "A test.", (ModelFile("one.bin"),), "MIT", "yes", "You may.")
    (tmp_path / "source").mkdir()
    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(StoreError, match="Could not read"):
        pull(model, Store(tmp_path / "models"), sources=Sources(tmp_path / "source"))


def test_the_licence_of_weights_whose_pull_was_killed_at_its_end_is_noted_by_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "one.bin").write_bytes(b"one")
    file = ModelFile("one.bin", (), hashlib.sha256(b"one").hexdigest(), 3)
    for use, accepted, noted in (("yes", False, True), ("no", False, False), ("no", True, True)):
        model = Model(f"net {use} {accepted}", "test", "A test.", (file,), "A licence", use, "Look.")  # type: ignore[arg-type]
        store = Store(tmp_path / "models")
        store.home(model).mkdir(parents=True)
        (store.home(model) / "one.bin").write_bytes(b"one")  # it was killed before it had written its record
        pulled = pull(model, store, accept_licence=accepted, sources=Sources(tmp_path / "source"))
        assert pulled.fetched == ()
        assert store.record(model).licence == ("A licence" if noted else None)


def test_a_report_that_was_cut_short_at_once_is_made_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, library, make = tmp_path / "report", tmp_path / "library", Path.mkdir
    (root / "assets").mkdir(parents=True)
    with pytest.raises(UsageError):  # somebody's own folder of that name
        Folder.claimed(root, library)
    (root / "assets").rmdir()
    (root / f".x{TEMPORARY_SUFFIX}").write_text("half")

    def refuse(self: Path, *arguments: object, **more: object) -> None:
        if self.name == "tracks":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        make(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StoreError):
        Folder.claimed(root, library)
    monkeypatch.undo()
    Folder.claimed(root, library).conclude()
    assert sorted(path.name for path in root.iterdir()) == ["assets", "sda-report.json", "tracks"]


def test_what_a_killed_first_run_left_beside_the_settings_goes(tmp_path: Path) -> None:
    file = write_settings(tmp_path / "config.toml")
    (tmp_path / f".x{TEMPORARY_SUFFIX}").write_text("half")
    tidy(file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.schema.json", "config.toml"]
    tidy(tmp_path / "gone" / "config.toml")


def test_what_a_killed_demo_left_goes(tmp_path: Path) -> None:
    write_library(tmp_path, pieces=[tiny()])
    before = sorted(tmp_path.iterdir())
    (tmp_path / f".x{TEMPORARY_SUFFIX}").write_text("half")
    write_library(tmp_path, pieces=[tiny()])
    assert sorted(tmp_path.iterdir()) == before
