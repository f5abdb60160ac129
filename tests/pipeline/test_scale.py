"""Large libraries: what planning asks of the disk is the same for every track, however many there are."""

import importlib.util
import os
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset import flat_json, info
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.pipeline import pieces
from small_dataset_audio.pipeline.forecast.estimate import LOOKED_INTO, estimate
from small_dataset_audio.pipeline.forecast.machine import look_around
from small_dataset_audio.pipeline.pieces import in_pieces
from small_dataset_audio.pipeline.plan import Plan, Request, make_plan
from small_dataset_audio.pipeline.stages import ANALYZE, STAGES, request_for

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "scale.py"
FEW, MANY = 200, 2000
_counting: Counter[str] | None = None
_opened: Counter[str] = Counter()


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _counting is None or event not in {"open", "os.scandir", "os.listdir"}:
        return
    if not isinstance(arguments[0], int):  # an open file that gets a wrapper
        _counting[event.removeprefix("os.")] += 1
        if event == "open":
            _opened[os.fspath(arguments[0])] += 1


sys.addaudithook(_heard)  # which cannot be taken away again, but costs nothing while nobody counts


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Yield how often files are opened, folders listed and files looked at in the block."""
    global _counting  # noqa: PLW0603 - an audit hook has no other way to know
    found: Counter[str] = Counter()
    real = os.stat

    def stat(path: Path, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        found["stat"] += 1
        return real(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", stat)
        _counting = found
        try:
            yield found
        finally:
            _counting = None


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_scale", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def homes(benchmark: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    found = {tracks: tmp_path_factory.mktemp(f"of{tracks}") for tracks in (FEW, MANY)}
    for tracks, home in found.items():
        benchmark.Library(home, stems=True).write(tracks)
    return found


def planned(home: Path, *, force: bool = False, source: bool = False) -> Plan:
    settings = Settings.model_validate({"paths": {"reports": str(home / "reports")}})
    names = frozenset(stage.name for stage in STAGES) if force else frozenset()
    request = request_for(home / "recordings" if source else None, STAGES, names, settings)
    return make_plan(request, home / "library", settings)


@pytest.mark.parametrize(
    ("what", "options", "most"),
    [
        ("all to do", {"force": True}, {"open": 1, "scandir": 1, "stat": 1}),
        # Half of the tracks lack a stage: the others are looked at as closely as possible, with stems and times.
        ("resumed", {}, {"open": 4, "scandir": 1, "stat": 5}),
        ("resumed from recordings", {"source": True}, {"open": 4, "scandir": 1, "stat": 6}),
    ],
)
def test_what_planning_asks_of_the_disk_is_the_same_for_every_track(
    homes: dict[int, Path], monkeypatch: pytest.MonkeyPatch, what: str, options: dict[str, bool], most: dict[str, int]
) -> None:
    asked = {}
    planned(homes[FEW], **options)  # what is loaded late is loaded now
    for tracks, home in homes.items():
        with counted(monkeypatch) as found:
            plan = planned(home, **options)
        assert (len(plan.jobs) + len(plan.done), plan.failures) == (tracks, []), what
        asked[tracks] = found
    for kind, bound in most.items():
        each = (asked[MANY][kind] - asked[FEW][kind]) / (MANY - FEW)
        assert each < bound + 0.5, f"{what}: {kind} {each} times for each track"
        assert asked[FEW][kind] - each * FEW < 500, f"{what}: {kind} besides"


@pytest.mark.parametrize("source", [False, True])
def test_a_resumed_run_reads_and_parses_every_info_once(
    homes: dict[int, Path],
    monkeypatch: pytest.MonkeyPatch,
    source: bool,  # noqa: FBT001 - a table
) -> None:
    planned(homes[FEW], source=source)  # what is loaded late is loaded now
    parsed: Counter[str] = Counter()

    def decode(text: str) -> object:
        parsed["provenance"] += 1
        return flat_json.decode(text)

    def load(text: str) -> dict[str, Any]:
        parsed["values"] += 1
        return flat_json.load(text)

    monkeypatch.setattr(info, "decode", decode)
    monkeypatch.setattr(info, "load", load)
    _opened.clear()
    with counted(monkeypatch):
        planned(homes[FEW], source=source)
    infos = {path: times for path, times in _opened.items() if path.endswith(".INFO")}
    assert set(infos.values()) == {1}
    assert len(infos) == FEW
    # Half of the tracks lack the stage crop, which alone asks for values.
    assert parsed == {"provenance": FEW, "values": FEW // 2}


def test_a_resumed_run_does_not_hold_what_it_parsed(homes: dict[int, Path]) -> None:
    planned(homes[FEW])
    peaks = []
    for tracks in (FEW, MANY):
        tracemalloc.start()
        plan = planned(homes[tracks])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(plan.done) == tracks // 2
    # A name, a job and its folder: a parsed .INFO takes some thirty thousand bytes.
    assert (peaks[1] - peaks[0]) / (MANY - FEW) < 2000


def test_listing_looks_into_every_folder_once(homes: dict[int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as found:
        assert len(list_tracks(homes[MANY] / "library")) == MANY
    assert found == {"scandir": MANY + 1}


def test_an_estimate_looks_into_some_recordings_only(homes: dict[int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    home = homes[MANY]
    settings = Settings.model_validate({"paths": {"reports": str(home / "reports")}})
    plan = planned(home, force=True)
    machine = look_around(settings, STAGES)
    with counted(monkeypatch) as found:
        told = estimate(plan, STAGES, settings, machine)
    assert told.seconds is not None
    assert told.tracks == MANY
    assert len(told.work) <= 2 * LOOKED_INTO * len(STAGES)
    assert found["open"] <= 4 * LOOKED_INTO


@pytest.mark.process
@pytest.mark.parametrize("options", [{"source": False}, {"source": True}])
def test_several_processes_plan_what_one_plans(
    homes: dict[int, Path], monkeypatch: pytest.MonkeyPatch, options: dict[str, bool]
) -> None:
    alone = planned(homes[FEW], **options)
    monkeypatch.setattr(pieces, "WORTH_IT", 10)
    monkeypatch.setattr(pieces, "PIECE", 30)
    monkeypatch.setattr(pieces, "usable_cores", lambda: 2)
    together = planned(homes[FEW], **options)
    assert together == alone
    assert (len(alone.jobs), len(alone.done)) == (FEW // 2, FEW // 2)


def test_what_cannot_be_planned_is_told_in_pieces_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 2)
    for name in "abcde":
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.INFO").write_text("{" if name in "bd" else "{}")
    plan = make_plan(Request(None, (ANALYZE,)), tmp_path, Settings())
    assert [failure.track for failure in plan.failures] == list("abcde")


def _length(items: Sequence[int]) -> int:
    return len(items)


def _dies(_items: Sequence[int]) -> int:
    os._exit(1)


@pytest.mark.process
def test_when_the_processes_die_the_pieces_are_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "WORTH_IT", 1)
    monkeypatch.setattr(pieces, "usable_cores", lambda: 2)
    items = range(pieces.PIECE + 1)
    assert list(in_pieces(items, _length, _dies)) == [pieces.PIECE, 1]


def test_few_items_and_a_single_core_start_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(in_pieces([1, 2], _length, _dies)) == [2]
    monkeypatch.setattr(pieces, "WORTH_IT", 1)
    monkeypatch.setattr(pieces, "usable_cores", lambda: 1)
    assert list(in_pieces([1, 2], _length, _dies)) == [2]
    monkeypatch.setattr(pieces, "usable_cores", lambda: 2)
    assert list(in_pieces([1, 2], _length, None)) == [2]


def test_the_million_is_not_held_twice(tmp_path: Path) -> None:
    """A job shares its steps with all others that have the same, and holds little else."""
    for number in range(50):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "full_mix.wav").write_bytes(b"")
    plan = make_plan(Request(None, (ANALYZE,)), tmp_path, Settings())
    assert len({id(job.steps) for job in plan.jobs}) == 1
    assert len({id(job.force) for job in plan.jobs}) == 1
    assert not hasattr(plan.jobs[0], "__dict__")
    assert not hasattr(Track(tmp_path), "__dict__")
