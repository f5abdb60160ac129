import errno
import json
import os
import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.config import save
from small_dataset_audio.config.keys import KEYS, Key
from small_dataset_audio.config.load import load_settings
from small_dataset_audio.config.save import refresh_schema, schema_name, set_value, unset_value, write_settings
from small_dataset_audio.config.schema import json_schema
from small_dataset_audio.config.toml.locate import locate
from small_dataset_audio.errors import ConfigError, StoreError, UsageError
from support.config_toml import patient
from support.config_values import HAND_WRITTEN, no_wandering_files, settings_values, values_of


def values_in(file: Path) -> dict[str, Any]:
    """Return ``section.key`` -> value of what a settings file sets."""
    data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    return {f"{section}.{key}": value for section, content in data.items() for key, value in content.items()}


def held(file: Path, name: str) -> object:
    section, key = name.split(".")
    value: object = getattr(getattr(load_settings(file, None, {}, cwd=file.parent).settings, section), key)
    return value


@settings(patient, max_examples=40)
@given(settings_values())
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    file = tmp_path_factory.mktemp("round") / "config.toml"
    write_settings(file, values)
    assert values_in(file) == values
    loaded = load_settings(file, None, {}, cwd=file.parent)
    given_ones = {name for name, origin in loaded.origins.items() if origin.kind == "file"}
    assert given_ones == set(values)
    for name, value in values.items():
        expected = file.parent / Path(value).expanduser() if name in FOLDER_SETTINGS else value
        assert held(file, name) == expected


def test_a_new_file_explains_every_setting(tmp_path: Path) -> None:
    text = write_settings(tmp_path / "config.toml").read_text()
    assert text.startswith("#:schema ./config.schema.json\n# The settings of sda.")
    assert values_in(tmp_path / "config.toml") == {}
    for key in KEYS.values():
        assert re.search(rf"^#{key.name} = ", text, re.MULTILINE)
    assert max(len(line) for line in text.splitlines()) <= 110


def test_taking_the_hash_away_from_every_default_gives_the_defaults(tmp_path: Path) -> None:
    file = write_settings(tmp_path / "config.toml")
    file.write_text(re.sub(r"^#(?=[a-z_]+ = )", "", file.read_text(), flags=re.MULTILINE))
    loaded = load_settings(file, None, {}, cwd=tmp_path)
    defaults = load_settings(None, None, {}, cwd=tmp_path / "..").settings
    assert {name for name, origin in loaded.origins.items() if origin.kind == "file"} == set(KEYS)
    for key in KEYS.values():
        if key.default is not None and key.section != "paths":
            assert getattr(getattr(loaded.settings, key.section), key.name) == key.default
    assert defaults.paths.library.name == loaded.settings.paths.library.name


def test_paths_may_be_given_as_paths_and_missing_folders_are_made(tmp_path: Path) -> None:
    file = write_settings(
        tmp_path / "new" / "project" / "mine.toml", {"paths.library": Path("lib"), "pipeline.skip": ()}
    )
    assert held(file, "paths.library") == tmp_path / "new" / "project" / "lib"
    assert (file.parent / "mine.schema.json").exists()


def test_a_file_that_is_there_is_not_written_over_unless_asked(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine\n")
    with pytest.raises(ConfigError, match="is there already"):
        write_settings(file)
    assert file.read_text() == "# mine\n"
    write_settings(file, replace=True)
    assert "# mine" not in file.read_text()


def test_wrong_values_are_told_together_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2 mistakes"):
        write_settings(tmp_path / "c.toml", {"hardware.device": "gpu", "paths.libary": "x"})
    with pytest.raises(ConfigError, match="best_batch_size"):
        write_settings(tmp_path / "c.toml", {"hardware.best_batch_size": 4, "hardware.max_batch_size": 2})
    assert list(tmp_path.iterdir()) == []


FOLDER_SETTINGS = {"models.registry", *(name for name in KEYS if name.startswith("paths."))}


@patient
@given(st.sampled_from(HAND_WRITTEN), st.sampled_from(list(KEYS.values())), st.data())
def test_setting_one_value_changes_this_one_only(
    tmp_path_factory: pytest.TempPathFactory, text: str, key: Key, data: st.DataObject
) -> None:
    value = data.draw(values_of(key))
    spelled = ",".join(value) if isinstance(value, list) else str(value)
    file = tmp_path_factory.mktemp("set") / "config.toml"
    file.write_bytes(text.encode())
    before = values_in(file) if text else {}
    set_value(file, key.full, spelled)
    after = values_in(file)
    assert repr({name: after[name] for name in before if name != key.full}) == repr(
        {name: before[name] for name in before if name != key.full}
    )
    assert set(after) == {*before, key.full}
    assert KEYS[key.full].check(after[key.full]) == KEYS[key.full].check(value)
    for comment in locate(text).comments:
        assert text[slice(*comment)] in file.read_bytes().decode()
    assert no_wandering_files(file.parent)


@patient
@given(st.sampled_from(HAND_WRITTEN), st.sampled_from(["paths.cache", "crops.overlap", "general.offline"]))
def test_a_value_that_is_set_and_unset_leaves_what_was_there(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    file = tmp_path_factory.mktemp("unset") / "config.toml"
    file.write_bytes(text.encode())
    set_value(file, name, "1")
    inside_braces = re.search(rf"^{name.split('.', maxsplit=1)[0]} = \{{", text, re.MULTILINE) is not None
    if inside_braces:  # sda does not take keys out of { }
        with pytest.raises(ConfigError, match="could not be changed"):
            unset_value(file, name)
        return
    assert unset_value(file, name)
    assert repr(values_in(file)) == repr(tomllib_values(text))
    assert not unset_value(file, name)


def tomllib_values(text: str) -> dict[str, Any]:
    data = tomllib.loads(text)
    return {f"{section}.{key}": value for section, content in data.items() for key, value in content.items()}


def test_the_default_behind_a_hash_stays_above_the_value(tmp_path: Path) -> None:
    file = write_settings(tmp_path / "config.toml")
    before = file.read_text()
    set_value(file, "hardware.device", "cpu")
    assert '#device = "auto"\ndevice = "cpu"\n' in file.read_text()
    assert unset_value(file, "hardware.device")
    assert file.read_text() == before


def test_a_missing_file_is_written_new(tmp_path: Path) -> None:
    set_value(tmp_path / "config.toml", "pipeline.workers", "3")
    assert values_in(tmp_path / "config.toml") == {"pipeline.workers": 3}
    assert "#engine" in (tmp_path / "config.toml").read_text()


def test_nothing_is_unset_in_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert not unset_value(tmp_path / "config.toml", "pipeline.workers")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_setting_or_a_wrong_value_is_not_set(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    with pytest.raises(UsageError, match=r"Did you mean pipeline\.workers"):
        set_value(file, "pipeline.worker", "3")
    with pytest.raises(UsageError):
        unset_value(file, "pipeline.worker")
    with pytest.raises(ConfigError, match=r"The new value: pipeline\.workers is .0.\.") as caught:
        set_value(file, "pipeline.workers", "0")
    assert "from 1" in caught.value.why
    assert not file.exists()


def test_a_value_that_conflicts_with_another_is_not_set(tmp_path: Path) -> None:
    file = write_settings(tmp_path / "config.toml", {"hardware.max_batch_size": 4})
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="best_batch_size is 5"):
        set_value(file, "hardware.best_batch_size", "5")
    assert file.read_bytes() == before
    set_value(file, "hardware.best_batch_size", "4")
    assert held(file, "hardware.best_batch_size") == 4


def test_a_file_with_mistakes_can_be_mended_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[hardware]\ndevice = "gpu"\n[pipeline]\nworkers = 0\n')
    set_value(file, "hardware.device", "cpu")
    set_value(file, "pipeline.workers", "auto")
    assert held(file, "hardware.device") == "cpu"


def test_the_same_value_again_does_not_touch_the_file(tmp_path: Path) -> None:
    file = write_settings(tmp_path / "config.toml", {"pipeline.workers": 3})
    os.utime(file, ns=(1, 1))
    set_value(file, "pipeline.workers", "3")
    assert file.stat().st_mtime_ns == 1


@pytest.mark.parametrize(
    "text", ["[paths.library]\nx = 1\n", "[[paths]]\nlibrary = 1\n", "paths = 3\n", "[paths]\nlibrary.deep = 1\n"]
)
def test_what_cannot_be_changed_without_touching_other_lines_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        set_value(file, "paths.library", "new")
    assert "in your editor" in caught.value.fix
    assert file.read_text() == text


def test_a_file_that_is_not_toml_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[paths\n")
    for change in (lambda: set_value(file, "paths.library", "x"), lambda: unset_value(file, "paths.library")):
        with pytest.raises(ConfigError, match="line 1: This is not valid TOML"):
            change()
    assert file.read_text() == "[paths\n"


def test_byte_order_mark_line_ends_permissions_and_links_stay(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles"
    real.mkdir()
    (real / "sda.toml").write_bytes("\ufeff[pipeline]\r\nworkers = 2\r\n".encode())
    (real / "sda.toml").chmod(0o640)
    link = tmp_path / "config.toml"
    link.symlink_to("dotfiles/sda.toml")
    set_value(link, "pipeline.workers", "3")
    assert link.is_symlink()
    assert (real / "sda.toml").read_bytes() == "\ufeff[pipeline]\r\nworkers = 3\r\n".encode()
    assert (real / "sda.toml").stat().st_mode & 0o777 == 0o640


def test_a_name_that_is_no_text_cannot_be_written(tmp_path: Path) -> None:
    for write in (
        lambda: write_settings(tmp_path / "c.toml", {"paths.library": "old\udce9"}),
        lambda: set_value(tmp_path / "d.toml", "paths.library", "old\udce9"),
    ):
        with pytest.raises(ConfigError, match="cannot be written") as caught:
            write()
        assert "Rename the folder" in caught.value.fix
    file = write_settings(tmp_path / "e.toml")
    with pytest.raises(ConfigError, match="cannot be written"):
        set_value(file, "paths.library", "old\udce9")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS])
def test_a_disk_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    file = write_settings(tmp_path / "config.toml", {"pipeline.workers": 3})
    before = file.read_bytes()

    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError) as caught:
        set_value(file, "pipeline.workers", "4")
    assert os.strerror(code) in caught.value.why
    assert file.read_bytes() == before
    assert no_wandering_files(tmp_path)


def test_folders_that_cannot_be_made_or_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        write_settings(tmp_path / "file" / "sub" / "config.toml")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreError, match="Could not write"):
        write_settings(tmp_path / "config.toml")


def test_file_systems_without_locks_and_owners_are_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(save.fcntl, "flock", refuse)  # type: ignore[attr-defined]
    monkeypatch.setattr(os, "chown", refuse)
    file = write_settings(tmp_path / "config.toml")
    set_value(file, "pipeline.workers", "3")
    assert held(file, "pipeline.workers") == 3


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    file = write_settings(tmp_path / "config.toml")
    wanted = {
        "pipeline.workers": "3",
        "hardware.device": "cpu",
        "features.key_profile": "electronic",
        "crops.seconds": "9",
    }
    with ThreadPoolExecutor(len(wanted)) as pool:
        list(pool.map(lambda name: set_value(file, name, wanted[name]), wanted))
    assert {name: str(value) for name, value in values_in(file).items()} == wanted


def test_the_schema_beside_the_file_is_kept_fresh_unless_it_is_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    schema = tmp_path / schema_name(file)
    assert refresh_schema(file)
    assert json.loads(schema.read_text()) == json_schema()
    os.utime(schema, ns=(1, 1))
    assert refresh_schema(file)
    assert schema.stat().st_mtime_ns == 1
    schema.write_text(schema.read_text().replace("Settings of", "Old settings of"))
    assert refresh_schema(file)
    assert json.loads(schema.read_text()) == json_schema()
    for foreign in (b'{"title": "mine"}', b"\xff"):
        schema.write_bytes(foreign)
        assert not refresh_schema(file)
        assert schema.read_bytes() == foreign
    assert write_settings(file).read_text().startswith("# The settings of sda.")
