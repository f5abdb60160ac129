"""How services are asked: in turn, with patience, remembered, and with keys that nobody else sees."""

import datetime as dt
import subprocess
import sys
import threading
import time
from email.utils import format_datetime
from pathlib import Path

import pytest

from small_dataset_audio.atomic import TEMPORARY_SUFFIX
from small_dataset_audio.dataset.metadata.sources import memory, pace
from small_dataset_audio.dataset.metadata.sources import web as web_module
from small_dataset_audio.dataset.metadata.sources.memory import Memory, Remembered
from small_dataset_audio.dataset.metadata.sources.pace import Pace
from small_dataset_audio.dataset.metadata.sources.question import NotAllowed, Question, Trouble
from small_dataset_audio.dataset.metadata.sources.web import Manners, Web, asked_pause
from small_dataset_audio.errors import StoreError
from support.metadata_server import Behaviour, Site, hangs_up, raw, says, silent

QUICK = Manners(patience=0.3, pause=0.01)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web("Somewhere", tmp_path, 0.0, QUICK)


def question(site: Site, **params: str) -> Question:
    return Question(f"{site.address}/page", params)


def test_an_answer_is_remembered_also_by_the_next_process(site: Site, tmp_path: Path, web: Web) -> None:
    site.put("/page", says({"a": 1}), says({"a": 2}))
    assert web.ask(question(site, q="x y")) == {"a": 1}
    again = Web("Somewhere", tmp_path, 0.0, QUICK)
    assert again.ask(question(site, q="x y")) == {"a": 1}
    assert len(site.asked) == 1
    again.fresh = True
    assert again.ask(question(site, q="x y")) == {"a": 2}
    again.fresh = False
    assert again.ask(question(site, q="x y")) == {"a": 2}
    assert again.ask(question(site, q="z")) == {"a": 2}
    assert len(site.asked) == 3
    assert site.asked[0].headers["user-agent"].startswith("small-dataset-audio/")


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_nothing_is_remembered_too(site: Site, web: Web, status: int) -> None:
    site.put("/page", says({"error": "Not Found"}, status))
    assert web.ask(question(site)) is None
    assert web.ask(question(site)) is None
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "first",
    [says({}, 503), says({}, 500), raw(b"", 429), says({}, 429, Retry_After="0"), hangs_up, silent(0.6)],
    ids=["503", "500", "429", "429 at once", "hangs up", "silent"],
)
def test_what_passes_is_tried_again(site: Site, web: Web, first: Behaviour) -> None:
    site.put("/page", first, says({"a": 1}))
    assert web.ask(question(site)) == {"a": 1}
    assert len(site.asked) == 2


def test_the_pause_that_a_service_asks_for_is_kept_by_all(site: Site, tmp_path: Path, web: Web) -> None:
    site.put("/page", says({}, 503, Retry_After="1"), says({"a": 1}))
    other = Web("Somewhere", tmp_path, 0.0, QUICK)
    asking = threading.Thread(target=web.ask, args=(question(site),))
    asking.start()
    noted = tmp_path / "metadata" / "somewhere" / "turns" / "next-turn"
    while not site.asked or float(noted.read_text()) < site.asked[0].at + 0.5:
        time.sleep(0.005)
    site.put("/other", says({"b": 1}))
    other.ask(Question(f"{site.address}/other"))
    asking.join()
    first, *later = site.asked
    assert all(one.at - first.at >= 0.95 for one in later)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (says({}, 503), "answered HTTP 503"),
        (says({}, 429, Retry_After="3600"), "answered HTTP 429 and asks to wait 3600 s"),
        (hangs_up, "broke off in the middle of an answer"),
        (raw(b'{"a": 1', Content_Length="1000"), "broke off in the middle of an answer"),
        (silent(0.6), "was silent for 0.3 s"),
        (raw(b"<html>busy</html>"), "something that is not JSON"),
        (raw(b"[" * 100_000), "something that is not JSON"),
        (raw(b'"text"'), "something that is not JSON"),
        (raw(b"\xff\xfe"), "something that is not JSON"),
        (raw(b"zzz", Content_Encoding="gzip"), "cannot be decoded"),
        (says({"error": "bad"}, 400), "answered HTTP 400"),
        (says({}, 302, Location="http://127.0.0.1:1/"), "cannot be reached"),
        (raw(b"[" + b" " * 9_000_000), "far more than an answer"),
    ],
)
def test_trouble_is_told_and_never_remembered(
    site: Site, web: Web, page: Behaviour, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "_LONGEST_PAUSE", 0.2)
    site.put("/page", page)
    with pytest.raises(Trouble) as caught:
        web.ask(question(site))
    assert reason in caught.value.sentence
    assert "Somewhere" in caught.value.sentence
    site.put("/page", says({"a": 1}))
    assert web.ask(question(site)) == {"a": 1}


def test_a_service_that_stays_in_trouble_is_left_alone(site: Site, web: Web) -> None:
    site.put("/page", raw(b"busy"))
    site.put("/known", says({"a": 1}))
    web.ask(Question(f"{site.address}/known"))
    for _ in range(5):
        with pytest.raises(Trouble):
            web.ask(question(site))
    assert site.paths().count("/page") == 2
    assert web.ask(Question(f"{site.address}/known")) == {"a": 1}


def test_nobody_there_at_all(web: Web) -> None:
    with pytest.raises(Trouble, match="Somewhere cannot be reached"):
        web.ask(Question("http://127.0.0.1:9/page"))


@pytest.mark.parametrize("address", ["http://[", "http://exa mple/", "gopher://127.0.0.1/", "http://\udcff/"])
def test_addresses_that_are_none(web: Web, address: str) -> None:
    with pytest.raises(Trouble):
        web.ask(Question(address))


def test_a_proxy_that_is_none(web: Web, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://x")
    with pytest.raises(Trouble, match="proxy"):
        web.ask(question(site))


def test_a_key_is_not_sent_where_others_can_read_it(web: Web) -> None:
    secret = Question("http://example.org/page", headers={"Authorization": "Bearer s3cret"})
    with pytest.raises(NotAllowed, match="https") as caught:
        web.ask(secret)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(secret)


def test_a_question_with_a_key_is_not_redirected(site: Site, web: Web) -> None:
    site.put("/page", says({}, 302, Location=f"{site.address}/elsewhere"))
    with pytest.raises(Trouble, match="302"):
        web.ask(Question(f"{site.address}/page", secret_data={"client": "s3cret"}))
    assert site.paths() == ["/page"]
    site.put("/elsewhere", says({"a": 1}))
    assert web.ask(question(site)) == {"a": 1}


def test_keys_are_kept_nowhere(site: Site, web: Web, tmp_path: Path) -> None:
    site.put("/page", says({"a": 1}))
    asked = Question(
        f"{site.address}/page",
        data={"n": "1"},
        secret_data={"client": "s3cret"},
        headers={"Authorization": "Bearer t0ken"},
    )
    assert web.ask(asked) == {"a": 1}
    assert site.asked[0].form == {"n": "1", "client": "s3cret"}
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b'"n": "1"' in kept
    assert b"s3cret" not in kept
    assert b"t0ken" not in kept


def test_a_refused_key_is_told_at_once(site: Site, web: Web) -> None:
    site.put("/page", says({}, 401))
    with pytest.raises(NotAllowed, match="refuses the key"):
        web.ask(question(site))
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("5", 5.0),
        ("", 0.0),
        ("soon", 0.0),
        ("-3", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00", 0.0),
    ],
)
def test_pauses_that_are_asked_for(header: str, expected: float) -> None:
    assert asked_pause({"Retry-After": header}) == expected


def test_a_pause_until_a_moment() -> None:
    moment = format_datetime(dt.datetime.now(tz=dt.UTC) + dt.timedelta(seconds=20), usegmt=True)
    assert 15 < asked_pause({"Retry-After": moment}) <= 20


def test_turns_are_kept_over_threads_and_folders(tmp_path: Path) -> None:
    """Eight askers with eight objects, as different processes have."""
    began = time.monotonic()
    ends: list[float] = []

    def ask() -> None:
        Pace(tmp_path / "turns", 0.05).wait()
        ends.append(time.monotonic() - began)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(ends) == 8
    gaps = [later - sooner for sooner, later in zip(sorted(ends), sorted(ends)[1:], strict=False)]
    assert sum(gaps) >= 0.05 * 7 - 0.02


@pytest.mark.process
def test_turns_are_kept_over_processes(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from small_dataset_audio.dataset.metadata.sources.pace import Pace; "
        "[(Pace(Path(sys.argv[1]), 0.2).wait(), print(time.time(), flush=True)) for _ in range(2)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "turns")], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    ends = sorted(float(line) for one in running for line in one.communicate()[0].split())
    assert len(ends) == 6
    assert ends[-1] - ends[0] >= 0.2 * 5 - 0.15


@pytest.mark.parametrize("noted", ["", "tomorrow", "nan", "1e99", "-5", "\xff"])
def test_turns_that_nobody_can_have_noted(tmp_path: Path, noted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_FARTHEST", 0.05)
    folder = tmp_path / "turns"
    folder.mkdir()
    (folder / "next-turn").write_text(noted, encoding="latin-1")
    began = time.monotonic()
    Pace(folder, 0.0).wait()
    assert time.monotonic() - began < 2.0


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        Pace(tmp_path / "file" / "turns", 0.0).wait()


def test_memory_forgets_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Memory(tmp_path)
    kept.keep({"q": 1}, {"a": 1})
    kept.keep({"q": 2}, None)
    now = time.time()
    monkeypatch.setattr(
        "small_dataset_audio.dataset.metadata.sources.memory.time.time", lambda: now + memory.NOTHING_SECONDS + 60
    )
    assert kept.recall({"q": 1}) == Remembered({"a": 1})
    assert kept.recall({"q": 2}) is None
    monkeypatch.setattr(
        "small_dataset_audio.dataset.metadata.sources.memory.time.time", lambda: now - 86400
    )  # the clock was set back
    assert kept.recall({"q": 1}) is None


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"{}", b"[" * 100_000, b"\xff"),
        b'{"format": 1, "when": "x", "question": {"q": 1}, "answer": {}}',
        b'{"format": 1, "when": 9e9, "question": {"q": 1}, "answer": []}',
        b'{"format": 2, "when": 1.0, "question": {"q": 1}, "answer": {}}',
        b'{"format": 1, "when": 1.0, "question": {"q": 2}, "answer": {}}',
    ],
)
def test_memory_that_is_damaged_is_none(tmp_path: Path, content: bytes) -> None:
    kept = Memory(tmp_path)
    kept.keep({"q": 1}, {"a": 1})
    [file] = tmp_path.rglob("*.json")
    file.write_bytes(content)
    assert kept.recall({"q": 1}) is None


def test_memory_that_cannot_be_written_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("x")
    Memory(tmp_path / "file").keep({"q": 1}, {"a": 1})
    assert "could not be kept" in caplog.text
    assert not list(tmp_path.rglob(f"*{TEMPORARY_SUFFIX}"))


def test_a_clock_that_jumps_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    paces = Pace(tmp_path / "turns", 1.0)
    for now in (2e9, 1e9, 1e9, 3e9):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        paces.wait()
    assert waited == [0.0, 0.0, 1.0, 0.0]


def test_what_a_killed_process_left_in_the_memory_goes(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.keep({"a": 1}, {"b": 2})
    [kept] = tmp_path.rglob("*.json")
    (kept.parent / f".abc{TEMPORARY_SUFFIX}").write_text("half")
    assert memory.recall({"a": 1}) is not None
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
