"""What must be the same in several files, and what no file may say."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from support.fake_programs import ROOT

CPU = (ROOT / "Dockerfile.cpu").read_text()
CUDA = (ROOT / "Dockerfile.cuda").read_text()
ROCM = (ROOT / "Dockerfile.rocm").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()
CLUSTER = (ROOT / "docker-compose.cluster.yml").read_text()
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))

MAY_DIFFER = re.compile(
    r"^#.*|ARG TORCH_GROUP=.*|ENV NVIDIA_VISIBLE_DEVICES=all \\|\s+NVIDIA_DRIVER_CAPABILITIES=compute,utility"
    r"|LABEL org.opencontainers.image.title=.*"
)
"""What the CPU and the CUDA image need of their own: words, torch's origin, what the NVIDIA toolkit reads, the title."""
HANDED = "${EXTRAS:+$(printf -- '--extra %s ' $EXTRAS)}"
"""How a list of extras becomes words of uv."""


def instructions(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not MAY_DIFFER.fullmatch(line)]


def stage(text: str, name: str) -> str:
    match = re.search(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[1]


def test_the_cpu_and_the_cuda_image_differ_only_in_what_must() -> None:
    assert instructions(CPU) == instructions(CUDA)


def test_the_image_for_amd_has_the_same_ground_and_the_same_environment() -> None:
    assert stage(CPU, "base") == stage(ROCM, "base")
    kept = stage(CPU, "runtime").split("COPY ")[1].split("\n# Where sda")[0].replace("(CPU)", "(ROCm)")
    assert kept == stage(ROCM, "runtime").split("COPY ")[1]


def test_torch_for_amd_is_the_version_that_the_lock_holds() -> None:
    locked = re.search(r'^name = "torch"\nversion = "([\d.]+)', (ROOT / "uv.lock").read_text(), re.MULTILINE)
    assert locked is not None
    for name in ("TORCH", "TORCHAUDIO"):
        assert re.search(rf"^ARG {name}_VERSION={re.escape(locked[1])}\+rocm", ROCM, re.MULTILINE)


def test_one_version_of_uv_and_of_python_everywhere() -> None:
    makefile = (ROOT / "Makefile").read_text()
    version = re.search(r"^UV_VERSION := (\S+)$", makefile, re.MULTILINE)
    assert version is not None
    python = (ROOT / ".python-version").read_text().strip()
    for text in (CPU, CUDA, ROCM):
        assert f"/uv:{version[1]}\n" in text
        assert f"ARG PYTHON_IMAGE=python:{python}-slim-" in text
    for name in ("PYTHON_IMAGE", "UV_IMAGE"):
        default = re.search(rf"^ARG {name}=(\S+)$", CPU, re.MULTILINE)
        assert default is not None
        assert set(re.findall(rf"\$\{{SDA_{name}:-([^}}]+)\}}", COMPOSE)) == {default[1]}


def test_every_setting_of_the_containers_is_explained() -> None:
    example = (ROOT / ".env.example").read_text()
    used = set(re.findall(r"\$\{(SDA_[A-Z_]+)", COMPOSE + CLUSTER))
    explained = set(re.findall(r"^#(SDA_[A-Z_]+)=", example, re.MULTILINE))
    assert used == explained
    defaults = dict(re.findall(r"\$\{(SDA_[A-Z_]+):?-([^${}]+)\}", CLUSTER + COMPOSE))
    for name, default in defaults.items():
        assert re.search(rf"^#{name}={re.escape(default)}$", example, re.MULTILINE), f"{name}: {default}"


def test_what_the_preflight_names_is_a_setting() -> None:
    used = set(re.findall(r"\$\{(SDA_[A-Z_]+)", COMPOSE))
    for script in ("preflight.sh", "entrypoint.sh"):
        text = (ROOT / "scripts" / script).read_text()
        named = set(re.findall(r"\bSDA_[A-Z]+(?:_[A-Z]+)*\b", text))
        internal = {"SDA_CONFIG"} | {name for name in named if name.startswith("SDA_PATHS_")} | {"SDA_"}
        assert named - internal <= used, script


def test_recordings_and_settings_never_enter_a_build() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule for rule in rules if rule.startswith("!")} == {
        "!pyproject.toml", "!uv.lock", "!README.md", "!LICENSE", "!src", "!scripts/entrypoint.sh",
    }  # fmt: skip


def test_the_folder_for_recordings_is_there_and_nothing_else_of_the_data(tmp_path: Path) -> None:
    for name in (".gitignore", "data/datasets/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in (
        "data/config.toml",
        "data/library/Song/full_mix.wav",
        "data/datasets/song.wav",
        "data/datasets/a/README.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    listed = subprocess.run(
        [*git, "ls-files", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    )
    assert set(listed.stdout.split()) == {".gitignore", "data/datasets/README.md"}


def test_every_extra_is_explained_and_handed_on() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    paragraph = (ROOT / ".env.example").read_text().split("#SDA_EXTRAS")[0].split("\n\n")[-1]
    for name in extras:
        assert re.search(rf"\b{name}\b", paragraph), f".env.example tells of {name}"
    for text in (CPU, CUDA, ROCM):
        assert text.count(HANDED) == 2


@pytest.mark.parametrize("text", [CPU, CUDA], ids=["cpu", "cuda"])
def test_extras_lie_on_top_of_what_all_images_share(text: str) -> None:
    below, above = stage(text, "dependencies").split("\nARG EXTRAS=")
    assert "uv sync" in below
    assert "EXTRAS" not in below
    assert HANDED in above
    assert '[ -n "$EXTRAS" ] || exit 0;' in above
    mounts = [re.findall(r"--mount=\S+", part) for part in (below, above)]
    assert mounts[0] == mounts[1]


def test_the_workflow_builds_the_very_layers_of_a_cluster() -> None:
    said = re.search(r"^ +EXTRAS: (.*)$", CLUSTER, re.MULTILINE)
    assert said is not None
    plain = re.sub(r"\$\{SDA_EXTRAS:\+.*\}", "", said[1])
    workflow = (ROOT / ".github/workflows/containers.yml").read_text()
    assert re.findall(r"'EXTRAS=(.*?)'", workflow) == [plain], "a space more would be another layer"


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_pinned_and_rights_are_few(file: Path) -> None:
    text = file.read_text()
    for line in re.findall(r"uses: .*", text):
        assert re.fullmatch(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    assert re.search(r"^permissions: \{\}$", text, re.MULTILINE), "each job asks for what it needs"
    assert text.count("timeout-minutes:") == text.count("runs-on:")
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")


def test_one_version_of_every_action() -> None:
    pins = {tuple(pin) for file in WORKFLOWS for pin in re.findall(r"uses: (\S+)@(\S+)", file.read_text())}
    assert len(pins) == len({name for name, _ in pins})


def test_workflows_call_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+)(?: [a-z -]+)?:", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for file in WORKFLOWS:
        for command in re.findall(r"run: make (.*)", file.read_text()):
            words = [word for word in command.split() if "=" not in word and not word.startswith('"')]
            assert set(words) <= targets, file.name


@pytest.mark.parametrize("name", [".devcontainer/devcontainer.json", ".devcontainer/cuda/devcontainer.json"])
def test_the_devcontainers_stand_on_the_dev_target_without_features(name: str) -> None:
    document = json.loads((ROOT / name).read_text())
    assert document["build"]["target"] == "dev"
    assert ((ROOT / name).parent / document["build"]["dockerfile"]).exists()
    assert "features" not in document
    assert document["postCreateCommand"] == "make setup"
    settings = document["customizations"]["vscode"]["settings"]
    place = re.search(r"UV_PROJECT_ENVIRONMENT=(\S+)", CPU.split("AS dev")[1])
    assert place is not None
    assert settings["python.defaultInterpreterPath"] == f"{place[1]}/bin/python"


def test_the_devcontainers_are_the_same_but_for_cuda() -> None:
    plain = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    cuda = json.loads((ROOT / ".devcontainer/cuda/devcontainer.json").read_text())
    differing = {key for key in plain.keys() | cuda.keys() if plain.get(key) != cuda.get(key)}
    assert differing == {"name", "build", "runArgs", "hostRequirements", "containerEnv"}


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").glob("*.sh")), ids=lambda script: script.name)
def test_scripts_stop_at_the_first_failure_and_say_what_they_are_for(script: Path) -> None:
    lines = script.read_text().splitlines()
    assert lines[0] in {"#!/bin/sh", "#!/usr/bin/env bash"}
    assert lines[1].startswith("# ")
    assert re.search(r"^set -eu", script.read_text(), re.MULTILINE)
    assert script.stat().st_mode & 0o111
