from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.features.catalog import declared
from support.documents import document_of, error_of
from support.terminals import at_terminal


def test_the_catalog_is_listed_one_feature_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["feature", "unit", "range", "stage", "meaning"]
    assert [line.split()[0] for line in lines[: len(declared())]] == list(declared())
    assert lines[-1] == f"{len(declared())} features. `sda features NAME` shows one with its source."


def test_one_feature_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "lufs"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("lufs (float, LUFS, -40 to 0)\n")
    assert "Measured by: analyze" in out
    assert "BS.1770" in out


def test_the_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "--json"]) == 0
    document = document_of("sda features", capsys.readouterr().out)
    assert [one["name"] for one in document["features"]] == list(declared())
    assert main(["features", "bpm", "--json"]) == 0
    [one] = document_of("sda features", capsys.readouterr().out)["features"]
    assert one["name"] == "bpm"
    assert main(["features", "bmp", "--json"]) == 2
    assert "bpm" in error_of(capsys.readouterr().out)["fix"]


@pytest.mark.process
def test_on_a_narrow_terminal_no_name_is_cut_and_nothing_sticks_out(tmp_path: Path) -> None:
    seen = at_terminal("features", cwd=tmp_path, columns=40, env={"NO_COLOR": "1"})
    assert seen.status == 0
    assert set(declared()) <= set(seen.lines)
    assert max(map(len, seen.lines)) <= 40
    assert "\x1b" not in seen.raw
    assert "\x1b[1m" in at_terminal("features", "--quiet", cwd=tmp_path, columns=40).raw


@pytest.mark.process
def test_columns_says_how_wide_the_terminal_is(tmp_path: Path) -> None:
    seen = at_terminal("config", "show", cwd=tmp_path, columns=200, env={"COLUMNS": "40"})
    assert "general.verbosity" in seen.lines
    assert "pipeline.allow_truncated" in seen.lines
