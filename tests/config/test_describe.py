import tomllib
from pathlib import Path

import pytest

from small_dataset_audio.config import show
from small_dataset_audio.config.describe import NOT_SET, SettingRow, render_markdown, settings_table
from small_dataset_audio.config.keys import KEYS, SECTIONS
from small_dataset_audio.config.load import Loaded, load_settings
from small_dataset_audio.errors import UsageError


def row(name: str) -> SettingRow:
    return next(row for row in settings_table() if f"{row.section}.{row.key}" == name)


def test_the_table_has_a_row_per_setting_in_order() -> None:
    assert [f"{row.section}.{row.key}" for row in settings_table()] == list(KEYS)


def test_a_row_tells_everything() -> None:
    assert row("pipeline.workers") == SettingRow(
        section="pipeline",
        key="workers",
        type="text or whole number",
        default='"auto"',
        allowed='"auto" or a whole number from 1',
        env="SDA_PIPELINE_WORKERS",
        description=KEYS["pipeline.workers"].description,
    )


@pytest.mark.parametrize(
    ("name", "kind", "default"),
    [
        ("paths.library", "folder", '"data/library"'),
        ("hardware.memory_limit_gb", "number", NOT_SET),
        ("hardware.max_batch_size", "whole number", NOT_SET),
        ("pipeline.skip", "list", "[]"),
        ("pipeline.stages", "list", NOT_SET),
        ("pipeline.allow_truncated", "true/false", "false"),
        ("rocm.tunableop_enabled", "text", '"1"'),
    ],
)
def test_kinds_and_defaults_in_words(name: str, kind: str, default: str) -> None:
    assert (row(name).type, row(name).default) == (kind, default)


def test_the_markdown_has_a_table_per_section_and_a_line_per_setting() -> None:
    text = render_markdown()
    assert [line for line in text.splitlines() if line.startswith("## ")] == [f"## `[{name}]`" for name in SECTIONS]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(lines) == len(KEYS)
    for line in lines:
        assert line.replace("\\|", "").count("|") == 6
    assert text.endswith("|\n")
    assert "\n\n\n" not in text


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    (tmp_path / "config.toml").write_text('[pipeline]\nskip = ["crop"]\nallow_truncated = true\n')
    return load_settings(None, {"hardware.device": "cpu"}, {"SDA_PIPELINE_WORKERS": "2"}, cwd=tmp_path)


def test_shown_rows_tell_value_and_origin(loaded: Loaded) -> None:
    shown = {row.key: (row.text, str(row.origin)) for row in show.rows(loaded)}
    assert list(shown) == list(KEYS)
    assert shown["hardware.device"] == ('"cpu"', "command line (hardware.device)")
    assert shown["pipeline.workers"] == ("2", "env (SDA_PIPELINE_WORKERS)")
    assert shown["pipeline.skip"] == ('["crop"]', f"file ({loaded.file}:2)")
    assert shown["hardware.memory_limit_gb"] == ("not set", "default")
    assert shown["paths.library"] == (f'"{loaded.folder}/data/library"', "default")


def test_what_is_shown_can_be_pasted_into_the_file(loaded: Loaded) -> None:
    for shown in show.rows(loaded):
        if shown.value is not None:
            assert tomllib.loads(f"x = {shown.text}")["x"] == shown.value


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("pipeline.workers", 2, "2"),
        ("pipeline.skip", ["crop"], "crop"),
        ("pipeline.allow_truncated", True, "true"),
        ("hardware.memory_limit_gb", None, ""),
        ("hardware.device", "cpu", "cpu"),
        ("crops.seconds", 47.5, "47.5"),
    ],
)
def test_one_value(loaded: Loaded, key: str, value: show.Plain, text: str) -> None:
    assert show.get(loaded, key) == value
    assert show.as_text(value) == text


def test_one_value_of_a_folder_and_of_nothing(loaded: Loaded) -> None:
    assert show.get(loaded, "paths.library") == str(loaded.folder / "data" / "library")
    with pytest.raises(UsageError, match=r"Did you mean paths\.library"):
        show.get(loaded, "paths.librari")


def test_the_json_shape(loaded: Loaded, tmp_path: Path) -> None:
    shape = show.as_json(loaded)
    assert shape["file"] == str(loaded.file)
    assert shape["folder"] == str(tmp_path)
    settings = shape["settings"]
    assert isinstance(settings, dict)
    assert settings["pipeline.workers"] == {
        "value": 2,
        "origin": "env",
        "detail": "SDA_PIPELINE_WORKERS",
    }
    assert show.as_json(load_settings(None, None, {}, cwd=tmp_path / "none"))["file"] is None
