"""A stand-in for llama-server, started, watched and ended as the real one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from small_dataset_audio.errors import EnvironmentFault, ModelError, StoreError
from small_dataset_audio.models.captioning import keeper, server
from small_dataset_audio.models.captioning.chat import Chat
from small_dataset_audio.models.captioning.server import Launch, LlamaServer, found_program
from support import caption_server

PATIENCE = 30.0
Manners = Callable[..., None]


@pytest.fixture
def manners(monkeypatch: pytest.MonkeyPatch) -> Manners:
    return lambda **said: monkeypatch.setenv("FAKE_LLAMA", json.dumps(said))


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    program = caption_server.program(tmp_path)
    return Launch(
        str(program), tmp_path / "model.gguf", tmp_path / "mmproj.gguf", tmp_path / "reports" / "log", patience=PATIENCE
    )


def process_of(answer: str) -> psutil.Process:
    return psutil.Process(int(answer.rstrip(".").rsplit(" ", 1)[1]))


def gone(process: psutil.Process) -> bool:
    return not psutil.wait_procs([process], timeout=PATIENCE)[1]


def test_a_server_is_started_asked_and_ended(launch: Launch, manners: Manners) -> None:
    manners(loading=2)
    running = LlamaServer(launch)
    answer = Chat(running.address).ask("What is it?", None, 8).text
    assert answer.startswith("You asked: What is it?")
    process = process_of(answer)
    running.close()
    assert gone(process)
    running.close()
    assert "model.gguf" in launch.log.read_text()


def test_it_is_started_for_the_device(launch: Launch) -> None:
    assert "--no-mmproj-offload" in launch.command(1)
    cuda = Launch(launch.program, launch.model, launch.projector, launch.log, "cuda:0").command(1)
    assert cuda[cuda.index("--n-gpu-layers") + 1] == "999"
    assert cuda[cuda.index("--host") + 1] == "127.0.0.1"


def test_it_is_started_again_once(
    launch: Launch, manners: Manners, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manners(die=str(tmp_path / "died"))
    running = LlamaServer(launch)
    with pytest.raises(ModelError, match="not there") as lost:
        Chat(running.address).ask("What is it?", None, 8)
    running.restart(lost.value)
    assert Chat(running.address).ask("What is it?", None, 8).text.startswith("You asked")
    assert "SIGABRT" in caplog.messages[0]
    assert "GGML_ASSERT failed" in caplog.messages[0]
    with pytest.raises(ModelError, match="ended twice") as caught:
        running.restart(lost.value)
    assert "model.gguf" in caught.value.why


def test_one_that_ends_while_loading_says_what_it_said_last(launch: Launch, manners: Manners) -> None:
    manners(exit=1)
    with pytest.raises(ModelError, match="ended while it was loading") as caught:
        LlamaServer(launch)
    assert "out of memory" in caught.value.why
    assert str(launch.log) in caught.value.fix


def test_one_that_never_gets_ready_is_given_up_and_ended(launch: Launch, manners: Manners) -> None:
    manners(loading=1_000_000)
    impatient = Launch(launch.program, launch.model, launch.projector, launch.log, patience=1.0)
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(ModelError, match="did not get ready"):
        LlamaServer(impatient)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_model_that_cannot_hear_is_refused(launch: Launch, manners: Manners) -> None:
    manners(deaf=True)
    with pytest.raises(ModelError, match="cannot hear"):
        LlamaServer(launch)


def test_a_program_that_is_not_there_and_a_log_that_cannot_be_written(launch: Launch, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="is not there") as caught:
        found_program("no-such-llama-server")
    assert "brew install" in caught.value.fix
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        LlamaServer(Launch(launch.program, launch.model, launch.projector, tmp_path / "file" / "log"))


def test_it_does_not_outlive_a_process_that_is_killed(launch: Launch) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from small_dataset_audio.models.captioning.chat import Chat\n"
        "from small_dataset_audio.models.captioning.server import Launch, LlamaServer\n"
        f"running = LlamaServer(Launch({launch.program!r}, Path('m'), Path('p'), Path({str(launch.log)!r})))\n"
        "print(Chat(running.address).ask('What?', None, 8).text, flush=True); time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        mine = process_of(process.stdout.readline().strip())
        process.kill()
    assert gone(mine)


def test_the_keeper_ends_what_does_not_want_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.2)
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        stubborn = (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
        )
        before = signal.getsignal(signal.SIGINT)
        os.close(write)
        try:
            status = keeper.keep([sys.executable, "-c", stubborn])
        finally:
            signal.signal(signal.SIGINT, before)
    assert status in {-signal.SIGKILL, -signal.SIGTERM}  # it may be ended before it says that it does not want to


def test_the_keeper_hands_the_exit_status_on() -> None:
    command = [sys.executable, keeper.__file__, sys.executable, "-c", "raise SystemExit(7)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as kept:
        assert kept.wait(PATIENCE) == 7
    command[2:] = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as kept:
        assert kept.wait(PATIENCE) == keeper.SIGNALLED + signal.SIGKILL


def test_a_log_that_is_gone_tells_nothing(launch: Launch) -> None:
    lost = ModelError("It is lost.", "This is why it was lost.", "None.")
    running = LlamaServer(launch)
    running.restart(lost)
    launch.log.unlink()
    with pytest.raises(ModelError, match="ended twice") as caught:
        running.restart(lost)
    assert caught.value.why == lost.why


def test_of_what_it_said_the_errors_are_told() -> None:
    said = b"0.00.001.002 I srv: loading\n0.00.001.003 E srv: no  memory\n0.00.001.004 I srv: cleaning up\n"
    assert server._last_lines(said) == "srv: no memory"
    assert server._last_lines(b"one\n\n two\nthree\nfour\n") == "two / three / four"
    assert server._last_lines(b"") == ""


def test_a_signal_that_ended_it_is_told() -> None:
    assert server._ending(0) == server._ending(1) == []
    assert server._ending(128 + signal.SIGABRT) == ["The signal SIGABRT ended it."]
    assert "memory" in server._ending(128 + signal.SIGKILL)[0]
    assert server._ending(255) == ["The signal 127 ended it."]


def test_its_environment_holds_a_key_and_the_one_device(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_API_KEY", "another")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-3")
    monkeypatch.delenv("HIP_VISIBLE_DEVICES", raising=False)
    assert launch.environment("secret")["LLAMA_API_KEY"] == "secret"
    assert launch.environment("secret")["CUDA_VISIBLE_DEVICES"] == "2,GPU-3"
    second = replace(launch, device="cuda:1").environment("secret")
    assert (second["CUDA_VISIBLE_DEVICES"], second["HIP_VISIBLE_DEVICES"]) == ("GPU-3", "1")
    assert replace(launch, device="mps").environment("secret")["LLAMA_ARG_CACHE_RAM"] == "0"
    assert "secret" not in launch.command(1)


def test_one_without_an_accelerator_is_told_where_one_was_chosen(
    launch: Launch, manners: Manners, caplog: pytest.LogCaptureFixture
) -> None:
    manners(says="warning: no usable GPU found, --gpu-layers option will be ignored")
    for device in ("cpu", "cuda:0"):
        LlamaServer(replace(launch, device=device)).close()
    [told] = caplog.messages
    assert "cuda:0" in told
