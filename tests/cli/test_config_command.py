import json
from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SDA_CONFIG", "SDA_PATHS_LIBRARY", "SDA_HARDWARE_DEVICE"):
        monkeypatch.delenv(name, raising=False)


def test_show_names_the_origin_of_each_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('[features]\nkey_profile = "electronic"\n')
    monkeypatch.setenv("SDA_PATHS_LIBRARY", str(tmp_path / "elsewhere"))
    assert main(["config", "show", "--json", "--device", "cpu"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert settings["features.key_profile"]["origin"] == "file"
    assert settings["paths.library"]["origin"] == "env"
    assert settings["hardware.device"]["origin"] == "command line"
    assert settings["pipeline.workers"]["origin"] == "default"
    assert main(["config", "show"]) == 0
    table = capsys.readouterr().out
    assert "config.toml:2" in table
    assert "SDA_PATHS_LIBRARY" in table
    assert all(line.split()[0] in settings for line in table.splitlines()[1 : len(settings) + 1])


def test_set_get_and_unset_leave_the_rest_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine\n[pipeline]\nworkers = 3  # three\n")
    assert main(["config", "set", "features.key_profile", "electronic"]) == 0
    assert "# mine" in file.read_text()
    assert "workers = 3  # three" in file.read_text()
    capsys.readouterr()
    assert main(["config", "get", "features.key_profile"]) == 0
    assert capsys.readouterr().out == "electronic\n"
    assert main(["config", "get", "pipeline.workers", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pipeline.workers": 3}
    assert main(["config", "set", "features.key_profile", "--unset"]) == 0
    assert main(["config", "set", "features.key_profile", "--unset"]) == 0
    capsys.readouterr()
    assert main(["config", "get", "features.key_profile"]) == 0
    assert capsys.readouterr().out == "krumhansl\n"


def test_wrong_changes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "set", "pipeline.workers", "many"]) == 1
    assert main(["config", "set", "pipeline.wrokers", "2"]) == 2
    assert "pipeline.workers" in capsys.readouterr().err
    assert main(["config", "set", "pipeline.workers"]) == 2
    assert main(["config", "set", "pipeline.workers", "2", "--unset"]) == 2
    assert not (tmp_path / "config.toml").exists()


def test_a_value_may_be_less_than_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "set", "crops.silence_dbfs", "-60"]) == 0
    assert main(["config", "get", "crops.silence_dbfs"]) == 0
    assert capsys.readouterr().out == "-60.0\n"
    before = (tmp_path / "config.toml").read_text()
    for words in (["captions.prompt_full", "--unste"], ["--unste", "captions.prompt_full"], ["a.b", "--x", "y"]):
        assert main(["config", "set", *words]) == 2
    assert (tmp_path / "config.toml").read_text() == before


def test_path_and_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "path"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "config.toml")
    assert main(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["type"] == "object"
