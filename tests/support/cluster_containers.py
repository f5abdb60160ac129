"""The cluster of containers, as a user starts it: a fresh folder, the documented commands, and what they leave."""

import os
import re
import secrets
import select
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.containers import NAME, ROOT, Ended, copy_context, docker

FILE = "docker-compose.cluster.yml"
CTRL_C = b"\x03"
TOKEN = secrets.token_hex(32)
"""The key to every cluster of the tests."""


@dataclass(frozen=True)
class Cluster:
    """A head and its workers.

    Attributes:
        folder: the fresh clone.
        project: compose's name for it.
        settings: what stands in ``.env``, and what the tests add.
    """

    folder: Path
    project: str
    settings: Mapping[str, str]

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def words(self, *words: str) -> list[str]:
        """Return the words of a compose command."""
        return ["compose", "--project-directory", str(self.folder), "--file", str(self.folder / FILE), *words]

    def compose(self, *words: str, check: bool = True) -> Ended:
        """Run a compose command to its end."""
        return docker(*self.words(*words), check=check, env=self.settings)

    def up(self, workers: int, *words: str, check: bool = True) -> Ended:
        """Start it with so many workers, and wait for all of them."""
        return self.compose("up", *words, "--wait", "--scale", f"worker={workers}", check=check)

    def sda(self, *words: str, check: bool = True, environment: Mapping[str, str] | None = None) -> Ended:
        """Run a command of sda in the head, as a script would."""
        return self.compose(*self._exec(*words, terminal=False, environment=environment), check=check)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command of sda in the head, whose stderr is to be read as it comes."""
        return subprocess.Popen(
            ["docker", *self.words(*self._exec(*words, terminal=False))],
            env={**os.environ, **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def typed(self, *words: str, until: str, keys: bytes, limit: float = 300) -> tuple[int, str]:
        """Run a command of sda in the head from a terminal; return its status and the screen.

        Args:
            words: the command.
            until: what the screen has to show before ``keys`` are pressed, a regular expression.
            keys: what is typed.
            limit: seconds that it may take.
        """
        ours, theirs = os.openpty()
        try:
            with subprocess.Popen(
                ["docker", *self.words(*self._exec(*words, terminal=True))],
                env={**os.environ, **self.settings},
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            ) as process:
                screen = _watched(process, ours, re.compile(until.encode()), keys, limit)
                return process.wait(), screen.decode(errors="replace")
        finally:
            os.close(ours)
            os.close(theirs)

    def hosts(self) -> list[str]:
        """Return the names that the workers have among themselves, oldest first."""
        ids = self.compose("ps", "--quiet", "worker").out.split()
        return sorted(docker("inspect", "--format", "{{.Config.Hostname}}", one).out.strip() for one in ids)

    def left(self) -> str:
        """Return everything of it that the engine still has."""
        label = ("--filter", f"label=com.docker.compose.project={self.project}")
        kinds: tuple[tuple[str, ...], ...] = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        return "".join(docker(*kind, "--quiet", *label).out for kind in kinds)

    @staticmethod
    def _exec(*words: str, terminal: bool, environment: Mapping[str, str] | None = None) -> list[str]:
        variables = [word for name, value in (environment or {}).items() for word in ("--env", f"{name}={value}")]
        return ["exec", *([] if terminal else ["--no-TTY"]), *variables, "head", "sda", *words]


def _watched(
    process: "subprocess.Popen[bytes]", terminal: int, until: re.Pattern[bytes], keys: bytes, limit: float
) -> bytes:
    screen, pressed, end = b"", False, time.monotonic() + limit
    while process.poll() is None:
        assert time.monotonic() < end, screen[-4000:].decode(errors="replace")
        if select.select([terminal], [], [], 0.2)[0]:
            screen += os.read(terminal, 65536)
        if not pressed and until.search(screen):
            os.write(terminal, keys)
            pressed = True
    while select.select([terminal], [], [], 0.2)[0]:
        screen += os.read(terminal, 65536)
    assert pressed, screen[-4000:].decode(errors="replace")
    return screen


@contextmanager
def fresh_clone(folder: Path, group: str) -> Iterator[Cluster]:
    """Yield a cluster that was not started yet, in a clone with recordings' folder and ``.env`` as documented."""
    shutil.copy(ROOT / FILE, copy_context(folder))
    (folder / "data" / "datasets").mkdir(parents=True)
    folder.chmod(0o755)
    project = f"sdatest{uuid.uuid4().hex[:8]}"
    settings = {
        "COMPOSE_PROJECT_NAME": project,
        "SDA_IMAGE": NAME,
        "SDA_TORCH_GROUP": group,
        "SDA_CPUS": "1",  # so that each has work, on however many processors
    }
    made = Cluster(folder, project, settings)
    try:
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "10", check=False)
