"""A llama-server of our own: started for a run, watched, started again once, and ended with us.

What llama-server takes from the environment rather than as an argument, older ones pass over instead of refusing to start.
"""

import contextlib
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.errors import EnvironmentFault, ModelError
from small_dataset_audio.models.captioning import keeper

_LOGGER: Final = logging.getLogger(__name__)
_HOST: Final = "127.0.0.1"
_POLL_SECONDS: Final = 0.1
_PROPS_SECONDS: Final = 30.0
_LAST_LINES: Final = 3
_STAMP: Final = re.compile(r"^(\d+\.){3}\d+ ")
"""The time at the beginning of a line in llama-server's log, followed by the line's level."""
_ERROR: Final = "E "
_SHOWN: Final = 400
_SOUND_TOKENS: Final = 20 * 750
"""Ten minutes of sound: windows of 30 s, 750 tokens each."""
_QUESTION_TOKENS: Final = 4096
"""Room for the longest question, and for an answer that is to be shortened."""
_KEY_VARIABLE: Final = "LLAMA_API_KEY"
_VISIBLE: Final = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
_ENDING_SECONDS: Final = 1.0
"""How long a server whose connection broke off may take until it has ended, so that its exit status can be told."""
_NO_ACCELERATOR: Final = b"no usable GPU found"
LOAD_SECONDS: Final = 600.0
"""How long weights may take to load: several gigabytes from a slow disk."""


@dataclass(frozen=True)
class Launch:
    """How a llama-server is started.

    Attributes:
        program: its name on the PATH, or its path.
        model: the language model, GGUF.
        projector: what lets it hear, GGUF.
        log: where its output goes.
        device: ``cpu`` keeps all layers off accelerators.
        patience: seconds that it may take until it is ready.
        answer_tokens: the longest answer that it will be asked for.
    """

    program: str
    model: Path
    projector: Path
    log: Path
    device: str = "cpu"
    patience: float = LOAD_SECONDS
    answer_tokens: int = 512

    def command(self, port: int) -> list[str]:
        """Return the command line for a server at ``port`` of this machine alone."""
        return [
            found_program(self.program),
            *("-m", str(self.model), "--mmproj", str(self.projector)),
            *("--host", _HOST, "--port", str(port)),
            *("--ctx-size", str(_SOUND_TOKENS + _QUESTION_TOKENS + self.answer_tokens), "--parallel", "1"),
            *(("--n-gpu-layers", "0", "--no-mmproj-offload") if self.device == "cpu" else ("--n-gpu-layers", "999")),
        ]

    def environment(self, key: str) -> dict[str, str]:
        """Return the environment for a server that answers those who know ``key``.

        The key is not among the arguments, where every user of the machine would see it. The cache of earlier prompts, up
        to 8 GiB of memory, is off: no sound is asked about again once another one was.
        """
        given = {**os.environ, _KEY_VARIABLE: key, "LLAMA_ARG_CACHE_RAM": "0"}
        kind, _, number = self.device.partition(":")
        if kind == "cuda" and number:
            given.update({name: _one_of(given.get(name), int(number)) for name in _VISIBLE})
        return given


def found_program(program: str) -> str:
    """Return the path of llama-server.

    Raises:
        EnvironmentFault: there is no such program.
    """
    found = shutil.which(program)
    if found is None:
        raise EnvironmentFault(
            f"The program {program} is not there.",
            "It belongs to llama.cpp and runs the model that writes captions; sda does not bring it.",
            "Install llama.cpp (Homebrew: `brew install llama.cpp`; Debian: `apt install llama.cpp-tools`), name the program "
            "as captions.server, or choose another captions.backend.",
        )
    return found


class LlamaServer:
    """A running llama-server.

    Attributes:
        address: for `chat.Chat`, up to ``/v1``.
        key: what it wants to be shown. Without one, any page in a browser on this machine could ask it.
    """

    def __init__(self, launch: Launch) -> None:
        """Start it and wait until it has loaded its model.

        Raises:
            EnvironmentFault: there is no such program.
            ModelError: it ended, does not get ready, or its model cannot hear.
            StoreError: its log cannot be written.
        """
        self._launch = launch
        self._restarted = False
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self.address = ""
        self.key = secrets.token_urlsafe()
        self._start()

    def restart(self, reason: ModelError) -> None:
        """Start it again, if that was not done before.

        Raises:
            ModelError: ``reason``, when it was; or as at the start.
        """
        last = self._last_words(_ENDING_SECONDS) or reason.why
        self.close()
        if self._restarted:
            raise ModelError(
                "llama-server ended twice.",
                last,
                f"Read its log, {self._launch.log}. Often memory ran out: a smaller captions.quantisation takes less.",
            ) from reason
        self._restarted = True
        _LOGGER.warning("llama-server went away and is started again: %s", last)
        self._start()

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # the keeper sees that and ends the server
        try:
            process.wait(2 * keeper.GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> None:
        port = _free_port()
        command = self._launch.command(port)
        self._process, self._log_start = _kept(command, self._launch.environment(self.key), self._launch.log)
        root = f"http://{_HOST}:{port}"
        try:
            self._wait(root)
            _require_ears(root, self.key)
            self._warn_without_accelerator()
        except BaseException:
            self.close()
            raise
        self.address = f"{root}/v1"

    def _wait(self, root: str) -> None:
        """Return when the server says that it is ready."""
        give_up = time.monotonic() + self._launch.patience
        while time.monotonic() < give_up:
            if self._process is not None and self._process.poll() is not None:
                raise ModelError(
                    "llama-server ended while it was loading the model.",
                    self._last_words() or "It said nothing.",
                    f"Read its log, {self._launch.log}. Often memory ran out: a smaller captions.quantisation takes less.",
                )
            if _healthy(root):
                return
            time.sleep(_POLL_SECONDS)
        raise ModelError(
            "llama-server did not get ready.",
            f"After {self._launch.patience:g} s it still had not loaded {self._launch.model.name}.",
            f"Read its log, {self._launch.log}, or choose a smaller captions.quantisation.",
        )

    def _last_words(self, patience: float = 0.0) -> str:
        """Return sentences about how it ended and what it said last."""
        sentences = []
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                sentences += _ending(self._process.wait(patience))
        if said := _last_lines(self._said()):
            sentences.append(f"It last said: {said}")
        return " ".join(sentences)

    def _said(self) -> bytes:
        """Return what it wrote into its log since it was started."""
        try:
            with self._launch.log.open("rb") as log:
                log.seek(self._log_start)
                return log.read()
        except OSError:
            return b""

    def _warn_without_accelerator(self) -> None:
        if self._launch.device != "cpu" and _NO_ACCELERATOR in self._said():
            _LOGGER.warning(
                "This llama-server was built without support for an accelerator: captions are computed by the processor, "
                "which is slow. Install a llama.cpp that knows %s, and name it as captions.server.",
                self._launch.device,
            )


def _kept(command: Sequence[str], env: Mapping[str, str], log: Path) -> tuple["subprocess.Popen[bytes]", int]:
    """Return the keeper that runs ``command``, and where in ``log`` its words begin."""
    with _opened(log) as output:
        start = output.tell()
        keeping = subprocess.Popen(  # noqa: S603 - what the settings name
            [sys.executable, keeper.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,  # Ctrl-C does not reach it: the track that is being described may be finished
        )
        return keeping, start


def _opened(log: Path) -> IO[bytes]:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("ab")
    except OSError as error:
        raise store_error("write", log, error) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _healthy(root: str) -> bool:
    import httpx2  # noqa: PLC0415 - not before captions are written

    try:
        return httpx2.get(f"{root}/health", timeout=5.0, trust_env=False).is_success
    except httpx2.HTTPError:
        return False


def _require_ears(root: str, key: str) -> None:
    """Raise unless the loaded model can hear."""
    import httpx2  # noqa: PLC0415

    hears = None
    with contextlib.suppress(httpx2.HTTPError, ValueError, AttributeError):
        props = httpx2.get(
            f"{root}/props", headers={"Authorization": f"Bearer {key}"}, timeout=_PROPS_SECONDS, trust_env=False
        )
        hears = props.json().get("modalities", {}).get("audio")
    if hears is not True:
        raise ModelError(
            "The model that llama-server loaded cannot hear.",
            "It does not name audio among its modalities: the projector (mmproj) is missing or is of another model, or "
            "llama.cpp is too old.",
            "Run `sda models verify` on the caption model, and bring llama.cpp up to date.",
        )


def _last_lines(log: bytes) -> str:
    """Return the errors at the end of what the server said; where it named none, its last lines."""
    lines = [_STAMP.sub("", " ".join(line.split())) for line in log.decode(errors="replace").splitlines()]
    said = [line for line in lines if line]
    errors = [line.removeprefix(_ERROR) for line in said if line.startswith(_ERROR)]
    return " / ".join((errors or said)[-_LAST_LINES:])[-_SHOWN:]


def _ending(status: int) -> list[str]:
    """Return a sentence about an exit status that the keeper handed on, where there is something to say."""
    if status <= keeper.SIGNALLED:
        return []
    number = status - keeper.SIGNALLED
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    killed = ", as the system does when memory runs out" if number == signal.SIGKILL else ""
    return [f"The signal {name} ended it{killed}."]


def _one_of(visible: str | None, number: int) -> str:
    """Return the device that torch knows by ``number`` where the environment names the ``visible`` ones."""
    names = (visible or "").split(",")
    return names[number] if visible and number < len(names) else str(number)
