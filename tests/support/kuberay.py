"""What KubeRay's operator (1.4 and newer) makes of a manifest: the command of every container, and who waits for the head.

Facts from ray-operator/controllers/ray/common/pod.go: `setMissingRayStartParams`, `generateRayStartCommand`, `convertParamMap`,
`DefaultWorkerPodTemplate`, and `GetContainerCommand`.
"""

from collections.abc import Mapping
from typing import Any, Final

Group = Mapping[str, Any]

SHELL: Final = ("/bin/bash", "-c", "--")
"""Not a login shell, since 1.4."""
WITH_VALUE: Final = ("log-color", "include-dashboard")
"""Options that are handed on as they are, true or false; others that are true or false are switches."""
WAIT_LIMITS: Final = {"cpu": "0.2", "memory": "256m"}
"""What the operator's own init container may use; the manifest has no say in that."""
_UNITS: Final = {"Gi": 2**30, "Mi": 2**20}
_HEAD_PORT: Final = "6379"


def start_command(group: Group, *, head: str | None) -> str:
    """Return the shell's words that a container starts with; ``head`` is None for the head itself."""
    limits = container(group)["resources"]["limits"]
    parameters = dict(group["rayStartParams"])
    if head is None:
        parameters.setdefault("dashboard-host", "0.0.0.0")
    else:
        parameters.setdefault("address", f"{head}:{_HEAD_PORT}")
    parameters.setdefault("metrics-export-port", "8080")
    parameters["block"] = "true"
    parameters.setdefault("dashboard-agent-listen-port", "52365")
    parameters.setdefault("num-cpus", limits["cpu"])
    parameters.setdefault("memory", str(in_bytes(limits["memory"])))
    options = " ".join(_option(name, value) for name, value in sorted(parameters.items()))
    return f"ulimit -n 65536; ray start {'--head ' if head is None else ''} {options}"


def _option(name: str, value: str) -> str:
    if value.lower() in {"true", "false"} and name not in WITH_VALUE:
        return f"--{name}" if value.lower() == "true" else ""
    return f"--{name}={value}"


def wait_command(head: str) -> str:
    """Return what a worker's pod does before it starts."""
    return f"until ray health-check --address {head}:{_HEAD_PORT} > /dev/null 2>&1; do sleep 1; done"


def container(group: Group) -> Mapping[str, Any]:
    """Return the container of a group that runs Ray: the first."""
    found: Mapping[str, Any] = group["template"]["spec"]["containers"][0]
    return found


def in_bytes(quantity: str) -> int:
    """Return a quantity of memory, such as ``2Gi``."""
    return int(quantity[:-2]) * _UNITS[quantity[-2:]]


def environment(group: Group, secrets: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Return the variables of a group's container, with the values of (secret, key) put in."""
    found = {}
    for one in container(group)["env"]:
        if "value" in one:
            found[one["name"]] = one["value"]
        else:
            key = one["valueFrom"]["secretKeyRef"]
            found[one["name"]] = secrets[key["name"], key["key"]]
    return found
