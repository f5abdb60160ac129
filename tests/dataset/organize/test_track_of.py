"""Which track a recording's own name leads to: what is known without a look at the whole library."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from small_dataset_audio.dataset.organize import assign, find_audio, organize, track_name, track_of
from support.dataset_faults import failing
from support.dataset_library import recording


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def _organize_all(source: Path, library: Path) -> None:
    for incoming in assign(find_audio(source), library):
        organize(incoming)


def _held(source: Path, library: Path) -> dict[str, str | None]:
    """Return path in the source -> the track that its own name leads to."""
    found = {path: track_of(str(path), library) for path in find_audio(source)}
    return {str(path.relative_to(source)): None if track is None else track.name for path, track in found.items()}


def test_a_look_knows_what_the_whole_library_says(source: Path, library: Path) -> None:
    for name, frequency in (("a.wav", 440), ("b: c.wav", 550), ("deep/a.wav", 660), (".. d.mp3.wav", 770)):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        recording(source / name, frequency=frequency)
    assert _held(source, library) == dict.fromkeys(("a.wav", "b: c.wav", "deep/a.wav", ".. d.mp3.wav"), None)
    _organize_all(source, library)
    held = _held(source, library)
    # Two recordings have the same name: the second one's track has a number, and it takes more than a look.
    third = track_name(str(source / ".. d.mp3.wav"))
    assert held == {"a.wav": "a", "b: c.wav": "b_ c", "deep/a.wav": None, ".. d.mp3.wav": third}
    every = {str(one.source.relative_to(source)): one for one in assign(find_audio(source), library)}
    assert {one.state for one in every.values()} == {"present"}
    assert {name: one.track.name for name, one in every.items()} == {**held, "deep/a.wav": "a (2)"}


def test_a_look_knows_nothing_of_what_changed(source: Path, library: Path, tmp_path: Path) -> None:
    for number, name in enumerate("abcdefgh"):
        recording(source / f"{name}.wav", frequency=100 + 50 * number)
    _organize_all(source, library)
    assert _held(source, library) == {f"{name}.wav": name for name in "abcdefgh"}
    os.utime(source / "a.wav", (1, 1))
    (library / "b" / "full_mix.wav").unlink()
    (library / "c" / "c.INFO").write_text("{")
    (library / "d" / "d.INFO").unlink()
    (library / "e" / "e.INFO").rename(library / "e" / "E.INFO")
    (library / "f").rename(tmp_path / "f")
    (library / "f").symlink_to(tmp_path / "f")
    (source / "g.wav").rename(source / "G.wav")
    assert _held(source, library) == {
        **dict.fromkeys(("G.wav", *(f"{name}.wav" for name in "abcdef")), None),
        "h.wav": "h",
    }
    assert track_of(str(source / "none.wav"), library) is None
    shutil.copytree(library / "h", library / "none")
    assert track_of(str(source / "none.wav"), library) is None


def test_a_look_at_a_folder_that_cannot_be_read_says_nothing(source: Path, library: Path) -> None:
    recording(source / "a.wav", frequency=440)
    _organize_all(source, library)
    with failing(1, errno.EACCES, name="scandir"):
        assert track_of(str(source / "a.wav"), library) is None


def test_what_repeats_a_recording_that_is_known_is_a_duplicate_of_it(source: Path, library: Path) -> None:
    recording(source / "a.wav", frequency=440)
    _organize_all(source, library)
    shutil.copyfile(source / "a.wav", source / "b.wav")
    shutil.copyfile(source / "a.wav", source / "c.wav")
    every = assign(find_audio(source), library)
    strangers = [source / "b.wav", source / "c.wav"]
    assert assign(strangers, library, held={"a": str(source / "a.wav")}) == every[1:]
    assert [(one.state, one.duplicate_of, one.track.name) for one in every[1:]] == [
        ("duplicate", source / "a.wav", "a"),
    ] * 2
    # Without it, the first of them is where the recording is now.
    assert [one.state for one in assign(strangers, library)] == ["present", "duplicate"]
