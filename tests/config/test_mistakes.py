import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.config.keys import KEYS, VARIABLES, Key, known_key, nearest_key
from small_dataset_audio.config.load import load_settings
from small_dataset_audio.errors import EXIT_FAILED, ConfigError, UsageError
from support.config_toml import patient


def mistakes(
    folder: Path,
    text: str,
    overrides: dict[str, object] | None = None,
    environ: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
) -> ConfigError:
    (folder / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(None, overrides, environ or {}, cwd=folder, options=options)
    assert caught.value.exit_status == EXIT_FAILED
    return caught.value


def test_three_mistakes_are_told_at_once_each_with_key_line_and_what_is_allowed(tmp_path: Path) -> None:
    error = mistakes(
        tmp_path,
        '[hardware]\ndevice = "gpu"\n\n[pipeline]\nworkers = 0\n\n[features]\nkey_profil = "electronic"\n',
    )
    assert error.what == "The settings have 3 mistakes."
    assert error.why.splitlines() == [
        f'config.toml, line 2: hardware.device is "gpu". Allowed: {KEYS["hardware.device"].allowed}.',
        'config.toml, line 5: pipeline.workers is 0. Allowed: "auto" or a whole number from 1.',
        "config.toml, line 8: features.key_profil is not a setting. Did you mean features.key_profile?",
    ]
    assert str(tmp_path / "config.toml") in error.fix


def test_mistakes_of_all_sources_are_told_together(tmp_path: Path) -> None:
    error = mistakes(
        tmp_path,
        "[pipeline]\nworkers = 0\n",
        {"hardware.device": "gpu", "pipeline.wrkers": 3, "fast": True, "rocm.torch_compile": 1},
        {"SDA_PIPELINE_ENGINE": "dask", "SDA_PATHS_LIBARY": "x"},
        {"hardware.device": "--device"},
    )
    lines = error.why.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "config.toml, line 2",
        "The variable SDA_PATHS_LIBARY",
        "The variable SDA_PIPELINE_ENGINE",
        "The option --device",
        "The option pipeline.wrkers",
        "The option fast",
        "The option rocm.torch_compile",
    ]
    assert "Did you mean SDA_PATHS_LIBRARY, for paths.library?" in lines[1]
    assert 'Allowed: "local" or "ray".' in lines[2]


def test_a_mistake_in_the_file_is_told_even_where_the_command_line_wins(tmp_path: Path) -> None:
    error = mistakes(tmp_path, '[hardware]\ndevice = "gpu"\n', {"hardware.device": "cpu"})
    assert "line 2" in error.what


def test_a_single_mistake_fills_the_three_sentences(tmp_path: Path) -> None:
    error = mistakes(tmp_path, "[pipeline]\nworkers = 0\n")
    assert error.what == "config.toml, line 2: pipeline.workers is 0."
    assert error.why == 'Allowed: "auto" or a whole number from 1.'
    assert error.fix == f"Correct config.toml, line 2. The file is {tmp_path / 'config.toml'}."


def test_a_mistake_elsewhere_does_not_point_at_the_file(tmp_path: Path) -> None:
    error = mistakes(tmp_path, "", {"hardware.device": "gpu"}, options={"hardware.device": "--device"})
    assert error.what == 'The option --device: hardware.device is "gpu".'
    assert error.fix == "Correct the option --device."


@pytest.mark.parametrize(
    ("text", "what", "why"),
    [
        ("[pahts]\n", "[pahts] is not a section.", "Did you mean [paths]?"),
        ("[Hardware]\n", "[Hardware] is not a section.", "Did you mean [hardware]?"),
        ("[project]\n", "[project] is not a section.", "The sections are [general], [paths]"),
        ('device = "cpu"\n', "device is not a setting.", "Did you mean hardware.device?"),
        ("zzzzzz = 1\n", "zzzzzz is not a setting.", "`sda config show` lists all settings."),
        ("[paths]\nlibary = 1\n", "paths.libary is not a setting.", "Did you mean paths.library?"),
        ("[paths]\nLibrary = 1\n", "paths.Library is not a setting.", "Did you mean paths.library?"),
        (
            "[features]\nkey-profile = 1\n",
            "features.key-profile is not a setting.",
            "Did you mean features.key_profile?",
        ),
        (
            "[paths]\nworkers = 2\n",
            "paths.workers is not a setting.",
            "Did you mean pipeline.workers, under [pipeline]?",
        ),
        (
            "[paths]\nworkerz = 2\n",
            "paths.workerz is not a setting.",
            "Did you mean pipeline.workers, under [pipeline]?",
        ),
        ("[general]\nzzz = 2\n", "general.zzz is not a setting.", "[general] knows: verbosity, offline."),
        ("paths = 3\n", "paths is 3.", "It is a section: write [paths] on a line of its own"),
        ("[[paths]]\n", "paths is a list.", "It is a section"),
        ("[paths.library]\n", "paths.library is a section.", "Allowed: the path of a folder."),
        ("[paths]\nlibrary = 1979-05-27\n", "paths.library is 1979-05-27.", "Allowed: the path of a folder."),
        ("[pipeline]\nallow_truncated = 1\n", "pipeline.allow_truncated is 1.", "Allowed: true or false."),
        ('[pipeline]\nworkers = "2"\n', 'pipeline.workers is "2".', "a whole number from 1"),
        ("[pipeline]\nworkers = true\n", "pipeline.workers is true.", "a whole number from 1"),
        ('[pipeline]\nskip = ["analyse", 3]\n', 'pipeline.skip is ["analyse", 3].', 'Did you mean "analyze"?'),
        ('[captions]\nbackend = "lama-server"\n', 'captions.backend is "lama-server".', 'Did you mean "llama-server"?'),
        ("[crops]\nseconds = 1000\n", "crops.seconds is 1000.", "a number from 1 to 600."),
        ("[crops]\nseconds = nan\n", "crops.seconds is nan.", "a number from 1 to 600."),
        ("[captions]\nmax_tokens = 0\n", "captions.max_tokens is 0.", "a whole number from 1 to 32768."),
        ("[rocm]\ntorch_compile = 0\n", "rocm.torch_compile is 0.", 'Allowed: "", "0" or "1".'),
    ],
)
def test_what_is_told_about_a_mistake(tmp_path: Path, text: str, what: str, why: str) -> None:
    error = mistakes(tmp_path, text)
    assert error.what == f"config.toml, line {text.count(chr(10))}: {what}"
    assert why in error.why


def test_conflicts_between_allowed_values_are_mistakes(tmp_path: Path) -> None:
    text = '[hardware]\nmax_batch_size = 2\nbest_batch_size = 3\n[paths]\nlibrary = "music"\ndatasets = "./music"\n'
    error = mistakes(tmp_path, text)
    assert "config.toml, line 3: hardware.best_batch_size is 3." in error.why
    assert "config.toml, line 5: paths.library and paths.datasets are the same folder." in error.why


def test_a_conflict_with_a_default_names_the_value_that_was_given(tmp_path: Path) -> None:
    error = mistakes(tmp_path, '[paths]\ndatasets = "data/library"\n')
    assert error.what.startswith("config.toml, line 2: paths.library and paths.datasets")


def test_a_file_that_is_not_toml_does_not_hide_other_mistakes(tmp_path: Path) -> None:
    error = mistakes(tmp_path, "[paths]\nlibrary = data\n", {"hardware.device": "gpu"})
    assert error.what == "The settings have 2 mistakes."
    assert "config.toml, line 2: This is not valid TOML. The line is: library = data" in error.why


def test_a_file_that_is_not_toml_tells_what_helps(tmp_path: Path) -> None:
    error = mistakes(tmp_path, "[paths]\nlibrary = data\n")
    assert error.what == "config.toml, line 2: This is not valid TOML."
    assert "quotes" in error.fix
    assert "config.toml: This is not valid TOML." in mistakes(tmp_path, "x = " + "1" * 5000).what


def test_a_file_of_another_program_is_recognised(tmp_path: Path) -> None:
    text = 'title = "My site"\n[params.author]\nname = "me"\n'
    error = mistakes(tmp_path, text)
    assert "If it belongs to another program" in error.fix
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "config.toml", None, {}, cwd=tmp_path)
    assert "another program" not in caught.value.fix


def test_a_file_with_thousands_of_mistakes_is_answered_at_once(tmp_path: Path) -> None:
    many = "".join(f"key{number} = {number}\n" for number in range(5000))
    assert mistakes(tmp_path, many).what == "The settings have 100 mistakes."
    assert mistakes(tmp_path, f"[paths]\n{many}").what == "The settings have 100 mistakes."


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SDA_PATHS_LIBARY", "SDA_PATHS_LIBRARY"),
        ("SDA_PATH_LIBRARY", "SDA_PATHS_LIBRARY"),
        ("SDA_LIBRARY", "SDA_PATHS_LIBRARY"),
        ("SDA_DEVICE", "SDA_HARDWARE_DEVICE"),
        ("SDA_HARDWARE_DEVCE", "SDA_HARDWARE_DEVICE"),
        ("SDA_WORKERS", "SDA_PIPELINE_WORKERS"),
    ],
)
def test_variables_that_are_almost_right(tmp_path: Path, variable: str, meant: str) -> None:
    error = mistakes(tmp_path, "", environ={variable: "x"})
    assert error.what == f"The variable {variable}: No setting has this name."
    assert f"Did you mean {meant}" in error.why
    assert f"unset {variable}" in error.fix


@patient
@given(st.sampled_from(list(VARIABLES)), st.data())
def test_one_slip_of_the_fingers_in_a_variable_never_passes_unseen(
    tmp_path_factory: pytest.TempPathFactory, variable: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(len("SDA_"), len(variable) - 1))
    slip = data.draw(
        st.sampled_from([variable[:place] + variable[place + 1 :], f"{variable[:place]}X{variable[place:]}"])
    )
    if slip in VARIABLES:  # two names may differ in one letter
        return
    with pytest.raises(ConfigError):
        load_settings(None, None, {slip: "cpu"}, cwd=tmp_path_factory.getbasetemp())


@patient
@given(st.sampled_from(list(KEYS.values())), st.data())
def test_one_slip_of_the_fingers_in_a_key_is_recognised(setting: Key, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(setting.name)))
    slip = f"{setting.name[:place]}x{setting.name[place:]}"
    near = nearest_key(setting.section, slip)
    assert near is not None
    assert (
        difflib.SequenceMatcher(None, slip, near.name).ratio()
        >= difflib.SequenceMatcher(None, slip, setting.name).ratio()
    )


def test_a_key_named_on_the_command_line() -> None:
    assert known_key("paths.library").full == "paths.library"
    with pytest.raises(UsageError, match=r"Did you mean pipeline\.workers\?"):
        known_key("workers")
    with pytest.raises(UsageError, match=r"Settings are named section\.key"):
        known_key("zzzzzz")
