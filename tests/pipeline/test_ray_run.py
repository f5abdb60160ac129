"""Whole runs on a cluster, beside the same runs on this machine."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import PipelineError
from small_dataset_audio.pipeline.plan import Failure, Plan, make_plan
from small_dataset_audio.pipeline.run import RunOptions, Summary, carry_out
from small_dataset_audio.pipeline.runlog import read_events
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.stages import pick, request_for
from small_dataset_audio.pipeline.worker import StepResult
from support.processes import assert_error, command, environment, sda
from support.ray_cluster import Machines, machines
from support.signals import clicks, noise, tone, write_audio
from support.whole_library import content

pytest.importorskip("ray")
pytestmark = pytest.mark.process

STAGES = ["organize", "separate", "analyze", "crop"]


class Silent:
    """A display that shows nothing."""

    def begin(self, plan: Plan, workers: int) -> None: ...

    def step(self, result: StepResult) -> None: ...

    def finish_track(self, job: Job, failure: Failure | None) -> None: ...

    def stopping(self) -> None: ...


@pytest.fixture(scope="module")
def cluster() -> Iterator[Machines]:
    with machines() as found:
        found.add()
        found.add()
        yield found


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    folder = tmp_path / "tapes"
    folder.mkdir()
    for index, rate in enumerate((120, 140, 90)):
        beats = clicks(np.arange(0.1, 12.0, 60 / rate), 12.0)
        write_audio(folder / f"tape {index}.wav", 0.5 * beats + 0.1 * tone(12.0) + noise(12.0, seed=index, rms=0.01))
    (folder / "broken.wav").write_text("no audio")
    return folder


def settings_in(folder: Path, name: str, address: str) -> Settings:
    return Settings.model_validate(
        {
            "paths": {"library": folder / name, "reports": folder / f"{name} reports"},
            "pipeline": {"stages": STAGES, "engine": "ray", "address": address},
            "separation": {"backend": "dsp"},
            "crops": {"seconds": 4.0},
        }
    )


def go(tapes: Path, settings: Settings, *, cluster: bool) -> Summary:
    request = request_for(tapes, pick(settings).stages, frozenset(), settings)
    plan = make_plan(request, settings.paths.library, settings)
    return carry_out(plan, request, settings, RunOptions(workers=2, cluster=cluster), Silent())


def test_a_cluster_makes_the_very_library_that_this_machine_makes(
    cluster: Machines, tapes: Path, tmp_path: Path
) -> None:
    here = go(tapes, settings_in(tmp_path, "here", cluster.address), cluster=False)
    there = go(tapes, settings_in(tmp_path, "there", cluster.address), cluster=True)
    assert sorted(there.done) == sorted(here.done) == ["tape 0", "tape 1", "tape 2"]
    assert sorted(there.crops) == sorted(here.crops) != []
    assert [failure.track for failure in there.failures] == ["broken"]
    expected = content(tmp_path / "here")
    assert content(tmp_path / "there") == expected
    assert len(expected) > 20
    assert there.log is not None
    events = list(read_events(there.log))
    assert events[0]["engine"] == "ray"
    assert all(event["node"] for event in events if event["event"] == "step")
    again = go(tapes, settings_in(tmp_path, "there", cluster.address), cluster=False)
    assert sorted(again.skipped) == sorted(here.done), "what a cluster has done is done for this machine"


def test_the_command_prints_one_document_and_nothing_of_rays(cluster: Machines, tapes: Path, tmp_path: Path) -> None:
    words = ("run", tapes, "--stages", "organize,analyze", "--engine", "ray", "--json")
    ended = sda(*words, cwd=tmp_path, env={"RAY_ADDRESS": cluster.address})
    document = ended.json()
    assert document["tracks"] == {"done": 3, "skipped": 0, "failed": 1, "unfinished": 0}
    assert ended.status == 1
    assert "raylet" not in ended.err
    assert "ray." not in ended.err
    assert "on 2 processes" in ended.err


def test_a_second_run_has_nothing_to_do_and_starts_no_cluster(tapes: Path, tmp_path: Path) -> None:
    (tapes / "broken.wav").unlink()
    words = ("run", tapes, "--stages", "organize")
    assert sda(*words, cwd=tmp_path).status == 0
    ended = sda(*words, "--engine", "ray", "--address", "127.0.0.1:1", cwd=tmp_path)
    assert ended.status == 0, ended


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense"])
def test_no_cluster_at_an_address_is_an_error_with_a_fix(tapes: Path, tmp_path: Path, address: str) -> None:
    ended = sda("run", tapes, "--stages", "organize", "--engine", "ray", "--address", address, cwd=tmp_path)
    assert_error(ended)
    assert address in ended.err
    assert not list(tmp_path.glob("data/library/*"))


def test_a_wrong_token_is_an_error_with_a_fix_and_nothing_of_rays(
    cluster: Machines, tapes: Path, tmp_path: Path
) -> None:
    env = {"RAY_ADDRESS": cluster.address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "wrong"}
    ended = sda("run", tapes, "--stages", "organize", "--engine", "ray", cwd=tmp_path, env=env)
    assert_error(ended)
    assert "does not let this machine in" in ended.err
    assert "gcs_client" not in ended.err


def test_a_library_that_a_node_does_not_see_is_an_error(
    cluster: Machines, tapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from small_dataset_audio.pipeline.cluster import preflight

    settings = settings_in(tmp_path, "apart", cluster.address)
    asked = preflight.Preflight.question.__get__
    elsewhere = property(lambda self: (*asked(self)[:3], tmp_path / "elsewhere", None))
    monkeypatch.setattr(preflight.Preflight, "question", elsewhere)
    with pytest.raises(PipelineError) as caught:
        go(tapes, settings, cluster=True)
    assert "not there" in caught.value.why
    assert "Mount the library" in caught.value.fix
    assert list((tmp_path / "apart").iterdir()) == []


def test_ctrl_c_finishes_what_is_in_flight_and_the_same_command_goes_on(tapes: Path, tmp_path: Path) -> None:
    (tapes / "broken.wav").unlink()
    for number in range(3, 9):
        write_audio(tapes / f"tape {number}.wav", noise(12.0, seed=number))
    words = command("run", tapes, "--stages", "organize,analyze", "--engine", "ray", "--workers", "1")
    env = environment({"SDA_FEATURES_BEATS": "dsp", "RAY_ADDRESS": ""})
    with subprocess.Popen(
        words, cwd=tmp_path, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("[1/"):
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does: Ray's processes get it, too
        out = process.stdout.read() if process.stdout is not None else ""
    assert process.returncode == 130, (said, out)
    assert "not finished" in out
    assert "Traceback" not in "".join(said)
    begun = list((tmp_path / "data" / "library").iterdir())
    assert 1 <= len(begun) < 9
    again = sda("run", tapes, "--stages", "organize,analyze", "--json", cwd=tmp_path, env={"SDA_FEATURES_BEATS": "dsp"})
    assert again.json()["tracks"]["failed"] == 0
    assert len(list((tmp_path / "data" / "library").iterdir())) == 9
