"""The way to a cluster, and every way in which it can be closed."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

import support.ray_cluster  # noqa: F401 - whose variables are there before Ray, which reads them once
from small_dataset_audio.errors import EnvironmentFault, PipelineError, SdaError
from small_dataset_audio.pipeline.cluster import connection
from small_dataset_audio.pipeline.cluster.connection import connected


def test_without_ray_the_fix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EnvironmentFault) as caught, connected("auto"):
        pass
    assert "uv sync --extra cluster" in caught.value.fix


class _Ray:
    """Ray that cannot be started."""

    class exceptions:  # noqa: N801 - as Ray names it
        class RayError(Exception): ...

    class _private:  # noqa: N801
        class worker: ...  # noqa: N801

    def __init__(self, error: Exception) -> None:
        self._error = error

    def init(self, **_how: object) -> None:
        raise self._error

    def shutdown(self) -> None: ...


class AuthenticationError(_Ray.exceptions.RayError):
    """As Ray names it."""


@pytest.mark.parametrize(
    ("where", "error", "what", "fix"),
    [
        (None, RuntimeError("no space"), "could not be started", "/dev/shm"),
        ("auto", ConnectionError("none found"), "no Ray cluster to be used at auto", "--address"),
        ("auto", AuthenticationError("token"), "does not let this machine in", "RAY_AUTH_TOKEN"),
        ("ray://nowhere.invalid", ValueError("install ray[client]"), "cannot be reached", "pip install"),
        ("[::1]:1", RuntimeError("unused"), "no Ray cluster to be used at [::1]:1", "--address"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_three_sentences(
    monkeypatch: pytest.MonkeyPatch, where: str | None, error: Exception, what: str, fix: str
) -> None:
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(connection, "_imported", lambda: _Ray(error))
    monkeypatch.setattr(connection, "_show_token", lambda _where: None)
    with pytest.raises(SdaError) as caught, connected(where):
        pass
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_connection_that_breaks_in_the_middle_is_three_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fine(_Ray):
        def init(self, **_how: object) -> None: ...

    monkeypatch.setattr(connection, "_imported", lambda: Fine(ValueError()))
    monkeypatch.setattr(connection, "_show_token", lambda _where: None)
    with pytest.raises(SdaError, match="was lost"), connected("auto"):
        raise ConnectionError("the head is gone")


def test_other_versions_of_ray_or_python_are_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    ray_utils = pytest.importorskip("ray._private.utils")
    with pytest.raises(RuntimeError) as mismatch:
        ray_utils.check_version_info({"ray_version": "2.1.0", "python_version": "3.9.1"}, "this machine")
    monkeypatch.setattr(connection, "_imported", lambda: _Ray(mismatch.value))
    monkeypatch.setattr(connection, "_show_token", lambda _where: None)
    with pytest.raises(PipelineError) as caught, connected("auto"):
        pass
    assert caught.value.what == "The cluster at auto has other versions than this machine."
    assert caught.value.why.startswith("It has Ray 2.1.0 with Python 3.9.1; this machine has Ray 2.")
    assert "same image" in caught.value.fix


@contextmanager
def answering(code: str) -> Iterator[str]:
    """Yield the address of a server that ends whatever it is asked with a status of gRPC's."""
    grpc: Any = pytest.importorskip("grpc")

    class Ending(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, _details: object) -> object:
            return grpc.unary_unary_rpc_method_handler(
                lambda _request, context: context.abort(getattr(grpc.StatusCode, code), "InvalidAuthToken")
            )

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Ending()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_a_token_that_the_cluster_does_not_take_is_found_out_at_once(scheme: str) -> None:
    began = time.monotonic()
    with answering("UNAUTHENTICATED") as address, pytest.raises(PipelineError) as caught, connected(scheme + address):
        pass
    assert caught.value.what == f"The cluster at {scheme}{address} does not let this machine in."
    assert time.monotonic() - began < connection.ANSWER_SECONDS, "Ray itself would try for half a minute"


@pytest.mark.parametrize("code", ["UNIMPLEMENTED", "UNAVAILABLE"])
def test_any_other_answer_is_for_ray_to_judge(code: str) -> None:
    with answering(code) as address:
        connection._show_token(address)


def test_without_rays_client_there_is_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)
    connection._show_token("127.0.0.1:1")


def test_the_cluster_that_this_machine_is_a_part_of_is_asked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    services = pytest.importorskip("ray._private.services")
    with answering("UNAUTHENTICATED") as address:
        monkeypatch.setattr(services, "canonicalize_bootstrap_address_or_die", lambda _where: address)
        with pytest.raises(PipelineError, match="The cluster at auto does not let"), connected("auto"):
            pass


def test_a_machine_that_is_a_part_of_no_cluster_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    services = pytest.importorskip("ray._private.services")

    def none(_address: str) -> str:
        raise ConnectionError("none found")

    monkeypatch.setattr(services, "canonicalize_bootstrap_address_or_die", none)
    with pytest.raises(PipelineError, match="no Ray cluster to be used at auto"), connected("auto"):
        pass
