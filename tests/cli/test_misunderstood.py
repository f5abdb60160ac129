"""What is said of a command line that does not make sense."""

from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.words import force_with_value, global_options_first, options_in
from support.documents import error_of


@pytest.mark.parametrize(
    ("words", "why", "fix"),
    [
        (["anlyze"], "No such command 'anlyze'. Did you mean 'analyze'?", "`sda --help` lists"),
        (["run", "--stage", "analyze"], "No such option: --stage. Did you mean --stages?", "`sda run --help`"),
        (["run", "--nonsense"], "No such option: --nonsense", "`sda run --help`"),
        (["analyze"], "Missing argument 'FILE'.", "`sda analyze --help`"),
        (["export"], "Missing argument 'FORMAT'.", "`sda export --help`"),
        (["stats", "--top", "0"], "Invalid value for '--top': '0' is not at least 1.", "`sda stats --help`"),
        (["stats", "--top", "x"], "Invalid value for '--top': 'x' is not a whole number.", "`sda stats --help`"),
        (["stats", "--top", "1.5"], "Invalid value for '--top': '1.5' is not a whole number.", "`sda stats --help`"),
        (["diff", "a", "b", "--tolerance", "x"], "Invalid value for '--tolerance': 'x' is not a number.", "--help"),
        (["benchmark", "--headroom", "x"], "Invalid value for '--headroom': 'x' is not a number.", "--help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_parsers_words_are_put_plainly(
    words: list[str], why: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 2
    error = error_of(capsys.readouterr().out)
    assert error["why"] == why
    assert fix in error["fix"]


def test_a_file_whose_name_begins_with_a_dash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-my take.wav").touch()
    assert main(["analyze", "-my take.wav"]) == 2
    assert " analyze -- '-my take.wav'`" in capsys.readouterr().err
    assert main(["-my take.wav"]) == 2
    assert " --help` lists the commands" in capsys.readouterr().err
    assert main(["analyze", "--", "-my take.wav"]) == 1
    assert "-my take.wav is empty." in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--config", "--device"])
def test_a_global_option_at_the_end_lacks_its_value(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--json", option]) == 2
    assert error_of(capsys.readouterr().out)["what"] == f"{option} lacks its value."


def test_the_version_may_stand_behind_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--version"]) == 0
    assert capsys.readouterr().out.startswith("sda ")


def test_what_stands_behind_two_dashes_is_no_option() -> None:
    assert options_in(["run", "--", "--json"]) == ["run"]
    assert options_in(["run", "--json"]) == ["run", "--json"]
    assert global_options_first(["run", "--", "-v"]) == ["run", "--", "-v"]
    assert force_with_value(["run", "--select"]) == ["run", "--select", "usual"]
