"""Children that die, hang, grow and lie: each is a measurement, and none is left behind."""

import os
import signal
import time

import psutil
import pytest

from small_dataset_audio.errors import DeviceError, EnvironmentFault
from small_dataset_audio.hardware.benchmark import nursery as nurseries
from small_dataset_audio.hardware.benchmark.nursery import Failed, Gone, Nursery
from small_dataset_audio.hardware.benchmark.watchdog import Budget, Watch
from small_dataset_audio.hardware.memory import Memory
from support.benchmark_child import MIB, World, command, environ
from support.benchmark_messages import OUT_OF_MEMORY

BEGIN = {
    "do": "begin",
    "device": "cpu",
    "kind": "cpu",
    "threads": 1,
    "allowance": {"host_bytes": 0, "headroom": 0.1, "limit_bytes": None},
}
STEPS = {"warmup": 1, "least": 2, "seconds": 0.0}


def train(batch: int) -> dict[str, object]:
    return {"do": "train", "batch": batch, "steps": STEPS}


def nursery(world: World, *, forks: bool) -> Nursery:
    return Nursery(forks=forks, environ=environ(), command=command(world))


def watch(mib: int) -> Watch:
    return Watch(Budget(mib * MIB, mib * MIB, 0, Memory(mib * MIB, mib * MIB)))


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def await_end(pid: int) -> None:
    deadline = time.monotonic() + 5
    while alive(pid):
        assert time.monotonic() < deadline, f"process {pid} was left behind"
        time.sleep(0.01)


both = pytest.mark.parametrize("forks", [False, True], ids=["spawned", "forked"])


@both
def test_children_answer_one_after_another_and_none_is_left(forks: bool) -> None:  # noqa: FBT001 - a parameter
    pids: list[int] = []
    with nursery(World(), forks=forks) as children:
        for _ in range(3):
            children.fresh(timeout=20)
            assert children.pid is not None
            pids.append(children.pid)
            assert children.ask(BEGIN, timeout=5)["free_bytes"] == 4000 * MIB
            assert children.ask(train(10), timeout=5)["ended"] == "ok"
    assert len(set(pids)) == 3
    for pid in pids:
        await_end(pid)


@both
@pytest.mark.parametrize(
    ("above", "ended", "words"),
    [
        ("sigkill", "killed", "the process was ended by SIGKILL (the kernel does that when memory is out)"),
        ("segv", "killed", "the process was ended by SIGSEGV"),
        ("exit", "killed", "the process ended with status 3"),
        ("hang", "timeout", "the process gave no answer in 1 seconds"),
    ],
)
def test_a_child_that_dies_or_hangs_is_told_and_the_next_one_works(
    forks: bool, above: str, ended: str, words: str  # noqa: FBT001 - a parameter
) -> None:  # fmt: skip
    with nursery(World(above=above, at=[7]), forks=forks) as children:
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        pid = children.pid
        assert pid is not None
        with pytest.raises(Gone) as caught:
            children.ask(train(7), timeout=1)
        assert caught.value.ended == ended
        assert words in caught.value.reason
        assert children.pid is None
        await_end(pid)
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        assert children.ask(train(8), timeout=5)["ended"] == "ok"


@both
def test_last_words_about_memory_make_it_out_of_memory(forks: bool) -> None:  # noqa: FBT001 - a parameter
    """Metal and some drivers abort the process instead of raising an error."""
    with nursery(World(above="abort", at=[7], message=OUT_OF_MEMORY["mps queue"]), forks=forks) as children:
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        with pytest.raises(Gone) as caught:
            children.ask(train(7), timeout=5)
        assert caught.value.ended == "oom"
        assert caught.value.reason.startswith("the process was ended by SIGABRT: Insufficient Memory")
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        assert not children.ran_out(), "the words of an earlier child must not count"


def test_metal_that_only_reports_is_noticed() -> None:
    with nursery(World(kind="mps", says=OUT_OF_MEMORY["mps queue"]), forks=False) as children:
        assert not children.ran_out()
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        assert not children.ran_out()
        children.ask(train(1), timeout=5)
        assert children.ran_out()


@both
def test_a_child_that_takes_too_much_is_ended_by_the_watch(forks: bool) -> None:  # noqa: FBT001 - a parameter
    with nursery(World(takes=300 * MIB), forks=forks) as children:
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        watching = watch(200)
        with pytest.raises(Gone) as caught:
            children.ask(train(1), timeout=20, watch=watching)
        assert caught.value.ended == "killed"
        assert "its budget is 0.20 GiB" in caught.value.reason
        assert caught.value.peak_bytes == watching.peak > 200 * MIB
        assert children.pid is None


@both
def test_a_child_that_takes_too_much_is_left_alone_within_its_budget(forks: bool) -> None:  # noqa: FBT001
    with nursery(World(takes=100 * MIB), forks=forks) as children:
        watching = watch(2000)
        children.fresh(timeout=20, watch=watching)
        children.ask(BEGIN, timeout=5)
        assert children.ask(train(1), timeout=20, watch=watching)["ended"] == "ok"
        assert watching.peak > 100 * MIB


def test_the_peak_of_a_forked_child_that_dies_is_known_from_the_kernel() -> None:
    with nursery(World(above="sigkill", at=[7]), forks=True) as children:
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        with pytest.raises(Gone) as caught:
            children.ask(train(7), timeout=5)
        assert caught.value.peak_bytes is not None
        assert caught.value.peak_bytes > 5 * MIB


def test_a_failure_of_the_device_leaves_the_child_there() -> None:
    with nursery(World(fails_at="rate", fault="error", message="CUDA error: unknown"), forks=False) as children:
        children.fresh(timeout=20)
        children.ask(BEGIN, timeout=5)
        with pytest.raises(Failed, match="CUDA error: unknown"):
            children.ask({"do": "rate", "rate": "copy", "least": 1, "seconds": 0.0}, timeout=5)
        assert children.ask(train(1), timeout=5)["ended"] == "ok"


def test_errors_of_sda_arrive_as_what_they_are() -> None:
    with nursery(World(), forks=False) as children:
        children.fresh(timeout=20)
        with pytest.raises(DeviceError) as caught:
            children.ask({"do": "describe", "device": "cuda:9"}, timeout=5)
        assert caught.value.what == "The device cuda:9 is not there."


@pytest.mark.parametrize(("kind", "expected"), [("EnvironmentFault", EnvironmentFault), ("Unheard", DeviceError)])
def test_an_error_of_unknown_kind_is_one_of_the_device(
    monkeypatch: pytest.MonkeyPatch, kind: str, expected: type[Exception]
) -> None:
    children = Nursery(forks=False)
    monkeypatch.setattr(children, "_send", lambda _: None)
    answer = {"error": {"kind": kind, "what": "a", "why": "b", "fix": "c"}}
    monkeypatch.setattr(children, "_receive", lambda _t, _w: answer)
    with pytest.raises(expected):
        children.ask({"do": "describe"}, timeout=1)


@both
def test_a_child_that_dies_while_it_starts(forks: bool) -> None:  # noqa: FBT001 - a parameter
    with nursery(World(fails_at="fresh", fault="exit"), forks=forks) as children:
        with pytest.raises(Gone, match="status 3"):
            children.fresh(timeout=20)
        assert children.pid is None


def test_a_program_that_cannot_run_at_all() -> None:
    broken = Nursery(forks=False, environ=environ(), command=["/bin/sh", "-c", "echo no torch here >&2; exit 127"])
    with broken as children, pytest.raises(Gone, match="status 127: no torch here"):
        children.fresh(timeout=20)


def test_asking_before_anything_was_started_is_an_end_too() -> None:
    with Nursery(forks=False) as children, pytest.raises(Gone):
        children.ask(train(1), timeout=1)


@both
def test_children_end_when_their_parent_is_gone(forks: bool) -> None:  # noqa: FBT001 - a parameter
    """Also one that hangs: nothing may go on eating memory after a parent that was killed."""
    children = nursery(World(above="hang", at=[7]), forks=forks)
    children.fresh(timeout=20)
    children.ask(BEGIN, timeout=5)
    pid = children.pid
    assert pid is not None
    children._send(train(7))
    assert children._process is not None
    assert children._process.stdin is not None
    children._process.stdin.close()  # what the kernel does when a parent dies
    await_end(pid)
    children._end_process()


def test_a_process_that_ignores_the_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nurseries, "_GOODBYE_SECONDS", 0.2)
    stubborn = 'import signal,sys,time; sys.stdout.write(\'{"ok": {"pid": 0}}\\n\'); sys.stdout.flush(); time.sleep(60)'
    children = Nursery(forks=False, environ=environ(), command=[nurseries.COMMAND[0], "-c", stubborn])
    children.fresh(timeout=20)
    assert children._process is not None
    pid = children._process.pid
    children.close()
    await_end(pid)


def test_a_forked_child_that_ignores_the_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nurseries, "_GOODBYE_SECONDS", 0.2)
    children = nursery(World(above="hang", at=[7]), forks=True)
    children.fresh(timeout=20)
    children.ask(BEGIN, timeout=5)
    pid = children.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    children.close()
    await_end(pid)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (-9, "the process was ended by SIGKILL (the kernel does that when memory is out)"),
        (137, "the process was ended by SIGKILL (the kernel does that when memory is out)"),
        (-11, "the process was ended by SIGSEGV"),
        (1, "the process ended with status 1"),
        (0, "the process ended with status 0"),
        (255, "the process ended with status 255"),
    ],
)
def test_how_a_process_ended_in_words(status: int, expected: str) -> None:
    assert nurseries._manner(status) == expected
