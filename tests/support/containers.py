"""Real images and containers: building, running, stopping, and what they leave on a volume."""

import json
import os
import shutil
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from support.signals import clicks, tone, write_audio

ROOT = Path(__file__).parents[2]
CONTEXT = ("pyproject.toml", "uv.lock", "README.md", "LICENSE", ".dockerignore", "src", "scripts", "docker-compose.yml")
NAME = "sda-container-tests"
"""The repository of every image that the tests make."""
USUAL_USER = 1000


@dataclass(frozen=True)
class Ended:
    """How a command or container ended."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def log(self) -> str:
        """Everything it said."""
        return self.out + self.err


def docker(*words: str | Path, check: bool = True, limit: float = 2400, env: Mapping[str, str] | None = None) -> Ended:
    """Run docker to its end."""
    began = time.monotonic()
    done = subprocess.run(
        ["docker", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    ended = Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - began)
    assert not check or ended.status == 0, f"docker {' '.join(map(str, words))}\n{ended.log[-4000:]}"
    return ended


def torch_group() -> str:
    """Return the dependency group that torch comes from: ``cpu`` where its index answers, else PyPI's wheels."""
    chosen = os.environ.get("SDA_TORCH_GROUP")
    if chosen is not None:
        return chosen
    indexes = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["index"]
    [address] = [index["url"] for index in indexes if index["name"] == "pytorch-cpu"]
    try:
        with urllib.request.urlopen(f"{address}/torch/", timeout=10):
            return "cpu"
    except (urllib.error.URLError, OSError):
        return ""


def copy_context(folder: Path) -> Path:
    """Copy what an image is made of into ``folder``, so that nothing changes under a build; return it."""
    for name in (*CONTEXT, *(path.name for path in ROOT.glob("Dockerfile.*"))):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def build(context: Path, kind: str, tag: str, *options: str, check: bool = True) -> Ended:
    """Build ``Dockerfile.<kind>`` as ``sda-container-tests:<tag>``."""
    certificates = os.environ.get("SSL_CERT_FILE")
    secret = ("--secret", f"id=ca_bundle,src={certificates}") if certificates else ()
    bases = [f"{name}={value}" for name in ("PYTHON_IMAGE", "UV_IMAGE") if (value := os.environ.get(f"SDA_{name}"))]
    arguments = [word for base in bases for word in ("--build-arg", base)]
    file = ("--file", context / f"Dockerfile.{kind}")
    # --load: a builder in a container keeps what it makes to itself otherwise.
    words = (*file, *secret, *arguments, *options, "--tag", f"{NAME}:{tag}", context)
    return docker("buildx", "build", "--load", *words, check=check)


def built_before() -> str:
    """Return in words how much of earlier builds the builder still has: what a first build costs depends on it."""
    *_, total = docker("buildx", "du").out.split()
    return "cold" if total == "0B" else f"with {total} of earlier builds"


def image_facts(image: str) -> dict[str, Any]:
    """Return what docker knows of an image."""
    facts: dict[str, Any] = json.loads(docker("image", "inspect", image).out)[0]
    return facts


def write_songs(folder: Path, count: int, seconds: float) -> None:
    """Write so many recordings of some seconds into a folder."""
    beats = clicks(np.arange(0, seconds, 0.5), seconds, channels=2)
    for number in range(count):
        piece = beats + tone(seconds, frequency=110.0 + 50 * number, peak=0.1, channels=2)
        write_audio(folder / f"Song {number:02}.wav", piece)


@dataclass
class Volume:
    """A data folder as a user would have it on the host.

    Attributes:
        path: the folder.
        image: an image that is there, to change owners with: the tests may run as an ordinary user.
    """

    path: Path
    image: str
    started: list[str] = field(default_factory=list)

    def give(self, user: int, group: int | None = None, mode: str = "u+rwX") -> None:
        """Give everything in it to ``user``."""
        owner = f"{user}:{user if group is None else group}"
        self.as_root(f"chown -R {owner} /given && chmod -R {mode} /given")

    def as_root(self, words: str) -> None:
        """Run a line of shell as root, with the folder at ``/given``."""
        docker(
            "run",
            "--rm",
            "--user",
            "0",
            "--entrypoint",
            "sh",
            "--volume",
            f"{self.path}:/given",
            self.image,
            "-c",
            words,
        )

    def owners(self) -> set[int]:
        """Return the user ids that own something in it."""
        return {path.lstat().st_uid for path in (self.path, *self.path.rglob("*"))}

    def document(self, name: str) -> Any:  # noqa: ANN401 - whatever the document holds
        """Return a JSON document in it."""
        return json.loads((self.path / name).read_text(encoding="utf-8"))

    def start(self, *options: str, command: Sequence[str] = (), image: str | None = None) -> str:
        """Start a container on it, hardened as compose does and without the benchmark; return its name."""
        name = f"{NAME}-{uuid.uuid4().hex[:8]}"
        self.started.append(name)
        hardened: tuple[str, ...] = (
            "--cap-drop",
            "ALL",
            "--security-opt",
            "no-new-privileges",
            "--shm-size",
            "1g",
            "--tmpfs",
            "/tmp",
        )
        if not any(option.startswith("SDA_BENCHMARK") for option in options):
            hardened += ("--env", "SDA_BENCHMARK=off")
        mount = () if "--volume" in options else ("--volume", f"{self.path}:/data")
        docker("run", "--detach", "--name", name, *hardened, *mount, *options, image or self.image, *command)
        return name

    def run(self, *options: str, command: Sequence[str] = (), image: str | None = None) -> Ended:
        """Run a container on it to its end."""
        return wait(self.start(*options, command=command, image=image))

    def remove_containers(self) -> None:
        """Remove every container that was started on it."""
        for name in self.started:
            docker("rm", "--force", "--volumes", name, check=False)


def wait(name: str) -> Ended:
    """Return how a container ended."""
    began = time.monotonic()
    status = int(docker("wait", name).out)
    logs = docker("logs", name)
    return Ended(status, logs.out, logs.err, time.monotonic() - began)


def state(name: str) -> dict[str, Any]:
    """Return what docker knows of a container's state."""
    facts: dict[str, Any] = json.loads(docker("inspect", name).out)[0]["State"]
    return facts


def wait_for(name: str, text: str, limit: float = 1200) -> None:
    """Wait until a container has said ``text``; it must not end before."""
    until = time.monotonic() + limit
    while text not in docker("logs", name).log:
        running = state(name)["Running"]
        assert running, f"it ended before it said {text!r}:\n{docker('logs', name).log}"
        assert time.monotonic() < until, f"it never said {text!r}:\n{docker('logs', name).log}"
        time.sleep(0.2)


@contextmanager
def compose_project(folder: Path, data: Path, **settings: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name of a compose project and the environment for it; everything of it is removed at the end."""
    project = f"sdatest{uuid.uuid4().hex[:8]}"
    env = {"SDA_DATA": str(data), "SDA_IMAGE": NAME, "COMPOSE_PROJECT_NAME": project, "SDA_BENCHMARK": "off"}
    env |= settings
    try:
        yield project, env
    finally:
        docker("compose", "--project-directory", folder, "--profile", "*", "down", "--volumes", check=False, env=env)
