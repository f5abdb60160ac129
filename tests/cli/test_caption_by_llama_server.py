"""``sda caption`` with the real llama-server, from pulled weights to ``.INFO``: see scripts/llama-server.sh."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from small_dataset_audio.dataset.info import read_info
from support.caption_gguf import require_server, tiny_gguf
from support.processes import command, environment, sda
from support.signals import noise, tone, write_audio

pytestmark = pytest.mark.process
LIMIT_SECONDS = 120.0


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    """Return a folder with settings, pulled weights and a library of two tracks."""
    program = require_server()
    for name, samples in (("noise", noise(2.0)), ("tone", tone(2.0))):
        folder = tmp_path / "library" / name
        folder.mkdir(parents=True)
        write_audio(folder / "full_mix.wav", samples)
    captions = f'server = {json.dumps(str(program))}\nprompts = ["full", "structure"]\n'
    (tmp_path / "config.toml").write_text(
        f'[paths]\nlibrary = "library"\nmodels = "models"\nreports = "reports"\n[captions]\n{captions}'
    )
    pulled = sda("models", "pull", "music_flamingo_gguf", "--from", tiny_gguf(), "--accept-licence", cwd=tmp_path)
    assert pulled.status == 0, pulled.err
    return tmp_path


def captions_of(tapes: Path) -> dict[str, dict[str, str]]:
    infos = {name: read_info(tapes / "library" / name / f"{name}.INFO") for name in ("noise", "tone")}
    return {
        name: {key: text for key, text in info.items() if key.startswith("music_flamingo")}
        for name, info in infos.items()
    }


def test_a_library_is_described_in_the_same_words_every_time(tapes: Path) -> None:
    first = sda("caption", "--json", cwd=tapes, limit=LIMIT_SECONDS)
    assert first.status == 0, first.err
    assert first.json()["libraries"][0]["tracks"]["done"] == 2
    said = captions_of(tapes)
    assert set(said["tone"]) == {"music_flamingo_full", "music_flamingo_structure"}
    assert said["tone"] != said["noise"]
    again = sda("caption", "--force", cwd=tapes, limit=LIMIT_SECONDS)
    assert again.status == 0, again.err
    assert captions_of(tapes) == said
    assert "Q4_K_M.gguf" in (tapes / "reports" / "llama-server.log").read_text()


def test_ctrl_c_lets_it_finish_the_track_that_it_describes(tapes: Path) -> None:
    log = tapes / "reports" / "llama-server.log"
    give_up = time.monotonic() + LIMIT_SECONDS
    with subprocess.Popen(
        command("caption"), cwd=tapes, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        while "processing task" not in (log.read_text() if log.exists() else "") and time.monotonic() < give_up:
            time.sleep(0.02)
        below = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=LIMIT_SECONDS)[1]
    assert process.returncode == 130, said
    assert "went away" not in said
    assert [name for name, texts in captions_of(tapes).items() if texts] == ["noise"]
    assert not psutil.wait_procs(below, timeout=LIMIT_SECONDS)[1]
