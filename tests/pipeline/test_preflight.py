"""What a node must show before it gets work. No cluster: the question is asked in this process."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import DeviceError, StoreError
from small_dataset_audio.pipeline.cluster import remote
from small_dataset_audio.pipeline.cluster.nodes import Node, device_for, useful_nodes
from small_dataset_audio.pipeline.cluster.preflight import PROBE_PREFIX, Preflight, prepared, sweep
from small_dataset_audio.pipeline.cluster.sites import Site
from small_dataset_audio.pipeline.stage import Bench
from small_dataset_audio.pipeline.workers import BYTES_PER_WORKER
from support.fake_stages import REGISTRY

BENCH = Bench(Settings(), "cpu", REGISTRY)


@pytest.fixture
def preflight(tmp_path: Path) -> Iterator[Preflight]:
    with prepared(BENCH, ("note", "slow"), tmp_path, None) as found:
        yield found


def asked(preflight: Preflight) -> dict[str, Any]:
    return remote.facts(*preflight.question)


def test_a_node_that_is_like_this_machine_can_take_part(preflight: Preflight, tmp_path: Path) -> None:
    found = asked(preflight)
    assert preflight.misfit("node", found) is not None, "this process holds the lock itself, and gets it again"
    assert preflight.misfit("node", {**found, "locked": True}) is None
    assert len(list(tmp_path.glob(f"{PROBE_PREFIX}*"))) == 1


def test_nothing_is_left_in_the_library(tmp_path: Path) -> None:
    with prepared(BENCH, (), tmp_path, None):
        pass
    assert list(tmp_path.iterdir()) == []


def change(**changes: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {**found, **changes}


@pytest.mark.parametrize(
    ("changed", "why", "fix"),
    [
        (lambda _found: {"version": "0.0.1"}, "It has sda 0.0.1", "same image"),
        (change(probe=None), "is not there, or is another folder", "Mount the library"),
        (change(probe="another"), "is not there, or is another folder", "Mount the library"),
        (change(unwritable="Read-only file system"), "cannot write in the library", "writable"),
        (change(locked=False), "does not see that a file", "with locks"),
        (change(source=False), "The recording", "bring them in first"),
        (lambda found: {**found, "packages": {**found["packages"], "numpy": "1.0"}}, "It has numpy 1.0", "same image"),
        (
            lambda found: {**found, "stages": {"note": {"makes": "other", "obstacle": None}}},
            "Its note would give other results",
            "sda models pull",
        ),
        (
            lambda found: {
                **found,
                "stages": {"note": {"makes": "", "obstacle": {"what": "No weights.", "why": "None.", "fix": "Pull."}}},
            },
            "It cannot run note: No weights. None.",
            "Pull.",
        ),
    ],
)
def test_what_a_node_lacks_is_told_with_the_way_out(
    preflight: Preflight, changed: Callable[[dict[str, Any]], dict[str, Any]], why: str, fix: str
) -> None:
    error = preflight.misfit("far away", changed({**asked(preflight), "locked": True}))
    assert error is not None
    assert error.what == "The node far away cannot take part in this run."
    assert why in error.why
    assert fix in error.fix


def test_a_node_says_what_it_sees(preflight: Preflight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, version, stages, _, _ = preflight.question
    missing = remote.facts(bench, version, stages, tmp_path / "none", tmp_path / "gone.wav")
    assert (missing["probe"], missing["locked"], missing["source"]) == (None, False, False)
    assert missing["unwritable"]
    assert remote.facts(bench, "9.9", stages, tmp_path, None).keys() == {"version"}
    monkeypatch.setattr(remote, "PACKAGES", ("numpy", "no-such-package"))
    assert remote.packages()["no-such-package"] == "none"


HOLD = """
import sys
from pathlib import Path
from small_dataset_audio.locks import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Let another process hold the lock of a folder."""
    words = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate()


@pytest.mark.process
def test_a_lock_that_another_process_holds_is_seen_and_protects_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / f"{PROBE_PREFIX}living"
    folder.mkdir()
    with held(folder):
        assert remote._locked(folder)
        sweep(tmp_path)
        assert folder.is_dir()
    assert not remote._locked(folder)


def test_a_folder_that_a_dead_driver_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f"{PROBE_PREFIX}dead"
    left.mkdir()
    (left / remote.PROBE).write_text("x")
    sweep(tmp_path)
    assert not left.exists()


def test_a_library_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError), prepared(BENCH, (), tmp_path / "none", None):
        pass


def test_a_node_carries_as_many_tracks_as_processors_and_memory_allow() -> None:
    def node(**has: float) -> Node:
        return Node.of({"NodeID": "1", "NodeManagerHostname": "a", "Resources": has})

    assert node(CPU=8.0, memory=100e9) == Node("1", "a", 8, 0)
    assert node(CPU=8.0, memory=3.5 * BYTES_PER_WORKER, GPU=2.0) == Node("1", "a", 3, 2)
    assert node(CPU=8.0, memory=1e6).tasks == 1
    assert not node(memory=100e9).useful
    assert node(GPU=1.0).useful
    told = [{"NodeID": str(n), "Alive": n != 2, "Resources": {"CPU": n}} for n in range(4)]
    assert sorted(useful_nodes(told)) == ["1", "3"]


def test_models_run_on_gpus_where_there_are_any() -> None:
    with_gpu, without = Node("1", "a", 4, 1), Node("2", "b", 4, 0)
    assert device_for("auto", [with_gpu, without]) == "cuda:0"
    assert device_for("auto", [without]) == "cpu"
    assert device_for("cpu", [with_gpu]) == "cpu"
    assert device_for("cuda:3", [with_gpu]) == "cuda:0"
    for asked_for in ("cuda", "mps"):
        with pytest.raises(DeviceError) as caught:
            device_for(asked_for, [without])
        assert asked_for in caught.value.what


def test_a_site_has_room_once_it_is_fit() -> None:
    site = Site(Node("1", "a", 2, 1), "cuda:0")
    assert (site.room(accelerated=False), site.room(accelerated=True)) == (0, 0)
    site.fit = True
    assert (site.room(accelerated=False), site.room(accelerated=True)) == (2, 1)
    holder = site.holder(lambda _site: "holder")
    assert site.room(accelerated=True) == 0
    site.release(holder)
    assert site.holder(lambda _site: "another") == "holder"
    site.release(holder, dead=True)
    assert site.holders == []
    assert Site(Node("1", "a", 2, 1), "cpu", fit=True).room(accelerated=True) == 1
