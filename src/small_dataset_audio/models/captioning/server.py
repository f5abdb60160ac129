"""A llama-server of our own: started for a run, watched, started again once, and ended with us."""

import contextlib
import logging
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.errors import EnvironmentFault, ModelError
from small_dataset_audio.models.captioning import keeper

_LOGGER: Final = logging.getLogger(__name__)
_HOST: Final = "127.0.0.1"
_POLL_SECONDS: Final = 0.1
_LAST_LINES: Final = 3
_SHOWN: Final = 400
_CONTEXT_TOKENS: Final = 20480
"""Ten minutes of sound are 20 windows of 750 tokens; the rest is for question and answer."""
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
    """

    program: str
    model: Path
    projector: Path
    log: Path
    device: str = "cpu"
    patience: float = LOAD_SECONDS

    def command(self, port: int) -> list[str]:
        """Return the command line for a server at ``port`` of this machine alone."""
        return [
            found_program(self.program),
            *("-m", str(self.model), "--mmproj", str(self.projector)),
            *("--host", _HOST, "--port", str(port)),
            *("--ctx-size", str(_CONTEXT_TOKENS), "--parallel", "1"),
            *(("--n-gpu-layers", "0", "--no-mmproj-offload") if self.device == "cpu" else ("--n-gpu-layers", "999")),
        ]


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
        self.address = ""
        self._start()

    def restart(self, reason: ModelError) -> None:
        """Start it again, if that was not done before.

        Raises:
            ModelError: ``reason``, when it was; or as at the start.
        """
        last = _last_lines(self._launch.log)
        self.close()
        if self._restarted:
            raise ModelError(
                "llama-server ended twice.",
                f"It last said: {last}" if last else reason.why,
                f"Read its log, {self._launch.log}. Often memory ran out: a smaller captions.quantisation takes less.",
            ) from reason
        self._restarted = True
        _LOGGER.warning("llama-server went away and is started again: %s", last or reason.why)
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
        self._process = _kept(command, self._launch.log)
        root = f"http://{_HOST}:{port}"
        try:
            self._wait(root)
            _require_ears(root)
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
                    f"It last said: {_last_lines(self._launch.log) or 'nothing'}",
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


def _kept(command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    """Return the keeper that runs ``command``."""
    with _opened(log) as output:
        return subprocess.Popen(  # noqa: S603 - what the settings name
            [sys.executable, keeper.__file__, *command], stdin=subprocess.PIPE, stdout=output, stderr=output
        )


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
        return httpx2.get(f"{root}/health", timeout=5.0).is_success
    except httpx2.HTTPError:
        return False


def _require_ears(root: str) -> None:
    """Raise unless the loaded model can hear."""
    import httpx2  # noqa: PLC0415

    hears = None
    with contextlib.suppress(httpx2.HTTPError, ValueError, AttributeError):
        hears = httpx2.get(f"{root}/props", timeout=5.0).json().get("modalities", {}).get("audio")
    if hears is not True:
        raise ModelError(
            "The model that llama-server loaded cannot hear.",
            "It does not name audio among its modalities: the projector (mmproj) is missing or is of another model, or "
            "llama.cpp is too old.",
            "Run `sda models verify` on the caption model, and bring llama.cpp up to date.",
        )


def _last_lines(log: Path) -> str:
    """Return the end of what the server said."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    said = [" ".join(line.split()) for line in lines if line.strip()]
    return " / ".join(said[-_LAST_LINES:])[-_SHOWN:]
