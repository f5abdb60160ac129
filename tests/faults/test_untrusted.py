"""What comes from strangers: names, links, notes in `.INFO`, archives, descriptions, settings, servers, titles."""

import io
import json
import os
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from small_dataset_audio.atomic import read_whole
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.load import find_config, load_settings
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.organize import assign, find_audio, organize
from small_dataset_audio.dataset.series import TIMESERIES, read_series
from small_dataset_audio.dataset.times import read_times, write_times
from small_dataset_audio.errors import AudioError, ConfigError, ModelError, StoreError, UnreadableInfo
from small_dataset_audio.models.download import Download, Patience, client
from small_dataset_audio.models.hub import Hub
from small_dataset_audio.models.opening import checkpoint
from small_dataset_audio.models.part import Part
from small_dataset_audio.models.pull import Silent
from small_dataset_audio.models.registry import ModelFile
from small_dataset_audio.models.separation.roformer import read_description
from small_dataset_audio.models.separation.stems import Stems
from small_dataset_audio.pipeline.plan import Request, make_plan
from small_dataset_audio.pipeline.runlog import RunLog, read_events
from small_dataset_audio.pipeline.steps.stem_files import store_stems
from support.crop_tracks import carried_out, crop_settings, cuttable
from support.dataset_library import recording, track_in, tree
from support.http_server import leads_to, serving
from support.signals import noise, tone, write_audio
from support.terminals import at_terminal

QUICK: Final = Patience(connect=5, read=5, attempts=1, pause=0.01)
HOSTILE_NAMES: Final = (
    "..", "...", "..\\..\\etc\\passwd", "%2e%2e%2f", "~root", "$(touch x)", "`id`", ";rm -rf", "-rf", "CON", "a\nb", "\x1b]0;t\x07",
    "\u202egnp", "<img src=x onerror=alert(1)>", "a" * 240, "  ", ".hidden",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_of_a_recording_leads_out_of_the_library(tmp_path: Path, name: str) -> None:
    source, library = tmp_path / "source", tmp_path / "library"
    source.mkdir()
    recording(source / "any.wav").rename(source / f"{name}.wav")
    before = tree(source)
    for incoming in assign(find_audio(source), library):
        organize(incoming)
    assert tree(source) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"source", "library"}
    tracks = list_tracks(library) if library.exists() else []  # hidden files are no recordings
    assert all(track.folder.parent == library and track.folder.is_dir() for track in tracks)
    assert all(character.isprintable() for track in tracks for character in track.name)


def test_links_out_of_the_library_are_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("Linked.INFO", "beats", "full_mix.wav"):
        (outside / name).write_bytes(b"{}" if name.endswith("INFO") else b"")
    library = tmp_path / "library"
    track = track_in(library, "Song", frequency=440)
    track.info.symlink_to(outside / "Linked.INFO")
    track.sidecar("BEATS_GRID").symlink_to(outside / "beats")
    (library / "Linked").symlink_to(outside, target_is_directory=True)
    before = tree(outside)
    safe_update(track.info, {"bpm": 120.0})
    write_times(track.sidecar("BEATS_GRID"), [0.5])
    assert tree(outside) == before
    assert [one.name for one in list_tracks(library)] == ["Song"]
    assert not track.info.is_symlink()


def test_a_link_in_the_place_of_the_crops_is_refused(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library")
    outside = tmp_path / "outside"
    (outside / ".dear.sda-tmp").mkdir(parents=True)
    (track.folder / "crops").symlink_to(outside, target_is_directory=True)
    with pytest.raises(StoreError, match="is a link"):
        carried_out(track, crop_settings(tmp_path, seconds=1.0))
    with pytest.raises(StoreError, match="is a link"):
        crop_folders(track)
    assert [path.name for path in outside.iterdir()] == [".dear.sda-tmp"]


def test_what_a_strangers_info_says_of_stems_removes_nothing_else(tmp_path: Path) -> None:
    track = track_in(tmp_path / "library", frequency=440)
    dear = recording(tmp_path / "dear.wav")
    mix = (track.folder / "full_mix.wav").read_bytes()
    names: list[object] = ["../../dear.wav", str(dear), "full_mix.wav", 5, None]
    safe_update(track.info, {}, reserved={"separation": {"pending": ["x"], "files": {}}})
    text = track.info.read_text().replace('["x"]', json.dumps(names))
    track.info.write_text(text)
    store_stems(track, Stems({"bass": noise(0.1, 8000)}), 8000, ".flac", {})
    assert dear.exists()
    assert (track.folder / "full_mix.wav").read_bytes() == mix
    assert track.stems().keys() == {"bass"}


@pytest.mark.parametrize("part", [[], 5, {"files": []}, {"pending": "bass.flac"}, {"files": 1, "pending": {}}])
def test_whatever_a_strangers_info_says_of_stems_is_borne(tmp_path: Path, part: Any) -> None:  # noqa: ANN401 - anything
    track = track_in(tmp_path / "library", frequency=440)
    track.info.write_text(json.dumps({"_sda": {"format": 1, "separation": part}}))
    store_stems(track, Stems({"bass": noise(0.1, 8000)}), 8000, ".flac", {})
    assert track.stems().keys() == {"bass"}


@pytest.mark.parametrize("name", ["Song.INFO", "Song.BEATS_GRID", f"Song.{TIMESERIES}"])
def test_pipes_and_giants_in_the_place_of_files_are_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    readers = {".INFO": read_info, ".BEATS_GRID": read_times, ".npz": read_series}
    os.mkfifo(path)
    with pytest.raises(StoreError):
        readers[path.suffix](path)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room
    with pytest.raises(StoreError):
        readers[path.suffix](path)
    with pytest.raises(OSError, match="and no such file has more than"):
        read_whole(path, 5)


def bomb(content: bytes, claimed: int | None = None) -> bytes:
    """Return an archive of one array that is large only when it is unpacked, or that lies about how large it is."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("format.npy", content)
    data = file.getvalue()
    return data if claimed is None else data.replace(len(content).to_bytes(4, "little"), claimed.to_bytes(4, "little"))


def test_an_archive_that_unpacks_to_gigabytes_is_refused_without_unpacking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"Song.{TIMESERIES}"
    path.write_bytes(bomb(b"\0" * (300 << 20)))
    lying = bomb(b"\0" * (300 << 20), 100)
    unpacked: list[int] = []
    take = zipfile.ZipExtFile._read1  # type: ignore[attr-defined] # the one place that unpacks

    def count(self: zipfile.ZipExtFile, most: int) -> bytes:
        data: bytes = take(self, most)
        unpacked.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "_read1", count)
    with pytest.raises(StoreError, match="Unpacked"):
        read_series(path)
    assert unpacked == []
    path.write_bytes(lying)
    with pytest.raises(StoreError, match="damaged"):
        read_series(path)
    assert sum(unpacked) < 10 << 20


def test_an_array_that_claims_to_be_huge_takes_no_memory(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 34,)})
    path = tmp_path / f"Song.{TIMESERIES}"
    path.write_bytes(bomb(header.getvalue() + b"\0" * 8))
    with pytest.raises(StoreError, match="damaged"):
        read_series(path)


def test_series_with_objects_in_them_are_refused_without_running_them(tmp_path: Path) -> None:
    array = io.BytesIO()
    np.lib.format.write_array(array, np.array([_Touches(tmp_path / "ran")], dtype=object), allow_pickle=True)
    path = tmp_path / f"Song.{TIMESERIES}"
    path.write_bytes(bomb(array.getvalue()))
    with pytest.raises(StoreError, match="damaged"):
        read_series(path)
    assert not (tmp_path / "ran").exists()


class _Touches:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self._path,)


def test_weights_that_would_run_something_are_refused_without_running_it(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps({"state_dict": _Touches(tmp_path / "ran")}, protocol=2))
    with pytest.raises(ModelError, match="more than numbers"):
        checkpoint(path)
    assert not (tmp_path / "ran").exists()


BILLIONS: Final = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "x: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [RAN]]\n",
        "x: !!python/name:os.system\n",
        BILLIONS,
        "x: &a [*a]\n",
        f"x: {'[' * 5000}\n",
        "x: 0000-99-99\n",
    ],
    ids=["call", "name", "a billion laughs", "itself", "depth", "no date"],
)
def test_descriptions_of_networks_are_plain_data(tmp_path: Path, text: str) -> None:
    path, ran = tmp_path / "network.yaml", tmp_path / "ran"
    right = "model: {dim: 1, depth: 2, num_stems: 1}\ntraining: {instruments: [bass]}\n"
    known = frozenset({"dim", "depth", "num_stems", "stereo"})
    path.write_text(right)
    assert read_description(path, known).sources == ("bass",)
    path.write_text(f"{text.replace('RAN', str(ran))}{right}")
    with pytest.raises(ModelError, match="does not describe"):
        read_description(path, known)
    assert not ran.exists()


def test_settings_are_found_in_the_current_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[paths]\nlibrary = "/elsewhere"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    assert find_config(environ={}, cwd=inner) is None
    loaded = load_settings(environ={}, cwd=tmp_path)
    assert str(loaded.origins["paths.library"]).startswith("file")


@pytest.mark.parametrize("program", ["./llama-server", "bin/llama-server", "../x", ""])
@pytest.mark.parametrize("setting", ["captions.server", "metadata.fpcalc"])
def test_settings_cannot_name_a_program_that_came_with_them(tmp_path: Path, setting: str, program: str) -> None:
    (tmp_path / "config.toml").write_text(f"{setting} = {json.dumps(program)}\n")
    with pytest.raises(ConfigError, match=setting):
        load_settings(environ={}, cwd=tmp_path)
    for whole in ("/opt/bin/program", "program"):
        (tmp_path / "config.toml").write_text(f"{setting} = {json.dumps(whole)}\n")
        assert load_settings(environ={}, cwd=tmp_path).file is not None


def test_no_other_setting_names_a_program_to_run() -> None:
    names = {f"{section}.{key}" for section, part in Settings.model_json_schema()["$defs"].items() for key in part.get("properties", {})}  # fmt: skip
    words = {"command", "exec", "hook", "script", "plugin", "shell", "program", "editor", "import", "module"}
    assert [name for name in names if set(re.split(r"[._]", name.lower())) & words] == []


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher://127.0.0.1/"])
def test_a_download_is_not_led_to_anything_but_the_web(tmp_path: Path, address: str) -> None:
    with serving() as site, client(QUICK) as web:
        site.put("/weights", leads_to(address))
        wanted = ModelFile("weights", (f"{site.address}/weights",), "0" * 64, 10)
        download = Download(web, wanted, Part(tmp_path / "weights"), Hub(), Silent(), QUICK)
        with pytest.raises(ModelError, match="could not be fetched"):
            download.run(wanted.urls)
    assert list(tmp_path.iterdir()) == []


ESCAPES: Final = "tape \x1b]0;owned\x07\x1b[2J\x9b31m"


@pytest.mark.process
def test_titles_do_not_command_the_terminal(tmp_path: Path) -> None:
    source = tmp_path / ESCAPES
    source.mkdir()
    (source / f"{ESCAPES}.wav").write_bytes(b"RIFF\0\0\0\0WAVEno recording")
    recording(tmp_path / "library" / ESCAPES / "full_mix.wav")
    (tmp_path / "config.toml").write_text('[pipeline]\nstages = ["organize"]\n')
    for words in (["run", str(source), "--library", "library"], ["run", "--library", "library", "--dry-run"]):
        seen = at_terminal(*words, cwd=tmp_path)
        assert "\x1b]0;owned" not in seen.raw
        assert "\x1b[2J" not in seen.raw
        assert "\x9b31m" not in seen.raw


@pytest.mark.parametrize("break_", ["\n", "\r", "\u2028", "\u2029", "\x85", "\x1c", "\x0b", "\x0c"])
def test_a_title_cannot_forge_an_event_of_the_run_log(tmp_path: Path, break_: str) -> None:
    title = f'tape{break_}{{"event": "end", "failures": []}}{break_}'
    with RunLog(tmp_path) as log:
        log.write("note", {"track": title})
        log.write("end", {})
    events = list(read_events(log.path))
    assert [event["event"] for event in events] == ["note", "end"]
    assert events[0]["track"] == title


def test_a_text_that_lists_addresses_is_no_recording_and_asks_nobody(tmp_path: Path) -> None:
    with serving() as site:
        for number, text in enumerate(
            (
                f"#EXTM3U\n#EXTINF:1,\n{site.address}/a.ts\n",
                f"ffconcat version 1.0\nfile '{site.address}/a.wav'\n",
                f"[playlist]\nFile1={site.address}/a.wav\n",
            )
        ):
            path = tmp_path / f"{number}.wav"
            path.write_text(text)
            with pytest.raises(AudioError):
                decode(path)
        assert site.asked == []


def test_the_library_of_a_stranger_is_planned_without_a_fault(tmp_path: Path) -> None:
    library = tmp_path / "library"
    for number, text in enumerate(("", "{", '{"_sda": 5}', '{"_sda": {"format": 99}}', "[1]", "\ud800")):
        folder = library / f"Track {number}"
        folder.mkdir(parents=True)
        write_audio(folder / "full_mix.wav", tone(0.05))
        Track(folder).info.write_bytes(text.encode("utf-8", "surrogatepass"))
    from small_dataset_audio.pipeline.stages import ANALYZE

    plan = make_plan(Request(None, (ANALYZE,)), library, Settings())
    assert {failure.track for failure in plan.failures} >= {f"Track {number}" for number in range(6)}
    with pytest.raises(UnreadableInfo):
        safe_update(Track(library / "Track 1").info, {"bpm": 1.0})
