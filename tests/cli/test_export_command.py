"""``sda export`` as a process."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.dataset_library import tree
from support.documents import document_of, error_of
from support.export_library import add_crops, add_track, hertz
from support.processes import assert_error, sda
from support.tiny_tokenizer import tiny_vocabulary, tokenizer_store

pytestmark = pytest.mark.process


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for number, name in enumerate(("Ágætis", "Beta", "Gamma")):
        add_track(tmp_path / "library", name, number)
    (tmp_path / "config.toml").write_text('[paths]\nlibrary = "library"\n')
    return tmp_path


def test_each_format_answers_with_its_document_and_replaces_its_own_export(home: Path) -> None:
    for form in ("stable-audio", "audiofolder", "webdataset"):
        done = sda("export", form, "--output", f"out/{form}", "--json", "--validation", "0.34", cwd=home)
        assert done.status == 0, done.err
        document: dict[str, Any] = document_of("sda export", done.out)
        assert document["verified"]["files"] == document["files"] == 3
        assert document["splits"]["validation"] == {"files": 1, "songs": 1}
        assert document["output"] == str(home / "out" / form)
        assert "[1/3]" in done.err
    again = sda("export", "stable-audio", "library", "--output", "out/stable-audio", "-q", cwd=home)
    assert again.status == 0
    assert again.out.startswith("3 tracks (0.1 min) in ")
    assert "Read back and found equal: 3 files and " in again.out
    assert "on 4 numbers: bpm, bpm_is_defined, lufs, tonic" in again.out
    assert again.err == ""


def test_tokens_are_counted_where_the_tokenizer_is_installed(home: Path) -> None:
    asked = ("export", "stable-audio", "--output", "out", "--json", "--template")
    unsure = document_of("sda export", sda(*asked, "slow " * 60, cwd=home).out)["notes"]
    assert unsure[0].startswith("3 of 3 prompts may be longer than the 128 tokens")
    store = tokenizer_store(home, tiny_vocabulary())
    with (home / "config.toml").open("a") as config:
        config.write(f'models = "{store.folder}"\n[models]\nregistry = "{store.own}"\n')
    assert document_of("sda export", sda(*asked, "slow " * 60, cwd=home).out)["notes"] == []
    long = document_of("sda export", sda(*asked, "s" * 400, cwd=home).out)["notes"]
    assert long[0].startswith("3 of 3 prompts are longer than the 128 tokens")


def test_what_is_left_out_is_told_and_ends_in_a_failure(home: Path) -> None:
    (home / "library" / "Beta" / "full_mix.flac").write_text("no audio")
    done = sda("export", "audiofolder", "--output", "out", cwd=home)
    assert done.status == 1
    assert "FAILED Beta" in done.out
    assert "Fix: " in done.out
    assert "1 track or crop left out" in done.err


def test_settings_and_options_say_how(home: Path) -> None:
    (home / "config.toml").write_text('[paths]\nlibrary = "library"\n[export]\nvalidation = 0.0\nfeatures = ["lufs"]\n')
    quiet = sda("export", "stable-audio", "--output", "out", "--json", "--root", "/data/set", cwd=home)
    document = document_of("sda export", quiet.out)
    assert [one["id"] for one in document["conditioning"]["numbers"]] == ["lufs"]
    assert document["splits"]["validation"]["files"] == 0
    config = json.loads((home / "out" / "dataset_config.json").read_bytes())
    assert config["datasets"][0]["path"] == "/data/set/train"
    named = sda(
        "export", "stable-audio", "--output", "out", "--features", "bpm, lra", "--template", "{name}", cwd=home
    )  # fmt: skip
    assert_error(named)
    assert "has no lra" in named.err
    done = sda("export", "stable-audio", "--output", "out", "--features", "bpm", "--template", "{name}!", cwd=home)
    assert done.status == 0
    assert json.loads((home / "out" / "train" / "Beta.json").read_bytes())["prompt"] == "Beta!"


def test_long_lists_are_shortened_for_people(home: Path) -> None:
    for number in range(7):
        (home / "library" / f"Bad {number}").mkdir()
        (home / "library" / f"Bad {number}" / f"Bad {number}.INFO").write_text("{")
    done = sda("export", "stable-audio", "--output", "out", cwd=home)
    assert done.status == 1
    assert done.out.count("FAILED Bad") == 5
    assert "and 2 more: --json lists all" in done.out


def test_crops_or_whole_tracks(home: Path) -> None:
    from small_dataset_audio.dataset.layout import Track

    add_crops(Track(home / "library" / "Beta"), [5, 6])
    both = document_of("sda export", sda("export", "audiofolder", "--output", "a", "--json", cwd=home).out)
    assert (both["of"], both["files"], len(both["left_out"])) == ("crops", 2, 2)
    told = sda("export", "audiofolder", "--output", "a", "--crops", cwd=home)
    assert told.status == 0
    assert "LEFT OUT Gamma" in told.out
    whole = document_of("sda export", sda("export", "audiofolder", "--output", "a", "--tracks", "--json", cwd=home).out)
    assert (whole["of"], whole["files"], whole["left_out"]) == ("tracks", 3, [])
    assert hertz(5) > hertz(0)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("stable-audio",), 2),
        (("mp3", "--output", "out"), 2),
        (("audiofolder", "--output", "out", "--features", "bpm"), 2),
        (("audiofolder", "--output", "out", "--crops", "--tracks"), 2),
        (("audiofolder", "--output", "out", "--validation", "0.9"), 2),
        (("audiofolder", "empty", "--output", "out"), 1),
        (("audiofolder", "--output", "library/out"), 1),
        (("audiofolder", "--output", "mine"), 1),
    ],
)
def test_what_cannot_be_asked_for(home: Path, words: tuple[str, ...], status: int) -> None:
    (home / "empty").mkdir()
    (home / "mine").mkdir()
    (home / "mine" / "thesis.txt").write_text("mine")
    before = tree(home)
    done = sda("export", *words, "--json", cwd=home)
    assert done.status == status
    if "--output" in words:
        assert error_of(done.out)["fix"]
    assert tree(home) == before


def test_nothing_depends_on_the_locale(home: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with_utf8 = sda("export", "stable-audio", "--output", "utf8/out", cwd=home)
    assert with_utf8.status == 0, with_utf8.err
    without = sda("export", "stable-audio", "--output", "plain/out", cwd=home, env=plain)
    assert without.status == 0, without.err
    one, other = tree(home / "utf8" / "out"), tree(home / "plain" / "out")
    assert one.keys() == other.keys()
    holds_its_path = {"README.md", "sda-export.json", "dataset_config.json", "dataset_config_validation.json"}
    assert {name for name in one if one[name] != other[name]} <= holds_its_path
