"""The cluster of containers, from a fresh folder to its end, by the commands that docs/cluster.md names."""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.pipeline.runlog import read_events
from support.cluster_containers import CTRL_C, FILE, TOKEN, Cluster
from support.containers import NAME, ROOT, USUAL_USER, Ended, Volume, docker, write_songs
from support.signals import tone, write_audio
from support.whole_library import content

pytestmark = pytest.mark.timeout(2700)

STAGES = ("--stages", "organize,analyze")


@pytest.fixture(scope="module")
def cluster(clone: Cluster, cluster_image: str, figures: list[str]) -> Iterator[Cluster]:
    """A head and two workers, up."""
    ended = clone.up(2)
    figures.append(f"a head and two workers, up and joined after {ended.seconds:.0f} s")
    yield clone
    Volume(clone.data, cluster_image).give(os.getuid(), os.getgid())


@pytest.fixture
def music(cluster: Cluster) -> Callable[..., None]:
    """Return a function that lays recordings of some seconds before the cluster, and nothing else."""
    volume = Volume(cluster.data, f"{NAME}:cluster")

    def fill(count: int, seconds: float = 6.0) -> None:
        volume.give(os.getuid(), os.getgid())
        for name in ("library", "reports", "here", "here reports"):
            shutil.rmtree(cluster.data / name, ignore_errors=True)
        for path in (cluster.data / "datasets").iterdir():
            path.unlink()
        write_songs(cluster.data / "datasets", count, seconds)
        volume.give(USUAL_USER)

    return fill


def failed(ended: Ended) -> str:
    """Return what a command said that had to fail in plain words."""
    assert ended.status == 1, ended.log
    assert "Traceback" not in ended.log
    for word in ("Error: ", "  Why: ", "  Fix: "):
        assert ended.err.count(word) == 1, ended.log
    assert "gcs_client" not in ended.log, "nothing of Ray's own"
    return ended.err


def events(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the events of the last run's log."""
    [*_, last] = sorted(cluster.data.glob("reports/run-*.jsonl"))
    return list(read_events(last))


def test_without_recordings_it_says_where_they_go(cluster: Cluster, music: Callable[..., None]) -> None:
    music(0)
    ended = cluster.sda("run")
    assert "Put music into /data/datasets" in ended.log
    assert not list(cluster.data.glob("library/*"))


def test_a_run_makes_the_very_library_that_one_machine_makes_and_the_next_has_nothing_to_do(
    cluster: Cluster, music: Callable[..., None], figures: list[str]
) -> None:
    music(6)
    ended = cluster.sda("run")
    figures.append(f"a run on two workers of one processor each, six short recordings: {ended.seconds:.1f} s")
    assert "6 tracks to do on 2 processes" in ended.err
    assert "6 tracks done" in ended.out
    assert "ray" not in ended.log.lower(), "nothing of Ray's own"
    volume = Volume(cluster.data, f"{NAME}:cluster")
    assert volume.owners() == {USUAL_USER}
    steps = [event for event in events(cluster) if event["event"] == "step"]
    assert {event["node"] for event in steps} == set(cluster.hosts()), "both had work"
    assert f" on {steps[-1]['node']})" in ended.err
    here = {
        "SDA_PATHS_LIBRARY": "/data/here",
        "SDA_PATHS_REPORTS": "/data/here reports",
        "SDA_PIPELINE_ENGINE": "local",
    }
    cluster.sda("run", environment=here)
    expected = content(cluster.data / "here")
    assert content(cluster.data / "library") == expected
    assert len(expected) > 6 * 4
    again = cluster.sda("run")
    assert "0 tracks done, 6 had nothing left to do" in again.out


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_wrong_token_is_plain_and_quick(cluster: Cluster, music: Callable[..., None], token: str) -> None:
    music(1)
    environment = {"RAY_AUTH_MODE": "token" if token else "", "RAY_AUTH_TOKEN": token}
    ended = cluster.sda("run", *STAGES, check=False, environment=environment)
    said = failed(ended)
    assert "does not let this machine in" in said
    assert "RAY_AUTH_TOKEN" in said


def beside(cluster: Cluster, data: Path, *words: str, token: str = TOKEN) -> Ended:
    """Run sda on a machine that is not a part of the cluster, with a data folder of its own."""
    options = (
        *(
            "run",
            "--rm",
            "--network",
            f"{cluster.project}_cluster",
            "--read-only",
            "--tmpfs",
            "/tmp",
            "--shm-size",
            "1g",
        ),
        *(
            "--entrypoint",
            "sda",
            "--volume",
            f"{data}:/data",
            "--env",
            "RAY_AUTH_MODE=token",
            "--env",
            f"RAY_AUTH_TOKEN={token}",
        ),
    )
    address = ("--engine", "ray", "--address", "ray://head:10001")
    return docker(*options, f"{NAME}:cluster", "run", *STAGES, *words, *address, check=False)


def test_from_a_machine_beside_the_cluster(cluster: Cluster, music: Callable[..., None], tmp_path: Path) -> None:
    music(2)
    assert "does not let this machine in" in failed(beside(cluster, cluster.data, token="wrong"))
    elsewhere = tmp_path / "data"
    (elsewhere / "datasets").mkdir(parents=True)
    tmp_path.chmod(0o755)
    write_audio(elsewhere / "datasets" / "Song.wav", tone(2.0))
    volume = Volume(elsewhere, f"{NAME}:cluster")
    volume.give(USUAL_USER)
    said = failed(beside(cluster, elsewhere))
    volume.give(os.getuid(), os.getgid())
    assert "The library /data/library is not there, or is another folder than here." in said
    assert any(f"The node {host} cannot take part" in said for host in cluster.hosts())
    assert not list(elsewhere.glob("library/*")), "no track failed for it"
    ended = beside(cluster, cluster.data)
    assert ended.status == 0, ended.log
    assert "2 tracks done" in ended.out


def test_a_data_folder_that_may_not_be_written_is_plain(cluster: Cluster, music: Callable[..., None]) -> None:
    music(1)
    volume = Volume(cluster.data, f"{NAME}:cluster")
    volume.give(0, mode="u=rwX,go=rX")
    said = failed(cluster.sda("run", *STAGES, check=False))
    volume.give(USUAL_USER)
    assert "/data/library cannot be made in /data: Permission denied" in said
    assert "SDA_UID" in said


def test_workers_that_are_killed_and_that_join_in_the_middle_cost_no_track(
    cluster: Cluster, music: Callable[..., None], figures: list[str]
) -> None:
    music(24, seconds=12)
    killed, stays = cluster.hosts()
    said: list[str] = []
    with cluster.start("run", *STAGES) as run:
        assert run.stderr is not None
        for line in run.stderr:
            said.append(line)
            if line.startswith("[2/"):
                docker("kill", killed)
                cluster.compose("up", "--no-build", "--detach", "--no-recreate", "--scale", "worker=3")
        assert run.stdout is not None
        out = run.stdout.read()
    assert run.returncode == 0, "".join(said)
    assert "24 tracks done" in out
    text = "".join(said)
    [joined] = set(cluster.hosts()) - {killed, stays}
    notes = " ".join(event["text"] for event in events(cluster) if event["event"] == "note")
    for sentence in (f"The node {killed} has left the cluster", f"The node {joined} has joined the cluster"):
        assert sentence in text
        assert sentence in notes
    steps = [event for event in events(cluster) if event["event"] == "step"]
    assert {event["node"] for event in steps} >= {stays, joined}
    assert len(list(cluster.data.glob("library/*/*.INFO"))) == 24
    assert not list(cluster.data.glob("library/.sda-*"))
    seconds = events(cluster)[-1]["seconds"]
    figures.append(f"a worker killed and one added in the middle of 24 recordings: all done after {seconds:.0f} s")


def test_ctrl_c_finishes_what_is_in_flight_and_the_same_command_goes_on(
    cluster: Cluster, music: Callable[..., None]
) -> None:
    music(12, seconds=12)
    # The bar may pass over the first: two workers may end within one picture of it.
    status, screen = cluster.typed("run", *STAGES, until=r"[1-9]\d*/12", keys=CTRL_C)
    assert status == 130, screen
    assert "run the same command again to go on" in " ".join(screen.split())
    assert "Traceback" not in screen
    assert 1 <= len(list(cluster.data.glob("library/*/*.INFO"))) < 12
    again = json.loads(cluster.sda("run", *STAGES, "--json").out)
    assert again["tracks"]["failed"] == again["tracks"]["unfinished"] == 0
    assert again["tracks"]["skipped"] >= 1
    assert len(list(cluster.data.glob("library/*/*.INFO"))) == 12


def test_a_run_that_begins_before_its_workers_waits_for_them(cluster: Cluster, music: Callable[..., None]) -> None:
    music(1)
    cluster.compose("down")
    cluster.compose("up", "--no-build", "--detach", "--scale", "worker=1")
    ended = cluster.sda("run", *STAGES)
    assert "waiting for one to join" in ended.err
    assert "1 track done" in ended.out


def test_down_leaves_nothing_but_the_data(cluster: Cluster) -> None:
    assert cluster.left() != ""
    cluster.compose("down")
    assert cluster.left() == ""
    assert (cluster.data / "library").is_dir()


@pytest.mark.parametrize("missing", ["data", "data/datasets"])
def test_a_missing_folder_is_named_and_not_made_by_root(cluster: Cluster, tmp_path: Path, missing: str) -> None:
    if missing != "data":
        (tmp_path / "data").mkdir()
    project = f"sdatest{uuid.uuid4().hex[:8]}"
    settings = {
        **cluster.settings,
        "COMPOSE_PROJECT_NAME": project,
        "RAY_AUTH_TOKEN": TOKEN,
        "SDA_DATA": str(tmp_path / "data"),
    }
    other = Cluster(tmp_path, project, settings)
    (tmp_path / FILE).write_text((ROOT / FILE).read_text())
    try:
        ended = other.up(1, "--no-build", check=False)
    finally:
        other.compose("down", check=False)
    assert ended.status != 0
    assert f"bind source path does not exist: {tmp_path / missing}" in ended.log
    assert not (tmp_path / missing).exists()
