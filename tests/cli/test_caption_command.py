"""``sda caption`` as a process, against a server that a test made."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from small_dataset_audio.cli.caption import CAPTION_SCHEMA
from small_dataset_audio.dataset.info import read_info
from support.caption_server import serving
from support.processes import sda
from support.signals import noise, write_audio


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        folder = tmp_path / "library" / name
        folder.mkdir(parents=True)
        write_audio(folder / "full_mix.wav", noise(0.3, seed=len(name)))
    write_audio(tmp_path / "loose.wav", noise(0.3, seed=9))
    return tmp_path


def configured(folder: Path, address: str, **captions: object) -> None:
    settings = {"backend": "endpoint", "endpoint": address, "prompts": ["full"], **captions}
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "config.toml").write_text("\n".join(["[paths]", 'library = "library"', "[captions]", *lines, ""]))


def test_a_library_is_described_once_and_recordings_elsewhere_are_shown(tapes: Path) -> None:
    with serving(lambda _: "A short noise.") as (address, asked):
        configured(tapes, address)
        first = sda("caption", "--json", cwd=tapes)
        second = sda("caption", cwd=tapes)
        again = sda("caption", "library/one", "--force", cwd=tapes)
        loose = sda("caption", "loose.wav", "--json", cwd=tapes)
        shown = sda("caption", "loose.wav", cwd=tapes)
    document: dict[str, Any] = first.json()
    Draft202012Validator(CAPTION_SCHEMA).validate(document)
    assert first.status == 0, first.err
    assert document["libraries"][0]["tracks"]["done"] == 2
    assert read_info(tapes / "library" / "one" / "one.INFO")["music_flamingo_full"] == "A short noise."
    assert "2 had nothing left to do" in second.out
    assert "1 track done" in again.out
    outside: dict[str, Any] = loose.json()
    Draft202012Validator(CAPTION_SCHEMA).validate(outside)
    assert outside["files"][0]["captions"] == {"music_flamingo_full": "A short noise."}
    assert "music_flamingo_full: A short noise." in shown.out
    assert len(asked) == 5
    assert sorted(one.name for one in tapes.glob("loose*")) == ["loose.wav"]


def test_what_fails_is_told_and_the_rest_goes_on(tapes: Path) -> None:
    (tapes / "broken.wav").write_bytes(b"RIFF")
    with serving(lambda _: "") as (address, _):
        configured(tapes, address)
        done = sda("caption", "broken.wav", "loose.wav", cwd=tapes)
    assert done.status == 1
    assert "FAILED" in done.out
    assert "broken.wav" in done.out
    assert "no music_flamingo_full: the model gave no words" in done.out


def test_what_is_missing_is_told_before_anything_is_done(tapes: Path) -> None:
    done = sda("caption", "loose.wav", "--json", cwd=tapes)
    assert done.status == 1
    assert "llama-server" in done.json()["error"]["what"]
    wrong = sda("caption", "--prompts", "haiku", cwd=tapes)
    assert wrong.status != 0
    assert "haiku" in wrong.err
