"""Whether this process runs in a container."""

import os
from collections.abc import Mapping
from pathlib import Path

from small_dataset_audio.hardware.cgroup import SYSTEM_ROOT

# Docker, Podman; systemd-nspawn and LXC set the variable; Kubernetes sets its own.
_MARKER_FILES = (".dockerenv", "run/.containerenv")
_MARKER_VARIABLES = ("container", "KUBERNETES_SERVICE_HOST")
_MARKER_GROUPS = ("docker", "kubepods", "containerd", "libpod", "lxc")


def in_container(root: Path = SYSTEM_ROOT, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether this process runs in a container (Docker, Podman, Kubernetes, LXC, systemd-nspawn).

    Args:
        root: the folder that stands for ``/``.
        environ: environment variables.
    """
    if any((root / file).exists() for file in _MARKER_FILES) or any(environ.get(name) for name in _MARKER_VARIABLES):
        return True
    try:
        groups = (root / "proc/1/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(f"/{marker}" in groups for marker in _MARKER_GROUPS)
