import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.config import load
from small_dataset_audio.config.keys import KEYS
from small_dataset_audio.config.load import find_config, load_settings, writing_place
from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.sources import Gathered, Origin
from small_dataset_audio.errors import ConfigError
from support.config_toml import patient

NOTHING: dict[str, str] = {}


def config(folder: Path, text: str, name: str = "config.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_without_any_source_everything_is_default(tmp_path: Path) -> None:
    loaded = load_settings(environ=NOTHING, cwd=tmp_path)
    assert loaded.file is None
    assert loaded.folder == tmp_path
    assert set(loaded.origins) == set(KEYS)
    assert set(loaded.origins.values()) == {Origin("default")}
    assert loaded.settings.model_copy(update={"paths": Settings().paths}) == Settings()
    assert loaded.settings.paths.library == tmp_path / "data" / "library"


def test_command_line_over_environment_over_file_over_default(tmp_path: Path) -> None:
    file = config(tmp_path, '[hardware]\ndevice = "cuda:1"\n[pipeline]\nworkers = 2\nskip = ["crop"]\n')
    environ = {"SDA_HARDWARE_DEVICE": "mps", "SDA_PIPELINE_WORKERS": "3"}
    options = {"hardware.device": "--device"}
    loaded = load_settings(file, {"hardware.device": "cpu"}, environ, cwd=tmp_path, options=options)
    assert loaded.settings.hardware.device == "cpu"
    assert loaded.settings.pipeline.workers == 3
    assert loaded.settings.pipeline.skip == ["crop"]
    assert loaded.settings.pipeline.engine == "local"
    assert loaded.origins["hardware.device"] == Origin("command line", "--device")
    assert loaded.origins["pipeline.workers"] == Origin("env", "SDA_PIPELINE_WORKERS")
    assert loaded.origins["pipeline.skip"] == Origin("file", f"{file}:5")
    assert loaded.origins["pipeline.engine"] == Origin("default")


@patient
@given(layers=st.tuples(*[st.sampled_from([None, 1, 2, 3])] * 3))
def test_the_highest_layer_that_says_something_wins(
    tmp_path_factory: pytest.TempPathFactory, layers: tuple[int | None, ...]
) -> None:
    in_file, in_environment, on_command_line = layers
    folder = tmp_path_factory.mktemp("layers")
    if in_file is not None:
        config(folder, f"[pipeline]\nworkers = {in_file}\n")
    environ = {} if in_environment is None else {"SDA_PIPELINE_WORKERS": str(in_environment)}
    loaded = load_settings(None, {"pipeline.workers": on_command_line}, environ, cwd=folder)
    said = [layer for layer in (on_command_line, in_environment, in_file) if layer is not None]
    assert loaded.settings.pipeline.workers == (said[0] if said else "auto")


def test_options_that_were_not_given_change_nothing(tmp_path: Path) -> None:
    loaded = load_settings(None, {"hardware.device": None, "pipeline.workers": None}, NOTHING, cwd=tmp_path)
    assert loaded.origins["hardware.device"].kind == "default"


def test_an_option_that_has_no_name_goes_by_its_key(tmp_path: Path) -> None:
    loaded = load_settings(None, {"hardware.device": "cpu"}, NOTHING, cwd=tmp_path)
    assert str(loaded.origins["hardware.device"]) == "command line (hardware.device)"


@pytest.mark.parametrize("given_value", [["crop"], ("crop",), "crop"])
def test_lists_come_from_the_command_line_in_any_form(tmp_path: Path, given_value: object) -> None:
    assert load_settings(None, {"pipeline.skip": given_value}, NOTHING, cwd=tmp_path).settings.pipeline.skip == ["crop"]


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    loaded = load_settings(None, None, {"SDA_PATHS_LIBRARY": "", "SDA_CONFIG": ""}, cwd=tmp_path)
    assert loaded.origins["paths.library"].kind == "default"


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    environ = {"SDA_UID": "1000", "SDA_GID": "1000", "SDA_IMAGE_TAG": "x", "PATH": "/bin", "SDA_SPOTIFY_ID": "1"}
    assert load_settings(None, None, environ, cwd=tmp_path).settings.pipeline.workers == "auto"


def test_the_process_environment_and_folder_are_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDA_PIPELINE_WORKERS", "7")
    monkeypatch.delenv("SDA_CONFIG", raising=False)
    loaded = load_settings()
    assert loaded.settings.pipeline.workers == 7
    assert loaded.folder == tmp_path


def test_paths_count_from_the_file_or_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = config(tmp_path / "project", '[paths]\nlibrary = "lib"\nmodels = "~/models"\nreports = "/abs"\n')
    here = tmp_path / "here"
    here.mkdir()
    environ = {"SDA_PATHS_CACHE": "cache", "SDA_PATHS_DATASETS": "~/tapes"}
    paths = load_settings(file, {"paths.generated": Path("made")}, environ, cwd=here).settings.paths
    assert paths.library == tmp_path / "project" / "lib"
    assert paths.models == tmp_path / "home" / "models"
    assert paths.reports == Path("/abs")
    assert paths.cache == here / "cache"
    assert paths.datasets == tmp_path / "home" / "tapes"
    assert paths.generated == here / "made"


def test_default_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    file = config(tmp_path / "project", "")
    loaded = load_settings(file, None, NOTHING, cwd=tmp_path)
    assert loaded.settings.paths.library == tmp_path / "project" / "data" / "library"
    assert loaded.folder == tmp_path / "project"


def test_dots_in_paths_are_left_to_the_file_system(tmp_path: Path) -> None:
    library = load_settings(None, {"paths.library": "../x"}, NOTHING, cwd=tmp_path).settings.paths.library
    assert library == tmp_path / ".." / "x"


def test_windows_files_are_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes('\ufeff[hardware]\r\n# device\r\ndevice = "cpu"\r\n'.encode())
    loaded = load_settings(None, None, NOTHING, cwd=tmp_path)
    assert loaded.settings.hardware.device == "cpu"
    assert loaded.origins["hardware.device"].detail == f"{file}:3"


def test_the_file_is_the_named_one_else_the_variables_else_the_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_config(None, NOTHING, tmp_path) is None
    assert writing_place(None, NOTHING, tmp_path) == tmp_path / "config.toml"
    usual = config(tmp_path, "")
    assert find_config(None, NOTHING, tmp_path) == usual
    environ = {"SDA_CONFIG": "other.toml"}
    assert find_config(None, environ, tmp_path) == tmp_path / "other.toml"
    assert find_config(Path("x/mine.toml"), environ, tmp_path) == tmp_path / "x" / "mine.toml"
    assert writing_place(Path("x/mine.toml"), environ, tmp_path) == tmp_path / "x" / "mine.toml"
    monkeypatch.setenv("HOME", "/home/me")
    assert find_config(None, {"SDA_CONFIG": "~/sda.toml"}, tmp_path) == Path("/home/me/sda.toml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDA_CONFIG", "/somewhere.toml")
    assert find_config() == Path("/somewhere.toml")


def test_a_file_behind_a_link_counts_from_where_the_link_is(tmp_path: Path) -> None:
    real = config(tmp_path / "dotfiles", "")
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    assert load_settings(None, None, NOTHING, cwd=tmp_path).folder == tmp_path


@pytest.mark.parametrize(
    ("file", "environ", "named_by"),
    [(Path("no.toml"), {}, "--config"), (None, {"SDA_CONFIG": "no.toml"}, "SDA_CONFIG")],
)
def test_a_named_file_that_is_missing(
    tmp_path: Path, file: Path | None, environ: dict[str, str], named_by: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(file, None, environ, cwd=tmp_path)
    assert str(tmp_path / "no.toml") in caught.value.what
    assert named_by in caught.value.why
    assert "sda setup" in caught.value.fix


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.toml").symlink_to("gone.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(None, None, NOTHING, cwd=tmp_path)


def test_a_folder_called_like_the_settings_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        load_settings(None, None, NOTHING, cwd=tmp_path)


def test_a_current_folder_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Path:
        raise FileNotFoundError(2, os.strerror(2))

    monkeypatch.setattr(Path, "cwd", gone)
    with pytest.raises(ConfigError) as caught:
        load_settings(None, None, NOTHING)
    assert "cd ~" in caught.value.fix


def test_a_home_that_nobody_knows_is_a_mistake_like_others(tmp_path: Path) -> None:
    file = config(tmp_path, '[paths]\nlibrary = "~nobody-of-that-name/x"\n[pipeline]\nworkers = 0\n')
    with pytest.raises(ConfigError) as caught:
        load_settings(file, None, NOTHING, cwd=tmp_path)
    assert "2 mistakes" in caught.value.what
    assert "config.toml, line 2" in caught.value.why
    with pytest.raises(ConfigError, match="~nobody-of-that-name"):
        load_settings(Path("~nobody-of-that-name/c.toml"), None, NOTHING, cwd=tmp_path)


def test_an_unknown_home_of_a_default_names_the_folder(tmp_path: Path) -> None:
    gathered = Gathered({}, [])
    path = Path("~nobody-of-that-name")
    assert load._absolute_or_problem(gathered, None, path, tmp_path) == path
    assert gathered.problems[0].place == str(tmp_path)
