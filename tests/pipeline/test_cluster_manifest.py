"""The manifest for KubeRay: what the resource's definition and the operator ask for, and what sda, its image and its settings know."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from click.testing import CliRunner

from small_dataset_audio.config.load import load_settings
from support.kuberay import SHELL, container, environment, in_bytes, start_command, wait_command

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "kuberay.yaml"
SPEC = {"rayVersion", "headGroupSpec", "workerGroupSpecs"}
HEAD = {"rayStartParams", "template"}
WORKERS = HEAD | {"groupName", "replicas", "minReplicas", "maxReplicas"}
POD = {"securityContext", "automountServiceAccountToken", "containers", "volumes"}
POD_SECURITY = {"runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "seccompProfile"}
CONTAINER = {"name", "image", "env", "resources", "securityContext", "volumeMounts"}
PROBES = {"startupProbe", "livenessProbe", "readinessProbe"}
"""Fields of ray.io/v1 and of core/v1: another name would be refused, or dropped without a word."""


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


@pytest.fixture(scope="module")
def groups(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The head, and the workers."""
    return [manifest["spec"]["headGroupSpec"], *manifest["spec"]["workerGroupSpecs"]]


def test_it_is_a_cluster_of_ray_and_every_field_is_one(manifest: dict[str, Any], groups: list[dict[str, Any]]) -> None:
    assert (manifest["apiVersion"], manifest["kind"]) == ("ray.io/v1", "RayCluster")
    assert re.fullmatch("[a-z]([-a-z0-9]*[a-z0-9])?", manifest["metadata"]["name"])
    assert manifest["spec"].keys() == SPEC
    head, workers = groups
    assert head.keys() == HEAD
    assert workers.keys() == WORKERS
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]
    for group in groups:
        assert all(isinstance(value, str) for value in group["rayStartParams"].values()), "a map of texts"
        pod = group["template"]["spec"]
        assert pod.keys() == POD
        assert pod["securityContext"].keys() == POD_SECURITY
        [one] = pod["containers"]
        assert one.keys() == CONTAINER | PROBES


def test_head_and_workers_are_one_image_with_one_data_folder(groups: list[dict[str, Any]]) -> None:
    head, workers = groups
    for key in ("image", "env", "securityContext", "volumeMounts"):
        assert container(head)[key] == container(workers)[key], key
    assert head["template"]["spec"]["volumes"] == workers["template"]["spec"]["volumes"]
    mounted = {one["name"]: one["mountPath"] for one in container(head)["volumeMounts"]}
    volumes = {one["name"]: one for one in head["template"]["spec"]["volumes"]}
    assert mounted.keys() == volumes.keys()
    assert "persistentVolumeClaim" in volumes["data"]
    dockerfile = (ROOT / "Dockerfile.cpu").read_text()
    assert f"SDA_PATHS_LIBRARY={mounted['data']}/library" in dockerfile
    assert f"HOME={mounted['tmp']}" in dockerfile, "the only other place that can be written"


def test_it_runs_as_the_user_of_the_image_with_no_rights_but_those(groups: list[dict[str, Any]]) -> None:
    for group in groups:
        owner, closed = group["template"]["spec"]["securityContext"], container(group)["securityContext"]
        assert f"USER {owner['runAsUser']}:{owner['runAsGroup']}\n" in (ROOT / "Dockerfile.cpu").read_text()
        assert owner["fsGroup"] == owner["runAsGroup"]
        assert owner["runAsNonRoot"] is closed["readOnlyRootFilesystem"] is True
        assert closed["allowPrivilegeEscalation"] is False
        assert closed["capabilities"] == {"drop": ["ALL"]}
        assert group["template"]["spec"]["automountServiceAccountToken"] is False


def test_its_variables_are_those_of_the_compose_file_and_settings_of_sda(groups: list[dict[str, Any]]) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.cluster.yml").read_text())["services"]["head"]["environment"]
    for group in groups:
        found = environment(group, {("sda-ray", "auth_token"): "secret"})
        assert found.keys() <= compose.keys()
        assert found["RAY_AUTH_TOKEN"] == "secret"
        assert all(found[name] == compose[name] for name in found if name != "RAY_AUTH_TOKEN")
        ours = {name: value for name, value in found.items() if name.startswith("SDA_")}
        settings = load_settings(environ=ours).settings
        assert (settings.pipeline.engine, settings.pipeline.address) == ("ray", "auto")


def test_its_ray_is_that_of_the_lock_file(manifest: dict[str, Any]) -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    [version] = [one["version"] for one in packages if one["name"] == "ray"]
    assert manifest["spec"]["rayVersion"] == version


def test_what_the_operator_makes_of_it_are_options_of_ray(groups: list[dict[str, Any]]) -> None:
    scripts = pytest.importorskip("ray.scripts.scripts")
    known = {option for parameter in scripts.start.params for option in parameter.opts}
    head, workers = start_command(groups[0], head=None), start_command(groups[1], head="sda-head-svc")
    for command in (head, workers):
        options = {word.partition("=")[0] for word in command.split() if word.startswith("--")}
        assert options <= known
        assert {"--disable-usage-stats", "--block"} <= options
    assert "--num-cpus=0" in head, "it keeps the books"
    assert "--include-dashboard=false" in head
    assert f"--num-cpus={container(groups[1])['resources']['limits']['cpu']}" in workers
    assert "--address=sda-head-svc:6379" in workers
    assert CliRunner().invoke(scripts.healthcheck, ["--help"]).exit_code == 0
    assert "ray health-check" in wait_command("sda-head-svc")
    assert "-l" not in "".join(SHELL), "the image's programs are on its PATH, which a login shell sets anew"


def test_its_probes_need_nothing_that_the_image_has_not(groups: list[dict[str, Any]]) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.cluster.yml").read_text())
    for group in groups:
        for name in PROBES:
            probe = container(group)[name]["exec"]["command"]
            assert ["CMD", *probe] == compose["services"]["head"]["healthcheck"]["test"], "the one that is run in tests"


def test_memory_is_enough_for_a_track_per_processor(groups: list[dict[str, Any]]) -> None:
    from small_dataset_audio.pipeline.workers import BYTES_PER_WORKER

    limits = container(groups[1])["resources"]["limits"]
    assert in_bytes(limits["memory"]) >= int(limits["cpu"]) * BYTES_PER_WORKER


def test_the_page_names_what_is_in_it() -> None:
    page, text = (ROOT / "docs" / "cluster.md").read_text(), FILE.read_text()
    assert "kubectl create secret generic sda-ray --from-literal=auth_token=" in page
    assert "kubectl apply -f docs/kuberay.yaml" in page
    assert "ReadWriteMany" in page
    assert "ReadWriteMany" in text
    assert "It was not tried on a Kubernetes cluster" in " ".join(page.split())
