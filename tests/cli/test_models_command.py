"""``sda models``."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w
from rich.progress import Progress

from small_dataset_audio.cli.console import Terminal
from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.pulling import BarPulling, PlainPulling, size_text
from small_dataset_audio.locks import LOCK_NAME
from small_dataset_audio.models.part import Part
from small_dataset_audio.models.registry import models
from support.documents import document_of, error_of
from support.http_server import Site, file, serving, status
from support.processes import assert_error, sda
from support.terminals import at_terminal

CONTENT = b"weights" * 1000
OTHER = b"others" * 1000


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


@pytest.fixture
def home(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with settings and a list of models of its own, which is the current one."""
    site.put("/free.bin", file(CONTENT))
    site.put("/bound.bin", file(OTHER))
    site.put("/loose.bin", file(CONTENT))
    own = {
        "free": {**entry("yes", "MIT"), "files": [declared(site, "free.bin", CONTENT)], "memory_gb": 2.0},
        "bound": {**entry("no", "CC BY-NC 4.0"), "files": [declared(site, "bound.bin", OTHER)]},
        "loose": {**entry("yes", "MIT"), "files": [{"name": "loose.bin", "urls": [f"{site.address}/loose.bin"]}]},
    }
    (tmp_path / "own.toml").write_text(tomli_w.dumps(own))
    (tmp_path / "config.toml").write_text('[models]\nregistry = "own.toml"\n[paths]\nmodels = "weights"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def entry(use: str, licence: str) -> dict[str, object]:
    return {
        "task": "tests",
        "summary": "A test.",
        "licence": licence,
        "commercial_use": use,
        "commercial": f"Sell it: {use}.",
    }


def declared(site: Site, name: str, content: bytes) -> dict[str, object]:
    return {
        "name": name,
        "urls": [f"{site.address}/{name}"],
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }


def test_without_a_command_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "pull" in capsys.readouterr().out


def test_the_list(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split("  ")[0] == "model"
    rows = {line.split()[0]: line for line in lines if line}
    assert set(models()) <= set(rows)
    assert "84.0 MB" in rows["htdemucs"]
    assert "~16.5 GB" in rows["music_flamingo_hf"]
    assert "CC BY-NC 4.0" in rows["bound"]
    assert "?" in rows["loose"]
    assert str(home / "weights") in lines[-1]


def test_one_model_with_what_its_licence_means(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "free"]) == 0
    out = capsys.readouterr().out
    assert "A test. Sell it: yes." in out
    assert "about 2 GiB" in out
    assert main(["models", "list", "bound"]) == 0
    assert "GiB" not in capsys.readouterr().out


def test_the_list_as_a_document(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "free", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["models", "list", "--json"]) == 0
    document = document_of("sda models list", capsys.readouterr().out)
    known = {one["name"]: one for one in document["models"]}
    assert set(known) == {*models(), "free", "bound", "loose"}
    assert (known["free"]["installed"], known["free"]["missing"]) == ("yes", [])
    assert (known["bound"]["installed"], known["bound"]["missing"]) == ("no", ["bound.bin"])
    assert (known["loose"]["bytes"], known["loose"]["pinned"]) == (None, False)
    assert known["bound"]["commercial_use"] == "no"
    assert main(["models", "list", "tests", "--json"]) == 0
    names = [one["name"] for one in document_of("sda models list", capsys.readouterr().out)["models"]]
    assert names == ["free", "bound", "loose"]


def test_a_wrong_name_leads_to_the_nearest(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("list", "pull", "verify", "where"):
        assert main(["models", command, "htdemuc", "--json"]) == 2
        assert "htdemucs" in error_of(capsys.readouterr().out)["why"]


def test_a_pull_shows_the_licence_and_says_what_it_did(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "free"]) == 0
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.splitlines() == [
        "free: licence MIT. Sell it: yes.",
        "Getting free.bin (7.0 kB).",
        f"free: 1 file fetched and verified, in {home / 'weights' / 'free'}",
    ]
    assert (home / "weights" / "free" / "free.bin").read_bytes() == CONTENT
    assert main(["models", "pull", "free"]) == 0
    assert "there already" in capsys.readouterr().err


def test_a_pull_as_a_document(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "tests", "--accept-licence", "--json"]) == 0
    seen = capsys.readouterr()
    document = document_of("sda models pull NAME", seen.out)
    assert [one["fetched"] for one in document["models"]] == [["free.bin"], ["bound.bin"], ["loose.bin"]]
    assert document["models"][2]["unpinned"] == {"loose.bin": hashlib.sha256(CONTENT).hexdigest()}
    assert "Warning: Nobody has told sda what loose.bin must be" in seen.err


def test_a_licence_that_nobody_accepted(home: Path, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "bound", "--json"]) == 2
    error = error_of(capsys.readouterr().out)
    assert error["why"] == "bound: licence CC BY-NC 4.0. Sell it: no."
    assert "--accept-licence" in error["fix"]
    assert site.asked == []
    assert main(["models", "pull", "bound", "--accept-licence", "--quiet"]) == 0


@pytest.mark.process
@pytest.mark.parametrize(("answer", "status_"), [("yes\n", 0), ("no\n", 2), ("\n", 2)])
def test_a_person_is_asked(home: Path, answer: str, status_: int) -> None:
    seen = at_terminal("models", "pull", "bound", cwd=home, answers=[answer], columns=200)
    assert seen.status == status_, seen.text
    assert "Do you accept the licence of bound" in seen.text
    assert (home / "weights" / "bound" / "bound.bin").exists() is (status_ == 0)


@pytest.mark.process
def test_a_bar_is_shown_to_a_person(home: Path) -> None:
    seen = at_terminal("models", "pull", "free", "loose", cwd=home, columns=120)
    assert seen.status == 0, seen.text
    assert "free: 1 file fetched and verified" in seen.text


def test_one_failure_does_not_keep_the_others(home: Path, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.put("/free.bin", status(404))
    assert main(["models", "pull", "free", "loose", "--json"]) == 1
    assert "404" in error_of(capsys.readouterr().out)["why"]
    assert (home / "weights" / "loose" / "loose.bin").exists()
    site.put("/bound.bin", status(403))
    assert main(["models", "pull", "free", "bound", "--accept-licence", "--json"]) == 1
    error = error_of(capsys.readouterr().out)
    assert error["what"] == "2 of 2 models could not be pulled."
    assert "404" in error["why"]
    assert "403" in error["why"]


def test_mirrors_and_offline_come_from_the_settings(
    home: Path, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site.put("/copy/free/free.bin", file(CONTENT))
    monkeypatch.setenv("SDA_MODELS_MIRRORS", f"{site.address}/copy")
    assert main(["models", "pull", "free", "--quiet"]) == 0
    assert [path for path, _ in site.asked] == ["/copy/free/free.bin"]
    monkeypatch.setenv("SDA_GENERAL_OFFLINE", "1")
    assert main(["models", "pull", "loose", "--json"]) == 1
    assert "general.offline" in error_of(capsys.readouterr().out)["why"]


def test_files_from_a_folder(home: Path, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    stick = home / "stick"
    stick.mkdir()
    (stick / "free.bin").write_bytes(CONTENT)
    assert main(["models", "pull", "free", "--from", str(stick)]) == 0
    assert site.asked == []
    assert main(["models", "pull", "bound", "--from", str(stick), "--accept-licence", "--json"]) == 1
    assert "bound.bin" in error_of(capsys.readouterr().out)["what"]


def test_verifying(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify"]) == 0
    assert "No weights are installed" in capsys.readouterr().out
    assert main(["models", "pull", "free", "loose", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["models", "verify"]) == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["state", "right", "right"]
    (home / "weights" / "free" / "free.bin").write_bytes(CONTENT[::-1])
    assert main(["models", "verify"]) == 1
    seen = capsys.readouterr()
    assert "wrong" in seen.out
    assert "free cannot be used" in seen.err
    assert "models pull free`" in seen.err
    assert main(["models", "verify", "free", "bound", "--json"]) == 1
    document = document_of("sda models verify", capsys.readouterr().out)
    assert (document["ok"], [one["ok"] for one in document["models"]]) == (False, [False, False])
    assert [one["files"][0]["state"] for one in document["models"]] == ["wrong", "missing"]


def test_trusting_what_one_laid_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "weights" / "loose").mkdir(parents=True)
    (home / "weights" / "loose" / "loose.bin").write_bytes(CONTENT)
    assert main(["models", "verify", "loose"]) == 0
    seen = capsys.readouterr()
    assert "trusted" in seen.out
    assert "it is trusted as it is now" in seen.err


def test_where(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = home / "weights"
    assert main(["models", "where"]) == 0
    assert capsys.readouterr().out == f"{weights}\n"
    assert main(["models", "where", "free", "bound"]) == 0
    assert capsys.readouterr().out == f"{weights / 'free'}\n{weights / 'bound'}\n"
    assert main(["models", "where", "free", "--json"]) == 0
    document = document_of("sda models where", capsys.readouterr().out)
    assert document == {"folder": str(weights), "models": {"free": str(weights / "free")}}


@pytest.mark.parametrize(
    ("size", "exact", "text"),
    [(None, True, "?"), (0, True, "0 B"), (999, True, "999 B"), (4613, True, "4.6 kB"), (8_451_101, True, "8.5 MB"),
     (16_500_000_000, False, "~16.5 GB")],
)  # fmt: skip
def test_sizes_in_words(size: int | None, text: str, *, exact: bool) -> None:
    assert size_text(size, exact=exact) == text


def test_bars_move_and_sentences_stand_above_them(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    with Progress(console=terminal.err) as bars:
        shown = BarPulling(terminal, bars)
        shown.advance(1)
        shown.start("a.bin", 10, 2)
        shown.advance(3)
        [task] = bars.tasks
        assert (task.description, task.completed, task.total) == ("a.bin", 5, 10)
        shown.say("Waiting.")
        shown.start("b.bin", None, 0)
        assert [one.description for one in bars.tasks] == ["b.bin"]
    assert "Waiting." in capsys.readouterr().err


def test_a_line_is_written_once_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    shown = PlainPulling(Terminal(), "Getting")
    shown.start("a.bin", 7000, 0)
    shown.start("a.bin", 7000, 1000)
    shown.start("b.bin", 7000, 1000)
    shown.say("Waiting.")
    assert capsys.readouterr().err.splitlines() == [
        "Getting a.bin (7.0 kB).",
        "Getting b.bin (7.0 kB, 1.0 kB of it are there).",
        "Waiting.",
    ]


@pytest.mark.process
def test_a_list_with_mistakes_names_the_key(home: Path) -> None:
    (home / "own.toml").write_text('[net]\ntask = 3\nlicence = "MIT"\n')
    ended = sda("models", "list", cwd=home)
    assert_error(ended)
    assert "net.task is 3" in ended.err


@pytest.mark.process
def test_the_list_needs_neither_torch_nor_the_network(home: Path) -> None:
    program = (
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError('the network was used')\n"
        "socket.socket.connect = refuse\n"
        "from small_dataset_audio.cli.main import main\n"
        "assert main(['models', 'list', '--json']) == 0\n"
        "loaded = {'torch', 'httpx2', 'numpy', 'scipy', 'onnxruntime', 'rich'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=home, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["models"]


def test_a_pull_that_brought_nothing_leaves_nothing_to_verify_but_half_a_file_is_a_failure(
    home: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.put("/free.bin", status(404))
    assert main(["models", "pull", "free", "--quiet"]) == 1
    left = home / "weights" / "free"
    assert list(left.iterdir()) == []
    (left / LOCK_NAME).touch()  # on a network share
    capsys.readouterr()
    assert main(["models", "verify"]) == 0
    assert "No weights are installed" in capsys.readouterr().out
    Part(left / "free.bin").path.write_bytes(CONTENT[:10])
    assert main(["models", "verify"]) == 1
    seen = capsys.readouterr()
    assert "missing" in seen.out
    assert "run `" in seen.err
