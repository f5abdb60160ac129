"""The way to a cluster: Ray is imported, connected to, and kept quiet, here alone."""

import os
import re
import secrets
import signal
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, Final

from small_dataset_audio.errors import EnvironmentFault, PipelineError
from small_dataset_audio.hardware.processor import usable_cores
from small_dataset_audio.pipeline.cluster.nodes import SAME_IMAGE
from small_dataset_audio.processes import signals_blocked

ADDRESS_VARIABLE: Final = "RAY_ADDRESS"
"""Where Ray's own programs look for a cluster; sda does so too where the settings name none."""
HERE: Final = "local"
"""Ray's word for a cluster of this machine alone, made for this run."""
OWN: Final = "auto"
"""Ray's word for the cluster that this machine is a part of."""
ANSWER_SECONDS: Final = 10.0
"""How long the machine at an address may take to answer; Ray itself would try for minutes."""
OBJECT_STORE_BYTES: Final = 100_000_000
"""Jobs and results are a few kilobytes, and recordings never pass through Ray."""
_CLIENT: Final = "ray://"
_REFUSED: Final = "AuthenticationError"
"""Ray's word for a wrong token; older versions know neither."""
_VERSIONS: Final = re.compile(r"Ray: (\S+)\s+Python: (\S+)")
"""How Ray names versions, first the cluster's and then those of this machine."""
_FIRST_QUESTION: Final = "/ray.rpc.NodeInfoGcsService/GetClusterId"
_FIRST_QUESTION_OF_CLIENTS: Final = "/ray.rpc.RayletDriver/ClusterInfo"
"""What Ray itself asks when it connects."""
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do by itself one day, and warns of until then
}
"""Nothing is sent to anybody, and what Ray says of itself stays in its log files."""


@contextmanager
def connected(address: str | None, *, workers: int | None = None) -> Iterator[ModuleType]:
    """Yield Ray, connected to a cluster for the duration of the block.

    Args:
        address: ``auto`` for the cluster that this machine is a part of, ``host:6379``, or ``ray://host:10001``; None for what
            ``RAY_ADDRESS`` names, else for one that is made of this machine and ends with the block.
        workers: processors of a cluster that is made here.

    Raises:
        EnvironmentFault: Ray is not installed.
        PipelineError: there is no cluster at that address, or it cannot be used.
    """
    where = address or os.environ.get(ADDRESS_VARIABLE) or HERE
    # A token of its own for what is started here, rather than one that Ray would leave in the home folder.
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)} if where == HERE else {}
    for name, value in (_QUIET | token).items():
        os.environ.setdefault(name, value)
    ray = _imported()  # which reads all of that once
    with _own_signals():
        _connect(ray, where, workers)
    try:
        yield ray
    except ConnectionError as error:
        raise PipelineError(
            "The connection to the cluster was lost.",
            f"{type(error).__name__}: {error}",
            "When the cluster is back, run the same command again: what is done stays done.",
        ) from error
    finally:
        with _own_signals():
            ray.shutdown()


def _imported() -> ModuleType:
    try:
        import ray  # noqa: PLC0415 - half a second, and an optional part of sda
        import ray.util.scheduling_strategies  # noqa: PLC0415
    except ImportError as error:
        raise EnvironmentFault(
            "The optional part cluster of sda is not installed.",
            f"It brings Ray, which sda runs on a cluster with ({error}).",
            'Run `uv sync --extra cluster` in a copy of the repository, or `pip install "small-dataset-audio[cluster]"`.',
        ) from error
    found: ModuleType = ray
    return found


def _connect(ray: ModuleType, where: str, workers: int | None) -> None:
    how: dict[str, Any] = {"address": where, "logging_level": "ERROR", "log_to_driver": False}
    if where == HERE:
        how |= {
            "num_cpus": workers or usable_cores(),
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE_BYTES,
        }
    # Else Ray would print on stdout what it thinks of every node and worker that is lost.
    ray._private.worker._worker_logs_enabled = False  # noqa: SLF001 - as its own debugger does
    try:
        _knock(where)
        _show_token(where)
        # What Ray starts here must not hear Ctrl-C: it ends when the run does.
        with signals_blocked(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client's; what matters is in the error
            ray.init(**how)
    except (OSError, RuntimeError, ValueError, OverflowError, ray.exceptions.RayError) as error:
        with suppress(RuntimeError):
            ray.shutdown()
        raise _no_cluster(where, error) from error


def _knock(where: str) -> None:
    """Make sure that something answers at an address.

    Raises:
        OSError: nothing does.
    """
    host, colon, port = where.removeprefix(_CLIENT).rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()


def _show_token(where: str) -> None:
    """Make sure that the cluster takes this machine's token: Ray tries a wrong one for half a minute, and writes about it.

    Raises:
        PermissionError: it does not.
        ConnectionError: this machine is a part of no cluster.
    """
    if where == HERE:
        return
    try:
        import grpc  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with Ray's client
        from ray._private.grpc_utils import init_grpc_channel  # noqa: PLC0415 - which knows this machine's token
        from ray._private.services import canonicalize_bootstrap_address_or_die  # noqa: PLC0415
    except ImportError:  # an older Ray, which has no tokens, or one without its client: it speaks for itself
        return
    question = _FIRST_QUESTION_OF_CLIENTS if where.startswith(_CLIENT) else _FIRST_QUESTION
    address = where.removeprefix(_CLIENT)
    if where == OWN:
        address = canonicalize_bootstrap_address_or_die(where)  # as its own programs do
    channel = init_grpc_channel(address)
    try:
        channel.unary_unary(question)(b"", timeout=ANSWER_SECONDS)
    except grpc.RpcError as error:  # of any other kind: for Ray to find, and to tell
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            raise PermissionError(error.details()) from error
    finally:
        channel.close()


def _no_cluster(where: str, error: Exception) -> PipelineError:
    said = " ".join([line.strip() for line in str(error).splitlines() if line.strip()][:2])
    if where == HERE:
        return PipelineError(
            "Ray could not be started on this machine.",
            f"{type(error).__name__}: {said}",
            "Free some memory and space in /tmp and /dev/shm, or leave out --engine ray.",
        )
    if where.startswith(_CLIENT) and "ray[client]" in str(error):
        return PipelineError(
            f"The cluster at {where} cannot be reached from this installation.",
            f"Addresses that begin with {_CLIENT} need Ray's client, which is not installed.",
            'Install it with `pip install "ray[client]"`, or run sda on a machine of the cluster with --address auto.',
        )
    if isinstance(error, PermissionError) or type(error).__name__ == _REFUSED:
        return PipelineError(
            f"The cluster at {where} does not let this machine in.",
            "It asks for a token, and this machine has none or another one.",
            "Give every node and this machine the same RAY_AUTH_TOKEN, with RAY_AUTH_MODE=token.",
        )
    if len(versions := _VERSIONS.findall(str(error))) > 1:
        there, here = (f"Ray {ray} with Python {python}" for ray, python in versions[:2])
        return PipelineError(
            f"The cluster at {where} has other versions than this machine.",
            f"It has {there}; this machine has {here}.",
            SAME_IMAGE,
        )
    return PipelineError(
        f"There is no Ray cluster to be used at {where}.",
        f"{type(error).__name__}: {said}",
        "Start one (`ray start --head`, `docker compose -f docker-compose.cluster.yml up`), or correct --address.",
    )


@contextmanager
def _own_signals() -> Iterator[None]:
    """Give the signals back that Ray takes over when it starts and ends."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(ValueError, TypeError):  # not the main thread; a handler that Python did not set
                signal.signal(number, handler)
