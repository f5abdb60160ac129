"""The library of a stranger is handed on: to a trainer, to a reader of pages, to a terminal. And a cache that a stranger filled."""

import io
import json
import os
import resource
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from small_dataset_audio.dataset.export.exporting import FormatName, export
from small_dataset_audio.dataset.heard.recording import hear
from small_dataset_audio.dataset.heard.store import FOLDER, VERSION, Kept
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.metadata.sources.memory import LARGEST, Memory
from small_dataset_audio.dataset.metadata.sources.question import Question, Trouble
from small_dataset_audio.dataset.metadata.sources.web import Manners, Web
from small_dataset_audio.dataset.report.write import write_report
from small_dataset_audio.errors import UsageError
from small_dataset_audio.features.catalog import declared
from support.dataset_library import tree
from support.export_library import add_track, request
from support.http_server import plain, serving
from support.signals import noise, write_audio
from support.terminals import at_terminal

FORMATS: Final[tuple[FormatName, ...]] = ("stable-audio", "audiofolder", "webdataset")
KEYS: Final = (
    "../../etc/x",
    "/etc/x",
    "..",
    "",
    "file_name",
    "audio",
    "__proto__",
    "=1+1",
    "<script>x</script>",
    "a\nb",
    "con:aux",
)
"""Names of values that could be taken for files, columns, formulas, or markup."""
TITLES: Final = (
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    'tape\n{"file_name": "../x"}',
    "tape\r\nb",
    'a","b',
    "\u2028",
    "../../etc/x",
)
ESCAPES: Final = "tape \x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp"


def hand_on(form: FormatName, library: Path, output: Path, **changed: Any) -> None:  # noqa: ANN401 - any field
    export(request(form, library, output, share=0.0, of="tracks", **changed), declared(), lambda _said: None)


def told(form: FormatName, output: Path) -> Iterator[dict[str, Any]]:
    """Yield what an export says of each of its recordings."""
    if form == "audiofolder":
        for line in (output / "train" / "metadata.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield {**row, **json.loads(row["other_values"])}
    elif form == "stable-audio":
        for path in sorted((output / "train").glob("*.json")):
            yield json.loads(path.read_text(encoding="utf-8"))["values"]
    else:
        with tarfile.open(output / "train-000000.tar") as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    content = tar.extractfile(member)
                    assert content is not None
                    yield json.load(content)


@pytest.mark.parametrize("form", FORMATS)
def test_no_name_of_a_value_leads_out_of_an_export(tmp_path: Path, form: FormatName) -> None:
    track = add_track(tmp_path / "library", "Song", 1)
    safe_update(track.info, {name: f"value of {name}" for name in KEYS})
    before = tree(tmp_path / "library")
    hand_on(form, tmp_path / "library", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"library", "out"}
    assert tree(tmp_path / "library") == before
    [row] = told(form, tmp_path / "out")
    clashes = {"file_name", "audio"} if form == "webdataset" else set()
    for name in set(KEYS) - clashes:
        if form != "audiofolder" or name != "file_name":
            assert row[name] == f"value of {name}"
    assert (tmp_path / "out" / "train" / str(row.get("file_name", "x"))).parent == tmp_path / "out" / "train"


@pytest.mark.parametrize("form", FORMATS)
def test_texts_stay_texts_in_every_export(tmp_path: Path, form: FormatName) -> None:
    for number, title in enumerate(TITLES):
        track = add_track(tmp_path / "library", f"Song {number}", number)
        safe_update(track.info, {"title": title})
    hand_on(form, tmp_path / "library", tmp_path / "out", template="{title}")
    rows = list(told(form, tmp_path / "out"))
    assert len(rows) == len(TITLES)
    assert {row["title"] for row in rows} == set(TITLES)


def linked(tmp_path: Path) -> tuple[Path, Path]:
    """Return a library full of links, and the folder outside it that they lead to."""
    outside, library = tmp_path / "outside", tmp_path / "library"
    add_track(outside, "Private", 1)
    (outside / "secret.txt").write_text("secret", encoding="utf-8")
    track = add_track(library, "Song", 2)
    (library / "Linked").symlink_to(outside / "Private", target_is_directory=True)
    (track.folder / "crops").symlink_to(outside, target_is_directory=True)
    (track.folder / "bass.wav").symlink_to(outside / "secret.txt")
    (track.folder / "Song.BEATS_GRID").symlink_to(outside / "secret.txt")
    return library, outside


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_takes_nothing_through_links_and_holds_none(tmp_path: Path, form: FormatName) -> None:
    library, outside = linked(tmp_path)
    before = tree(outside)
    hand_on(form, library, tmp_path / "out")
    assert tree(outside) == before
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))
    assert len(list(told(form, tmp_path / "out"))) == 1
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"secret" not in path.read_bytes()


def test_a_report_shows_nothing_from_behind_links_of_folders_and_holds_none(tmp_path: Path) -> None:
    library, outside = linked(tmp_path)
    (library / "Song" / "crops").unlink()  # which ends in a problem of that track
    before = tree(outside)
    made = write_report(library, tmp_path / "report", declared(), copy_audio=True)
    assert tree(outside) == before
    assert made.tracks == 1
    for path in (tmp_path / "report").rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or (b"secret" not in path.read_bytes().replace(b"secret.txt", b""))


def test_a_report_is_not_written_through_a_link_and_removes_nothing_behind_one(tmp_path: Path) -> None:
    add_track(tmp_path / "library", "Song", 1)
    write_report(tmp_path / "library", tmp_path / "report", declared())
    dear = tmp_path / "outside" / "dear.txt"
    dear.parent.mkdir()
    dear.write_text("mine", encoding="utf-8")
    mark = tmp_path / "report" / "sda-report.json"
    document = json.loads(mark.read_text(encoding="utf-8"))
    names = ["../outside/dear.txt", str(dear), "deep/dear.txt", "tracks/../../outside/dear.txt", "", "..", 5]
    mark.write_text(json.dumps({**document, "files": [*document["files"], *names]}), encoding="utf-8")
    (tmp_path / "report" / "deep").symlink_to(dear.parent, target_is_directory=True)
    write_report(tmp_path / "library", tmp_path / "report", declared())
    assert dear.exists()
    assert mark.exists()
    (tmp_path / "report" / "tracks").rename(tmp_path / "elsewhere")
    (tmp_path / "report" / "tracks").symlink_to(dear.parent, target_is_directory=True)
    with pytest.raises(UsageError, match="Nothing was written"):
        write_report(tmp_path / "library", tmp_path / "report", declared())
    assert [path.name for path in dear.parent.iterdir()] == ["dear.txt"]


@pytest.mark.process
def test_no_command_lets_a_title_command_the_terminal(tmp_path: Path) -> None:
    for number, name in enumerate((ESCAPES, f"other {ESCAPES}")):
        folder = tmp_path / "library" / name
        folder.mkdir(parents=True)
        write_audio(folder / "full_mix.wav", noise(0.3, 8000, seed=1), 8000)
        Track(folder).info.write_text(json.dumps({"bpm": 99 + number, ESCAPES: 1, "artists": [ESCAPES]}))
    for words in (["lint", "library"], ["stats", "library"], ["export", "audiofolder", "library", "--output", "out"],
                  ["report", "library", "--no-checks"], ["metadata", "library", "--dry-run"], ["history", "library"]):  # fmt: skip
        seen = at_terminal(*words, cwd=tmp_path)
        assert "Traceback" not in seen.text, words
        for command in ("\x1b]0;owned", "\x1b[2J", "\x9b31m", "\u202e"):
            assert command not in seen.raw, words


def crafted(kind: str, marker: Path) -> bytes:
    """Return what could lie in the cache in the place of what was heard."""
    array = io.BytesIO()
    if kind == "claims 10 GB":
        header = {"descr": "<f4", "fortran_order": False, "shape": (5 << 29,)}
        np.lib.format.write_array_header_1_0(array, header)
        array.write(b"\0" * 8)
    elif kind == "runs something":
        np.lib.format.write_array(array, np.array([_Touches(marker)], dtype=object), allow_pickle=True)
    else:
        array.write(b"\0" * (40 << 20))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("facts.npy", "peaks.npy", "print.npy"):
            archive.writestr(name, array.getvalue())
    return file.getvalue()


class _Touches:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


@pytest.mark.parametrize("kind", ["claims 10 GB", "runs something", "unpacks to gigabytes"])
def test_a_crafted_file_in_the_cache_is_as_if_it_were_not_there(tmp_path: Path, kind: str) -> None:
    place = tmp_path / FOLDER / str(VERSION) / "ab.npz"
    place.parent.mkdir(parents=True)
    place.write_bytes(crafted(kind, tmp_path / "ran"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = Kept(tmp_path)
    assert kept.heard("ab") is None
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 200 << 10
    assert not (tmp_path / "ran").exists()
    heard = hear(write_audio(tmp_path / "a.wav", noise(0.3, 8000), 8000))
    kept.keep("ab", heard)
    found = kept.heard("ab")
    assert found is not None
    assert found.sound_sha256 == heard.sound_sha256


def test_a_pipe_or_a_giant_in_the_cache_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER / str(VERSION)
    folder.mkdir(parents=True)
    os.mkfifo(folder / "ab.npz")
    os.mkfifo(folder / "ab.json")
    with (folder / "cd.npz").open("wb") as file:
        file.truncate(1 << 40)
    kept = Kept(tmp_path)
    assert kept.heard("ab") is None
    assert kept.residual("ab") is None
    assert kept.heard("cd") is None


def test_an_answer_of_a_service_that_is_huge_or_deep_is_trouble_and_not_kept(tmp_path: Path) -> None:
    huge = b'{"a": "' + b"x" * (LARGEST + 10) + b'"}'
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with serving() as site:
        web = Web("Somewhere", tmp_path, 0.0, Manners(patience=5.0, pause=0.0))
        for content in (huge, deep):
            address = site.put("/page", plain(content, "Content-Type", "application/json"))
            with pytest.raises(Trouble):
                web.ask(Question(address))
    assert not list(tmp_path.rglob("*.json"))


def test_a_giant_in_the_place_of_a_remembered_answer_is_none(tmp_path: Path) -> None:
    memory, question = Memory(tmp_path), {"a": 1}
    memory.keep(question, {"b": 2})
    [file] = tmp_path.rglob("*.json")
    with file.open("wb") as giant:
        giant.truncate(1 << 40)
    assert memory.recall(question) is None


def test_what_a_tag_calls_itself_is_a_value_and_no_place(tmp_path: Path) -> None:
    track = add_track(tmp_path / "library", "Song", 1)
    safe_update(track.info, {"title": "../../etc/x", "album": "/etc/x", "artists": ["..", "."]})
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    write_report(tmp_path / "library", tmp_path / "report", declared(), copy_audio=True)
    after = sorted(str(path) for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "report"))
    assert after == before
    assert read_info(track.info)["title"] == "../../etc/x"
