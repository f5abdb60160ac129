"""The files that make a cluster say what they must: one image, one data folder, the same paths everywhere."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from typer.main import get_command

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.cluster.yml").read_text())
    return found


@pytest.fixture(scope="module")
def manifests() -> dict[str, Any]:
    """Title (the comment in the first line) -> document, of the YAML in docs/cluster.md."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "cluster.md").read_text(), re.DOTALL)
    return {block.split("\n", 1)[0]: yaml.safe_load(block) for block in blocks}


def test_head_and_workers_differ_in_what_they_start_only(compose: dict[str, Any]) -> None:
    head, worker = compose["services"]["head"], compose["services"]["worker"]
    for key in ("image", "build", "volumes", "environment", "user", "read_only"):
        assert head[key] == worker[key], key
    assert "--num-cpus=0" in head["entrypoint"]
    assert "--address=head:6379" in worker["entrypoint"]
    assert re.match(r"cluster\b", head["build"]["args"]["EXTRAS"])
    assert head["environment"]["RAY_USAGE_STATS_ENABLED"] == "0"
    assert "RAY_AUTH_TOKEN" in head["environment"]
    assert "ports" not in head
    assert head["healthcheck"] == worker["healthcheck"], "`up --wait` waits for all of them"


def test_what_compose_sets_are_settings_of_sda(compose: dict[str, Any]) -> None:
    from small_dataset_audio.config.load import load_settings

    environment = compose["services"]["head"]["environment"]
    ours = {name: value for name, value in environment.items() if name.startswith("SDA_") and "$" not in value}
    settings = load_settings(environ=ours).settings
    assert (settings.pipeline.engine, settings.pipeline.address) == ("ray", "auto")


def test_the_file_for_gpus_adds_to_a_service_that_there_is(compose: dict[str, Any], manifests: dict[str, Any]) -> None:
    [gpus] = [document for title, document in manifests.items() if title.startswith("# docker-compose.gpu.yml")]
    assert gpus["services"].keys() <= compose["services"].keys()


@pytest.mark.parametrize("page", ["cluster.md", "scale.md"])
def test_commands_on_the_page_exist(page: str) -> None:
    from small_dataset_audio.cli.app import app

    text = (ROOT / "docs" / page).read_text()
    known = get_command(app).commands["run"]  # type: ignore[attr-defined]
    options = {option for parameter in known.params for option in parameter.opts}
    for line in re.findall(r"(?:^|-- )(sda run .*?)(?:\s{2,}#.*)?$", text, re.MULTILINE):
        assert {word for word in shlex.split(line) if word.startswith("--")} <= options, line
    for script in re.findall(r"python (benchmarks/\w+\.py)", text):
        assert (ROOT / script).is_file(), script
