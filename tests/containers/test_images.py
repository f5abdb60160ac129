"""What the images hold, what they leave out, and what a rebuild costs."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from support.containers import NAME, ROOT, build, built_before, docker, image_facts

pytestmark = pytest.mark.timeout(2700)

SMALL_LAYER = 20 * 10**6
"""Bytes that a change of the sources may add: sda itself, not its dependencies."""


def inside(image: str, script: str) -> str:
    return docker("run", "--rm", "--entrypoint", "sh", image, "-c", script).out


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_the_runtime_image_is_lean_and_closed(built: Callable[[str], str], kind: str) -> None:
    image = built(kind)
    facts = image_facts(image)["Config"]
    assert facts["User"] == "1000:1000"
    assert facts["StopSignal"] == "SIGTERM"
    assert facts["Entrypoint"] == ["tini", "-s", "--", "sda-entrypoint"]
    assert facts["Cmd"] == ["sda", "run"]
    labels = facts["Labels"]
    for name in ("title", "description", "licenses", "version", "revision"):
        assert labels[f"org.opencontainers.image.{name}"]
    environment = dict(pair.split("=", 1) for pair in facts["Env"])
    assert environment["SDA_PATHS_LIBRARY"] == "/data/library"
    assert not [name for name in environment if name.startswith("UV_")]
    assert ("NVIDIA_VISIBLE_DEVICES" in environment) == (kind == "cuda")
    assert environment["ORT_DISABLE_TELEMETRY"] == environment["HF_HUB_DISABLE_TELEMETRY"] == "1", "nothing calls home"
    present = inside(image, "for program in uv gcc cc make git pip; do command -v $program || true; done")
    assert present == "", "no compilers and no package managers in an image that only runs"
    assert inside(image, "find /opt -name '*.a'") == ""


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_everything_that_is_trimmed_is_not_missed(built: Callable[[str], str], kind: str) -> None:
    script = (
        "import torch, torchaudio, torch.nn as nn, scipy.signal, numpy, av, soundfile\n"
        "assert torch.fft.rfft(torch.randn(4096)).shape == (2049,)\n"
        "net = nn.Sequential(nn.Conv1d(2, 4, 9), nn.GELU(), nn.Flatten(), nn.LazyLinear(3))\n"
        "net(torch.randn(1, 2, 64)).sum().backward()\n"
        "nn.LSTM(4, 4)(torch.randn(2, 1, 4))\n"
        "torch.linalg.svd(torch.randn(8, 8))\n"
        "torch.export.export(nn.Linear(2, 2), (torch.randn(1, 2),))\n"
        "torch.jit.script(nn.Linear(2, 2))\n"
        "torchaudio.transforms.MelSpectrogram(22050)(torch.randn(1, 22050))\n"
        "print('all there')\n"
    )
    ended = docker(
        "run",
        "--rm",
        "--network",
        "none",
        "--read-only",
        "--tmpfs",
        "/tmp",
        "--entrypoint",
        "python",
        built(kind),
        "-W",
        "ignore",
        "-c",
        script,
    )
    assert ended.out.strip() == "all there"


NOT_COMPILED = """
import pathlib, importlib.util
for path in pathlib.Path("/opt/sda/lib").rglob("*.py"):
    if not pathlib.Path(importlib.util.cache_from_source(path)).exists():
        print(path)
"""
"""Names every source that has no compiled file beside it."""


def test_everything_is_compiled(image: str) -> None:
    assert inside(image, f"python -c '{NOT_COMPILED}'") == ""


def test_everything_that_only_a_cluster_needs_is_compiled(cluster_image: str) -> None:
    assert inside(cluster_image, f"python -c '{NOT_COMPILED}'") == ""
    assert inside(cluster_image, "find /opt -name '*.a'") == ""


def test_what_only_a_cluster_needs_lies_on_top_of_the_same_layers(
    built: Callable[[str], str], cluster_image: str, figures: list[str]
) -> None:
    plain, more = (image_facts(image)["RootFS"]["Layers"] for image in (built("cpu"), cluster_image))
    same = next(number for number, (one, other) in enumerate(zip(plain, more, strict=True)) if one != other)
    assert len(more) - same <= 4, "what it has of its own, sda, and two that are next to nothing"
    options = ("--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}")
    rows = docker("history", *options, cluster_image).out.splitlines()
    _, own, locked = (int(row.split()[0]) for row in rows if "uv sync" in row)
    assert 0 < own < locked
    figures.append(f"cluster: {own / 10**9:.2f} GB of its own on {locked / 10**9:.2f} GB that it shares")


def test_a_change_of_the_sources_rebuilds_only_sda(
    built: Callable[[str], str], context: Path, group: str, figures: list[str]
) -> None:
    image = built("cpu")
    changed = context / "src/small_dataset_audio/__init__.py"
    before = changed.read_text()
    changed.write_text(f"{before}\n# changed, as never before: {uuid.uuid4()}\n")
    try:
        ended = build(context, "cpu", "changed", "--build-arg", f"TORCH_GROUP={group}")
        again = build(context, "cpu", "changed", "--build-arg", f"TORCH_GROUP={group}")
    finally:
        changed.write_text(before)
    try:
        old = image_facts(image)["RootFS"]["Layers"]
        new = image_facts(f"{NAME}:changed")["RootFS"]["Layers"]
        shared = sum(1 for one, other in zip(old, new, strict=True) if one == other)
        assert len(old) - shared <= 4, "dependencies must stay in their layer"
        history = docker("history", "--human=false", "--format", "{{.Size}}", f"{NAME}:changed").out.split()
        own = sorted(int(size) for size in history)
        assert sum(own[: len(own) - 4]) < SMALL_LAYER
        figures.append(
            f"rebuild: after a change of the sources {ended.seconds:.1f} s, of nothing {again.seconds:.1f} s"
        )
    finally:
        docker("image", "rm", f"{NAME}:changed")


def test_the_development_image(context: Path, figures: list[str], only: Callable[[str], None]) -> None:
    only("dev")
    ids = ("--build-arg", "SDA_UID=1234", "--build-arg", "SDA_GID=2345")
    before = built_before()
    ended = build(context, "cpu", "dev", "--target", "dev", *ids)
    size = image_facts(f"{NAME}:dev")["Size"] / 10**9
    figures.append(f"dev: {size:.2f} GB; first build {ended.seconds:.0f} s, {before}")
    said = inside(
        f"{NAME}:dev",
        "id -u; id -g; make --version; git --version; uv --version; python --version; touch ~/environment/x && echo writable",
    )
    assert said.splitlines()[:2] == ["1234", "2345"]
    assert re.search(r"^GNU Make", said, re.MULTILINE)
    assert re.search(r"^uv \d", said, re.MULTILINE)
    assert re.search(r"^Python 3\.1[1-4]", said, re.MULTILINE)
    assert "writable" in said
    docker("image", "rm", f"{NAME}:dev")


@pytest.mark.parametrize("extras", ["", "labels captions"])
def test_the_locked_part_of_the_image_for_amd(context: Path, only: Callable[[str], None], extras: str) -> None:
    only("rocm")  # the quickest to show that extras arrive: all Dockerfiles hand them on in the same words
    build(context, "rocm", "rocm-locked", "--target", "dependencies", "--build-arg", f"EXTRAS={extras}")
    packages = inside(f"{NAME}:rocm-locked", "ls /opt/sda/lib/python3.*/site-packages")
    names = {name.lower() for name in packages.split()}
    assert {"numpy", "scipy", "pydantic", "typer"} <= names
    assert not names & {"torch", "torchaudio", "nvidia", "triton"}, "torch is for the next stage to bring"
    assert names & {"onnxruntime", "transformers"} == ({"onnxruntime", "transformers"} if extras else set())
    docker("image", "rm", f"{NAME}:rocm-locked")


def test_an_extra_that_there_is_not_ends_the_build(context: Path, only: Callable[[str], None]) -> None:
    only("rocm")
    options = ("--target", "dependencies", "--build-arg", "EXTRAS=everything")
    ended = build(context, "rocm", "rocm-locked", *options, check=False)
    assert ended.status != 0
    assert "everything" in ended.log


@pytest.mark.parametrize("file", sorted(ROOT.glob("Dockerfile.*")), ids=lambda file: file.name)
def test_docker_finds_nothing_to_warn_of(file: Path) -> None:
    docker("build", "--check", "--file", file, ROOT)
