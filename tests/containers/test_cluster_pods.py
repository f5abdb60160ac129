"""The manifest for KubeRay as far as it can be tried without Kubernetes: the very commands, limits and rights of its pods."""

import secrets
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from support.containers import NAME, ROOT, USUAL_USER, Volume, docker
from support.kuberay import SHELL, WAIT_LIMITS, Group, container, environment, in_bytes, start_command, wait_command
from support.signals import tone, write_audio

pytestmark = pytest.mark.timeout(900)

IMAGE = f"{NAME}:cluster"
PROCESSORS = "1"
"""What a pod gets here, of whatever the manifest asks for: this machine may be small."""


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "kuberay.yaml").read_text())
    return found


@pytest.fixture
def pods(cluster_image: str, tmp_path: Path) -> Iterator["Pods"]:
    """A network, a claimed volume with a recording, and a token."""
    (tmp_path / "data" / "datasets").mkdir(parents=True)
    tmp_path.chmod(0o755)
    write_audio(tmp_path / "data" / "datasets" / "Song.wav", tone(3.0))
    volume = Volume(tmp_path / "data", cluster_image)
    volume.give(USUAL_USER)
    made = Pods(volume)
    try:
        yield made
    finally:
        made.remove()
        volume.give(0)


class Pods:
    """Containers with what the operator and Kubernetes would give them."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.network = f"sdatest{uuid.uuid4().hex[:8]}"
        self._token = secrets.token_hex(32)
        self._started: list[str] = []
        docker("network", "create", self.network)

    def start(self, name: str, group: Group, command: str, *, limits: dict[str, str] | None = None) -> str:
        """Start a group's container with a command; return its name."""
        spec = group["template"]["spec"]
        owner, closed = spec["securityContext"], container(group)["securityContext"]
        assert {one["mountPath"] for one in container(group)["volumeMounts"]} == {"/data", "/tmp"}
        limits = limits or {
            "cpu": PROCESSORS,
            "memory": str(in_bytes(container(group)["resources"]["limits"]["memory"])),
        }
        options = [
            *("--detach", "--name", f"{self.network}-{name}", "--network", self.network, "--network-alias", name),
            *("--user", f"{owner['runAsUser']}:{owner['runAsGroup']}", "--group-add", str(owner["fsGroup"])),
            *(["--read-only"] if closed["readOnlyRootFilesystem"] else []),
            *(["--security-opt=no-new-privileges"] if not closed["allowPrivilegeEscalation"] else []),
            *(f"--cap-drop={one}" for one in closed["capabilities"]["drop"]),
            *("--tmpfs", "/tmp:exec,mode=1777", "--shm-size", limits["memory"]),
            *("--cpus", limits["cpu"], "--memory", limits["memory"], "--volume", f"{self.volume.path}:/data"),
            *(f"--env={one}={value}" for one, value in self.environment(group).items()),
        ]
        docker("run", *options, "--entrypoint", SHELL[0], self.volume.image, *SHELL[1:], command)
        self._started.append(f"{self.network}-{name}")
        return self._started[-1]

    def environment(self, group: Group) -> dict[str, str]:
        """Return the variables of a group's container."""
        return environment(group, {("sda-ray", "auth_token"): self._token})

    def remove(self) -> None:
        """Remove everything."""
        for name in self._started:
            docker("rm", "--force", "--volumes", name, check=False)
        docker("network", "rm", self.network, check=False)


def passes(pod: str, probe: dict[str, Any]) -> bool:
    """Whether a probe passes in the time that the manifest gives it."""
    end = time.monotonic() + probe.get("initialDelaySeconds", 0) + probe["periodSeconds"] * probe["failureThreshold"]
    while docker("exec", pod, *probe["exec"]["command"], check=False).status != 0:
        if time.monotonic() > end:
            return False
        time.sleep(probe["periodSeconds"])
    return True


def test_the_pods_of_the_manifest_make_a_cluster_on_which_sda_runs(
    manifest: dict[str, Any], pods: Pods, figures: list[str]
) -> None:
    head_group, [worker_group] = manifest["spec"]["headGroupSpec"], manifest["spec"]["workerGroupSpecs"]
    head = pods.start("head", head_group, start_command(head_group, head=None))
    began = time.monotonic()
    waiting = pods.start("waiting", worker_group, wait_command("head"), limits=WAIT_LIMITS)
    assert docker("wait", waiting, limit=300).out.strip() == "0", docker("logs", waiting).log
    waited = time.monotonic() - began
    worker = pods.start("worker", worker_group, start_command(worker_group, head="head"))
    for pod, group in ((head, head_group), (worker, worker_group)):
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert passes(pod, container(group)[probe]), docker("logs", pod).log
    ended = docker("exec", head, "sda", "run", "--stages", "organize,analyze")
    assert "1 track done" in ended.out
    assert "ray" not in ended.log.lower()
    assert pods.volume.owners() == {USUAL_USER}
    figures.append(
        f"a pod of KubeRay's that waits for the head, with its {WAIT_LIMITS['cpu']} processors: {waited:.0f} s"
    )


def test_ray_in_the_image_is_the_one_that_the_manifest_names(manifest: dict[str, Any], cluster_image: str) -> None:
    said = docker("run", "--rm", "--entrypoint", "ray", cluster_image, "--version").out
    assert said.split()[-1] == manifest["spec"]["rayVersion"]
