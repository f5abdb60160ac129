"""The images, built once, and volumes to try them on. Needs an engine: `make test-containers` sees to it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.cluster_containers import TOKEN, Cluster, fresh_clone
from support.containers import (
    NAME,
    ROOT,
    USUAL_USER,
    Ended,
    Volume,
    build,
    built_before,
    copy_context,
    image_facts,
    torch_group,
    write_songs,
)

GB = 10**9
FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures of the images")
        for line in figures:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Lines for the end of the log: times and sizes."""
    return request.config.stash.setdefault(FIGURES, [])


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    if not os.environ.get("CONTAINER_TESTS"):
        pytest.skip("the container tests need an engine and minutes: make test-containers")


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the images are made of, as it is now."""
    return copy_context(tmp_path_factory.mktemp("context"))


@pytest.fixture(scope="session")
def group() -> str:
    """The dependency group that torch comes from."""
    return torch_group()


Builder = Callable[[str], str]


def wanted_kinds() -> list[str]:
    """Return the kinds of images to try: all of them, or those that CONTAINER_KINDS names."""
    return os.environ.get("CONTAINER_KINDS", "cpu,cuda,dev,rocm,cluster").split(",")


def want(kind: str) -> None:
    """Skip a test of an image that is not to be tried."""
    if kind not in wanted_kinds():
        pytest.skip(f"CONTAINER_KINDS leaves {kind} out")


@pytest.fixture(scope="session")
def built(context: Path, group: str, figures: list[str]) -> Builder:
    """Return a function that returns the image of a kind, built at most once."""
    images: dict[str, str] = {}

    def of(kind: str) -> str:
        want(kind)
        if kind not in images:
            options = ("--build-arg", f"TORCH_GROUP={group}") if kind == "cpu" else ()
            before = built_before()
            ended = build(context, kind, kind, *options)
            images[kind] = f"{NAME}:{kind}"
            size = image_facts(images[kind])["Size"] / GB
            source = "PyPI's torch" if kind == "cuda" or not group else f"torch of the group {group}"
            figures.append(f"{kind}: {size:.2f} GB ({source}); first build {ended.seconds:.0f} s, {before}")
        return images[kind]

    return of


@pytest.fixture(scope="session")
def image(built: Builder) -> str:
    """The image that the entrypoint and the volumes are tried with: one will do, since the script is the same."""
    return built("cuda" if "cuda" in wanted_kinds() and "cpu" not in wanted_kinds() else "cpu")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory, group: str) -> Iterator[Cluster]:
    """A fresh clone for a cluster, without a token."""
    want("cluster")
    with fresh_clone(tmp_path_factory.mktemp("clone"), group) as made:
        yield made


@pytest.fixture(scope="session")
def cluster_image(clone: Cluster, figures: list[str]) -> str:
    """The image of a cluster, built as a user does, with the token that compose asks for."""
    unset = clone.up(2, check=False)
    assert unset.status != 0
    assert "put a secret of your own into .env" in unset.log, "without a token nothing starts, and the fix is named"
    (clone.folder / ".env").write_text(f"RAY_AUTH_TOKEN={TOKEN}\n")
    before = built_before()
    ended = clone.compose("build")
    image = f"{NAME}:cluster"
    figures.append(f"cluster: {image_facts(image)['Size'] / GB:.2f} GB; built after {ended.seconds:.0f} s, {before}")
    return image


@pytest.fixture
def only() -> Callable[[str], None]:
    """Return a function that skips a test of an image that is not to be tried."""
    return want


@contextmanager
def new_volume(folder: Path, image: str) -> Iterator[Volume]:
    """Yield the data folder of a fresh clone, given to the usual user: a folder for recordings with a word on its use."""
    made = Volume(folder / "data", image)
    (made.path / "datasets").mkdir(parents=True)
    shutil.copy(ROOT / "data/datasets/README.md", made.path / "datasets")
    folder.chmod(0o755)
    made.give(USUAL_USER)
    try:
        yield made
    finally:
        made.remove_containers()
        made.give(os.getuid(), os.getgid())


@pytest.fixture
def volume(tmp_path: Path, image: str) -> Iterator[Volume]:
    """A volume that was never used."""
    with new_volume(tmp_path, image) as made:
        yield made


@dataclass(frozen=True)
class FirstStart:
    """What the first start of all said, and the volume that it left."""

    volume: Volume
    ended: Ended


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory, image: str, figures: list[str]) -> Iterator[FirstStart]:
    """The first start on an empty volume, with the whole benchmark. It is long, so that there is one."""
    with new_volume(tmp_path_factory.mktemp("first"), image) as made:
        names = ("--env", "SDA_BENCHMARK=full", "--env", "HOST_DATASETS=./data/datasets", "--env", "HOST_DATA=./data")
        ended = made.run("--read-only", *names)
        figures.append(f"first start on an empty volume, with the whole benchmark: {ended.seconds:.0f} s")
        yield FirstStart(made, ended)


@pytest.fixture
def known(volume: Volume, first_start: FirstStart) -> Volume:
    """A volume on which this machine was measured before, so that a start measures one point only."""
    volume.give(os.getuid(), os.getgid())
    for name in ("reports", "config.toml", "config.schema.json"):
        source, target = first_start.volume.path / name, volume.path / name
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.exists():
            shutil.copy(source, target)
    volume.give(USUAL_USER)
    return volume


@pytest.fixture
def music(volume: Volume) -> Callable[..., Volume]:
    """Return a function that puts so many recordings of some seconds into the volume."""

    def fill(count: int, seconds: float = 6.0) -> Volume:
        volume.give(os.getuid(), os.getgid())
        write_songs(volume.path / "datasets", count, seconds)
        volume.give(USUAL_USER)
        return volume

    return fill
