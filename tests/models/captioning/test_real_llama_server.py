"""The real llama-server, with a tiny model of the real architecture: see scripts/llama-server.sh."""

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from small_dataset_audio.config.captions import Captions as Settings
from small_dataset_audio.errors import ModelError
from small_dataset_audio.models.captioning import server
from small_dataset_audio.models.captioning.captioner import ServerVoice
from small_dataset_audio.models.captioning.chat import Chat, Sound
from small_dataset_audio.models.captioning.listening import RATE, as_flac
from small_dataset_audio.models.captioning.server import Launch, LlamaServer
from support.caption_gguf import FILES, require_server, tiny_gguf
from support.signals import noise, tone

pytestmark = pytest.mark.process
PATIENCE = 60.0
NOISE = noise(2.0, RATE)[0]
TONE = tone(2.0, RATE)[0]
WINDOW_TOKENS = 750
"""Of 30 s of sound."""


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    return launch_of(tmp_path / "log")


def launch_of(log: Path) -> Launch:
    program = str(require_server())
    model, projector = (tiny_gguf() / name for name in FILES)
    return Launch(program, model, projector, log, patience=PATIENCE, answer_tokens=2000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """Yield a server that several tests ask."""
    one = LlamaServer(launch_of(tmp_path_factory.mktemp("reports") / "log"))
    yield one
    one.close()


def chat(asked: LlamaServer, patience: float = PATIENCE) -> Chat:
    return Chat(asked.address, key=asked.key, patience=patience, direct=True)


def usage(asked: LlamaServer, question: str, samples: NDArray[np.float32]) -> dict[str, Any]:
    """Return how many tokens a question about ``samples`` takes, as the server counts them."""
    sound = {"data": base64.b64encode(as_flac(samples)).decode(), "format": "flac"}
    content = [{"type": "input_audio", "input_audio": sound}, {"type": "text", "text": question}]
    answer = httpx2.post(
        f"{asked.address}/chat/completions",
        json={"messages": [{"role": "user", "content": content}], "max_tokens": 1, "temperature": 0},
        headers={"Authorization": f"Bearer {asked.key}"},
        timeout=PATIENCE,
    )
    return dict(answer.raise_for_status().json()["usage"])


def process_of(one: LlamaServer) -> psutil.Process:
    assert one._process is not None
    [process] = psutil.Process(one._process.pid).children()
    return process


def gone(process: psutil.Process) -> bool:
    return not psutil.wait_procs([process], timeout=PATIENCE)[1]


@contextmanager
def killed_while_asked(one: LlamaServer) -> Iterator[None]:
    """Stop the server, so that a question gets no answer, and kill it a moment later."""
    process = process_of(one)
    process.suspend()
    killing = threading.Timer(0.5, process.kill)
    killing.start()
    yield
    killing.join()


def test_the_words_depend_on_the_sound_and_are_the_same_every_time(running: LlamaServer, launch: Launch) -> None:
    sounds = [Sound(as_flac(samples)) for samples in (TONE, NOISE)]
    first, other, again = (chat(running).ask("What is it?", sounds[number], 24) for number in (0, 1, 0))
    assert first == again != other
    assert first.text.isascii()
    assert any(one.isalpha() for one in first.text)
    second = LlamaServer(launch)
    try:
        assert chat(second).ask("What is it?", sounds[1], 24) == other
        process = process_of(second)
    finally:
        second.close()
    assert gone(process)
    assert FILES[0] in launch.log.read_text()


def test_the_second_question_about_a_sound_does_not_hear_it_again(running: LlamaServer) -> None:
    usage(running, "What is it?", TONE)
    again = usage(running, "Who plays?", TONE)
    assert again["prompt_tokens_details"]["cached_tokens"] >= WINDOW_TOKENS
    other = usage(running, "Who plays?", NOISE)
    assert other["prompt_tokens_details"]["cached_tokens"] < WINDOW_TOKENS


def test_the_longest_sound_takes_twenty_windows_and_fits(running: LlamaServer) -> None:
    longest = np.zeros(round(ServerVoice.seconds * RATE), dtype=np.float32)
    short = usage(running, "What is it?", TONE)["prompt_tokens"]
    assert usage(running, "What is it?", longest)["prompt_tokens"] - short == 19 * WINDOW_TOKENS


def test_an_answer_says_whether_it_is_whole(running: LlamaServer) -> None:
    sound = Sound(as_flac(NOISE))
    short = chat(running).ask("What is it?", sound, 2)
    whole = chat(running).ask("What is it?", sound, 2000)
    assert (short.complete, whole.complete) == (False, True)
    assert whole.text.startswith(short.text)


def test_only_we_can_ask_it(running: LlamaServer) -> None:
    with pytest.raises(ModelError, match="error 401"):
        Chat(running.address, direct=True).ask("What is it?", None, 4)


def test_what_the_environment_says_of_proxies_and_keys_is_not_for_this_server(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("LLAMA_API_KEY", "another")
    voice = ServerVoice(Settings(patience=PATIENCE), LlamaServer(launch))
    try:
        assert voice.ask("What is it?", TONE, 4).text
    finally:
        voice.close()


def test_what_it_refuses_is_told_in_its_words(running: LlamaServer) -> None:
    with pytest.raises(ModelError, match="error 400") as junk:
        chat(running).ask("What is it?", Sound(b"no sound at all"), 4)
    assert junk.value.why == "It said: Failed to load image or audio file"
    with pytest.raises(ModelError, match="error 400") as long:
        chat(running).ask("What is it? " * 20_000, None, 4)
    assert "exceeds the available context size" in long.value.why
    assert "shorter question" in long.value.fix


def test_an_answer_that_takes_too_long_does_not_keep_the_next_question_waiting(running: LlamaServer) -> None:
    with pytest.raises(ModelError, match="too long"):
        chat(running, patience=0.05).ask("What is it?", Sound(as_flac(noise(29.0, RATE)[0])), 2000)
    assert chat(running).ask("What is it?", None, 4).text


def test_a_server_without_a_projector_is_found_out(launch: Launch, tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    deaf.write_text(f'#!/bin/sh\nunset LLAMA_API_KEY\nexec "{launch.program}" -m "$2" --host "$6" --port "$8"\n')
    deaf.chmod(0o755)
    with pytest.raises(ModelError, match="cannot hear"):
        LlamaServer(replace(launch, program=str(deaf)))
    port = str(server._free_port())
    endpoint = subprocess.Popen([deaf, *launch.command(0)[1:7], "--port", port], stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        until_healthy(address)
        started = time.monotonic()
        with pytest.raises(ModelError, match="error 500") as caught:
            Chat(f"{address}/v1", pause=PATIENCE, direct=True).ask("What is it?", Sound(as_flac(TONE)), 4)
        assert time.monotonic() - started < PATIENCE
        assert "--mmproj" in caught.value.fix
    finally:
        endpoint.terminate()
        endpoint.wait(PATIENCE)


def until_healthy(address: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            if httpx2.get(f"{address}/health", timeout=PATIENCE).is_success:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.05)
    pytest.fail(f"{address} did not get ready")


@pytest.mark.parametrize("spoiled", ["model", "projector"])
def test_weights_that_are_spoiled_are_told_in_its_words(launch: Launch, tmp_path: Path, spoiled: str) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes((launch.model if spoiled == "model" else launch.projector).read_bytes()[:100_000])
    launch.log.write_text("0.00.000.001 E of an earlier run\n")
    with pytest.raises(ModelError, match="ended while it was loading") as caught:
        LlamaServer(replace(launch, model=cut) if spoiled == "model" else replace(launch, projector=cut))
    assert "cut.gguf" in caught.value.why
    assert "failed to load" in caught.value.why
    assert "earlier run" not in caught.value.why


def test_it_is_started_again_once_when_it_is_killed_in_the_middle_of_an_answer(launch: Launch) -> None:
    one = LlamaServer(launch)
    voice = ServerVoice(Settings(patience=PATIENCE), one)
    try:
        first = voice.ask("What is it?", NOISE, 16)
        with killed_while_asked(one):
            assert voice.ask("What is it?", NOISE, 16) == first
        with killed_while_asked(one), pytest.raises(ModelError, match="ended twice") as caught:
            voice.ask("What is it?", NOISE, 16)
        assert "SIGKILL" in caught.value.why
    finally:
        voice.close()


def test_ctrl_c_leaves_it_to_us_when_it_ends(launch: Launch) -> None:
    code = (
        "import signal, sys; from pathlib import Path\n"
        "from small_dataset_audio.models.captioning.chat import Chat\n"
        "from small_dataset_audio.models.captioning.server import Launch, LlamaServer\n"
        "signal.signal(signal.SIGINT, lambda *_: None)\n"  # as a run does, which ends the track that it is at
        f"server = LlamaServer(Launch({launch.program!r}, Path({str(launch.model)!r}), Path({str(launch.projector)!r}), "
        f"Path({str(launch.log)!r})))\n"
        "print('started', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(Chat(server.address, key=server.key, direct=True).ask('What?', None, 8).text, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(1.0)
        answer = process.communicate("go on\n", PATIENCE)[0]
    assert answer.strip()
    assert process.returncode == 0
    assert not psutil.wait_procs(children, timeout=PATIENCE)[1]
