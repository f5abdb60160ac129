import webbrowser
from pathlib import Path

import pytest

from small_dataset_audio.cli import report as command
from small_dataset_audio.cli.main import main
from support.dataset_library import tree
from support.documents import document_of, error_of
from support.report_library import odd, piece, rich


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "library"
    rich(folder)
    return folder


def test_a_library_gets_its_pages_in_the_folder_of_reports(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(library)
    assert main(["report"]) == 0
    shown = capsys.readouterr()
    page = tmp_path / "data" / "reports" / "library" / "index.html"
    assert shown.out == f"Report of 1 track: {page}\n"
    assert "[1/1] listened to" in shown.err
    assert "[1/1] Everything: drawn" in shown.err
    assert page.is_file()
    assert tree(library) == before
    findings = (page.parent / "findings.html").read_text(encoding="utf-8")
    assert "harmful" in findings


def test_a_program_gets_one_document(library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd(library)
    assert main(["report", str(library), "--output", "elsewhere", "--no-checks", "--json"]) == 0
    document = document_of("sda report", capsys.readouterr().out)
    assert document["report"] == str(tmp_path / "elsewhere" / "index.html")
    assert (document["tracks"], document["drawn"]) == (8, 7)
    assert {one["track"] for one in document["problems"]} == {"Broken Info", "Drone", "Not Audio"}
    assert "made by sda lint" not in (tmp_path / "elsewhere" / "findings.html").read_text(encoding="utf-8")


def test_what_cannot_be_shown_is_said(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd(library)
    assert main(["report", "--no-checks"]) == 0
    shown = capsys.readouterr()
    assert "Warning: Not Audio: " in shown.err
    assert "Report of 8 tracks" in shown.out


def test_copies_are_put_in_on_request(library: Path, tmp_path: Path) -> None:
    assert main(["report", "--no-checks", "--copy-audio", "-q"]) == 0
    assert len(list((tmp_path / "data" / "reports").rglob("*.mp3"))) == 3


def test_an_empty_library_has_a_report_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path / "empty"), "--output", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert "There are no tracks in" in shown.err
    assert "Report of 0 tracks" in shown.out


@pytest.mark.parametrize("kind", ["missing", "file", "foreign", "itself"])
def test_what_is_not_possible_is_said_and_nothing_written(
    library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    (tmp_path / "file.txt").write_text("mine")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").write_text("mine")
    words = {
        "missing": (["nowhere"], 1, "no library"),
        "file": (["file.txt"], 1, "no library"),
        "foreign": (["--output", "foreign"], 2, "Nothing was written"),
        "itself": (["--output", str(library)], 2, "cannot be written"),
    }
    options, status, what = words[kind]
    before = tree(tmp_path)
    assert main(["report", *options, "--json"]) == status
    assert what in error_of(capsys.readouterr().out)["what"]
    assert tree(tmp_path) == before


def test_a_library_that_can_only_be_read_has_a_report(library: Path, tmp_path: Path) -> None:
    for path in sorted(library.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert main(["report", "--output", str(tmp_path / "out")]) == 0
    finally:
        for path in library.rglob("*"):
            path.chmod(0o755)


def test_a_report_opens_where_there_is_a_browser(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def fake(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", fake)
    assert main(["report", "--open", "--no-checks"]) == 0
    assert opened == [(tmp_path / "data" / "reports" / "library" / "index.html").as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    assert main(["report", "--open", "--no-checks"]) == 0
    assert "No browser could be opened." in capsys.readouterr().err


def test_workers_are_those_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDA_PIPELINE_WORKERS", "1")
    piece(tmp_path / "data" / "library", "Song")
    assert main(["report", "--no-checks"]) == 0
    assert command.REPORT_SCHEMA["title"] == "sda report"
