"""Everything that users point sda at by mistake, through the real command."""

import json
import os
import resource
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.processes import PATIENCE, Ended, assert_error, command, environment, sda, started, wait_until
from support.signals import clicks, noise, silence, tone, write_audio

pytestmark = pytest.mark.process

EMOJI_NAME = 'tape 🎹 "quoted" it\'s\nline two.wav'


@dataclass(frozen=True)
class Messy:
    """One run over a folder with every kind of bad and odd file."""

    ended: Ended
    source: Path
    library: Path
    before: dict[str, bytes]

    def failures(self) -> dict[str, dict[str, str]]:
        return {failure["track"]: failure for failure in self.ended.json()["failures"]}

    def info(self, name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.library / name / f"{name}.INFO").read_text())
        return loaded


def make_messy(folder: Path) -> None:
    music = 0.3 * tone(6, channels=2) + clicks(np.arange(0.25, 6, 0.5), 6, channels=2)
    write_audio(folder / "good.wav", music)
    write_audio(folder / "silence.wav", silence(5))
    write_audio(folder / "a tenth.wav", tone(0.1))
    write_audio(folder / "mono.flac", music[:1])
    write_audio(folder / "six channels.wav", noise(4, channels=6))
    write_audio(folder / "eight bit.wav", music, subtype="PCM_U8")
    write_audio(folder / "twentyfour bit.wav", music, subtype="PCM_24")
    write_audio(folder / "192k.wav", tone(3, rate=192000), 192000)
    write_audio(folder / "8k.wav", noise(4, rate=8000), 8000)
    write_audio(folder / EMOJI_NAME, 0.9 * music)
    broken = music.copy()
    broken[0, 1000] = np.nan
    broken[1, 2000] = np.inf
    write_audio(folder / "nan.wav", broken, subtype="FLOAT")
    (folder / "text.wav").write_text("This is a shopping list, not a recording.\n" * 20)
    (folder / "empty.wav").touch()
    for name in ("cut.mp3", "cut.flac"):
        write_audio(folder / name, noise(8, channels=2))
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])
    (folder / "notes.txt").write_text("not audio and not named like audio")


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Messy:
    home = tmp_path_factory.mktemp("messy")
    source = home / "tapes"
    source.mkdir()
    make_messy(source)
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    ended = sda("run", source, "--library", home / "library", "--json", cwd=home)
    return Messy(ended, source, home / "library", before)


def test_the_run_fails_as_a_whole_but_does_everything_it_can(messy: Messy) -> None:
    assert messy.ended.status == 1
    tracks = messy.ended.json()["tracks"]
    assert tracks == {"done": 10, "skipped": 0, "failed": 5, "unfinished": 0}


def test_originals_are_untouched(messy: Messy) -> None:
    assert {path.name: path.read_bytes() for path in messy.source.iterdir()} == messy.before


@pytest.mark.parametrize("name", ["text", "empty", "nan", "cut"])
def test_each_bad_file_is_named_with_why_and_fix(messy: Messy, name: str) -> None:
    failures = [failure for track, failure in messy.failures().items() if track.startswith(name)]
    assert len(failures) == (2 if name == "cut" else 1)
    for failure in failures:
        assert name in failure["what"] or name in failure["why"]
        assert all(failure[key] for key in ("stage", "what", "why", "fix"))


def test_bad_files_yield_no_numbers(messy: Messy) -> None:
    for folder in messy.library.iterdir():
        info = messy.info(folder.name) if (folder / f"{folder.name}.INFO").exists() else {}
        if folder.name.startswith(("text", "empty", "nan", "cut")):
            assert set(info) <= {"_sda"}, folder.name


@pytest.mark.parametrize(
    "name", ["good", "mono", "six channels", "eight bit", "twentyfour bit", "192k", "8k", "silence", "a tenth"]
)
def test_odd_but_sound_files_are_measured(messy: Messy, name: str) -> None:
    info = messy.info(name)
    numbers = {key: value for key, value in info.items() if isinstance(value, int | float)}
    assert all(np.isfinite(value) for value in numbers.values())
    absent = info["_sda"]["stages"]["analyze"].get("absent", {})
    assert not set(numbers) & set(absent)
    if name == "silence":
        assert "lufs" not in info
        assert "lufs" in absent
        assert info["bpm_is_defined"] == 0
    elif name == "a tenth":
        assert "lufs" in absent
        assert "bpm" in absent
    else:
        assert -40 < info["lufs"] < 0


def test_depth_and_channels_do_not_change_what_is_measured(messy: Messy) -> None:
    good, deep, shallow = messy.info("good"), messy.info("twentyfour bit"), messy.info("eight bit")
    assert deep["lufs"] == pytest.approx(good["lufs"], abs=0.01)
    assert shallow["lufs"] == pytest.approx(good["lufs"], abs=0.1)
    assert good["lufs"] - messy.info("mono")["lufs"] == pytest.approx(3.01, abs=0.02)


def test_a_name_with_emoji_quotes_and_a_newline_becomes_a_track(messy: Messy) -> None:
    [folder] = [path for path in messy.library.iterdir() if "🎹" in path.name]
    assert "\n" not in folder.name
    assert messy.info(folder.name)["_sda"]["source"]["path"].endswith(EMOJI_NAME)


def test_truncated_files_are_measured_when_the_user_says_so(messy: Messy) -> None:
    ended = sda(
        "run", messy.source, "--library", messy.library, "--allow-truncated", "--json", cwd=messy.library.parent
    )
    document = ended.json()
    assert ended.status == 1
    assert document["tracks"]["done"] == 2
    assert sum("cut short" in warning for warning in document["warnings"]) == 2
    assert document["tracks"]["skipped"] == 10


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    folder = tmp_path / "tapes"
    folder.mkdir()
    write_audio(folder / "one.wav", noise(2))
    return folder


def test_a_missing_folder(tmp_path: Path) -> None:
    ended = sda("run", tmp_path / "nowhere", cwd=tmp_path)
    assert_error(ended)
    assert "nowhere" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_audio(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("a")
    assert_error(sda("run", "papers", cwd=tmp_path))
    document = sda("run", "papers", "--json", cwd=tmp_path).json()
    assert set(document) == {"error"}
    assert set(document["error"]) == {"what", "why", "fix"}


def test_no_source_and_nothing_there_says_where_music_goes(tmp_path: Path) -> None:
    ended = sda("run", cwd=tmp_path)
    assert ended.status == 0
    assert str(tmp_path / "data" / "datasets") in ended.out


def test_a_file_where_the_library_should_be(tmp_path: Path, tapes: Path) -> None:
    (tmp_path / "library").write_text("in the way")
    assert_error(sda("run", tapes, "--library", "library", cwd=tmp_path))
    assert (tmp_path / "library").read_text() == "in the way"


def test_a_full_disk_is_an_error_and_leaves_nothing_half_written(tmp_path: Path, tapes: Path) -> None:
    write_audio(tapes / "large.wav", noise(20, channels=2))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = subprocess.run(
        command("run", tapes, "--library", tmp_path / "library", "--json"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 1
    [failure] = json.loads(done.stdout)["failures"]
    assert failure["track"] == "large"
    assert "ulimit" in failure["fix"]
    assert sorted(path.name for path in (tmp_path / "library").iterdir()) == ["one"]
    assert not list((tmp_path / "library").rglob("*.sda-tmp"))


def test_a_library_that_cannot_be_written(tmp_path: Path, tapes: Path) -> None:
    if os.geteuid() == 0:
        # Root may write everywhere except where the kernel itself refuses.
        library = Path("/proc/library")
    else:
        library = tmp_path / "locked"
        library.mkdir(mode=0o500)
    ended = sda("run", tapes, "--library", library, cwd=tmp_path)
    assert_error(ended)
    assert "library" in ended.err


def test_a_config_with_three_mistakes_names_all_three_with_their_lines(tmp_path: Path, tapes: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[general]\nverbosity = "loud"\n\n[pipeline]\nworkers = 0\nstagse = ["analyze"]\n'
    )
    ended = sda("run", tapes, cwd=tmp_path)
    assert_error(ended)
    for words in ("verbosity", "workers", "stagse", "stages", "2", "5", "6"):
        assert words in ended.err
    assert not (tmp_path / "data").exists()


def test_an_info_file_that_is_no_json_is_named_and_left_untouched(tmp_path: Path, tapes: Path) -> None:
    write_audio(tapes / "two.wav", noise(2, seed=2))
    assert sda("run", tapes, "--library", "library", cwd=tmp_path).status == 0
    info = tmp_path / "library" / "one" / "one.INFO"
    info.write_text("{ not json")
    ended = sda("run", tapes, "--library", "library", "--force", cwd=tmp_path)
    assert ended.status == 1
    assert "one.INFO" in ended.out + ended.err
    assert info.read_text() == "{ not json"
    two = json.loads((tmp_path / "library" / "two" / "two.INFO").read_text())
    assert "lufs" in two


def test_ctrl_c_finishes_what_is_in_flight_and_a_second_run_goes_on(tmp_path: Path) -> None:
    tapes = tmp_path / "tapes"
    tapes.mkdir()
    for index in range(12):
        write_audio(tapes / f"tape {index:02}.wav", noise(20, channels=2, seed=index))
    with started("run", tapes, "--library", tmp_path / "library", "--workers", "1", cwd=tmp_path) as process:
        wait_until(lambda: list((tmp_path / "library").glob("*/*.ONSETS")), "no track was measured")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    assert "not finished" in out
    assert not list((tmp_path / "library").rglob("*.sda-tmp"))
    first = {info.parent.name for info in (tmp_path / "library").glob("*/*.INFO") if '"lufs"' in info.read_text()}
    assert 0 < len(first) < 12
    ended = sda("run", tapes, "--library", tmp_path / "library", "--json", cwd=tmp_path)
    assert ended.status == 0
    tracks = ended.json()["tracks"]
    assert tracks["done"] + tracks["skipped"] == 12
    assert tracks["skipped"] in {len(first) - 1, len(first)}, "one track may have been between two stages"


def test_wrong_usage_is_status_2_in_both_languages(tmp_path: Path) -> None:
    assert_error(sda("run", "--no-such-option", cwd=tmp_path), 2)
    assert_error(sda("frobnicate", cwd=tmp_path), 2)
    ended = sda("features", "bmp", "--json", cwd=tmp_path)
    assert ended.status == 2
    assert "bpm" in ended.json()["error"]["fix"]


def test_a_device_that_is_named_and_missing_is_an_error(tmp_path: Path, tapes: Path) -> None:
    ended = sda("run", tapes, "--device", "cuda:9", cwd=tmp_path)
    assert_error(ended)
    assert "cuda:9" in ended.err
