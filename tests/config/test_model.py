import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from small_dataset_audio.config.keys import KEYS, SECTIONS, VARIABLES, Key, WrongValue
from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.config.rocm import Rocm


def test_the_sections_are_those_of_the_contract() -> None:
    assert list(SECTIONS) == [
        "general",
        "paths",
        "hardware",
        "pipeline",
        "models",
        "features",
        "separation",
        "labels",
        "captions",
        "transcription",
        "metadata",
        "crops",
        "export",
        "rocm",
    ]


def test_the_folders_are_those_of_the_contract() -> None:
    assert Settings().paths.model_dump(mode="json") == {
        "datasets": "data/datasets",
        "models": "data/models",
        "generated": "data/generated",
        "library": "data/library",
        "reports": "data/reports",
        "cache": "data/cache",
    }


@pytest.mark.parametrize("key", KEYS.values(), ids=list(KEYS))
def test_every_setting_explains_itself(key: Key) -> None:
    assert key.description.endswith(".")
    assert key.allowed
    assert SECTIONS[key.section].endswith(".")
    assert (
        key.default is None
        or key.check(str(key.default) if isinstance(key.default, Path) else key.default) == key.default
    )


@pytest.mark.parametrize("key", [key for key in KEYS.values() if key.default is None], ids=lambda key: key.full)
def test_what_is_not_set_by_default_has_an_example_that_is_allowed(key: Key) -> None:
    assert key.field.examples is not None
    checked = key.check(key.field.examples[0])
    assert (str(checked) if isinstance(checked, Path) else checked) == key.field.examples[0]


def test_every_variable_names_one_setting() -> None:
    assert len(VARIABLES) == len(KEYS)
    assert VARIABLES["SDA_PATHS_LIBRARY"].full == "paths.library"
    assert VARIABLES["SDA_ROCM_ALLOC_CONF"].full == "rocm.alloc_conf"


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.hardware.device = "cpu"
    with pytest.raises(ValidationError):
        settings.paths = settings.paths


def test_settings_travel_to_worker_processes() -> None:
    settings = Settings()
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:15"])
def test_devices(device: str) -> None:
    assert KEYS["hardware.device"].check(device) == device


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hardware.device", "gpu"),
        ("hardware.device", "CUDA"),
        ("hardware.device", "cuda:"),
        ("hardware.device", "cuda:0\n"),
        ("hardware.device", 0),
        ("hardware.max_batch_size", 0),
        ("hardware.max_batch_size", 4.0),
        ("hardware.max_batch_size", True),
        ("hardware.memory_limit_gb", 0),
        ("hardware.memory_limit_gb", float("nan")),
        ("hardware.memory_limit_gb", float("inf")),
        ("hardware.memory_limit_gb", True),
        ("pipeline.workers", 0),
        ("pipeline.workers", "all"),
        ("pipeline.workers", True),
        ("pipeline.workers", 1.5),
        ("pipeline.stages", []),
        ("pipeline.stages", ["mix"]),
        ("pipeline.stages", "analyze"),
        ("pipeline.allow_truncated", 1),
        ("pipeline.allow_truncated", "yes"),
        ("paths.library", ""),
        ("paths.library", "  "),
        ("paths.library", "a\0b"),
        ("paths.library", 3),
        ("paths.library", ["a"]),
        ("captions.endpoint", "localhost:8080"),
        ("captions.endpoint", "http://a b"),
        ("captions.prompt_full", "about {artist}"),
        ("captions.prompt_full", "{"),
        ("captions.temperature", 2.1),
        ("metadata.sources", []),
        ("metadata.sources", ["radio"]),
        ("metadata.tag_encoding", "no-such-encoding"),
        ("metadata.tag_encoding", "rot13"),
        ("metadata.musicbrainz_url", "musicbrainz"),
        ("metadata.contact", "me (at home)"),
        ("metadata.country", "us"),
        ("crops.seconds", 0.5),
        ("rocm.alloc_conf", "a b"),
        ("rocm.alloc_conf", "a\nb"),
        ("rocm.tunableop_enabled", 1),
        ("rocm.tunableop_enabled", "2"),
        ("rocm.miopen_find_mode", "fast"),
    ],
)
def test_values_that_are_not_allowed(key: str, value: object) -> None:
    with pytest.raises(WrongValue):
        KEYS[key].check(value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hardware.memory_limit_gb", 8),
        ("pipeline.workers", "auto"),
        ("pipeline.workers", 1000),
        ("pipeline.stages", list(STAGES)),
        ("captions.endpoint", "http://127.0.0.1:8080/v1"),
        ("captions.prompt_full", "What is this?\nGenres: {genres}. {metadata}"),
        ("metadata.tag_encoding", ""),
        ("metadata.tag_encoding", "cp1251"),
        ("metadata.contact", "me@example.org"),
        ("rocm.alloc_conf", "roundup_power2_divisions:[256:1,512:2,>:4]"),
        ("rocm.miopen_find_mode", "NORMAL"),
    ],
)
def test_values_that_are_allowed(key: str, value: object) -> None:
    assert KEYS[key].check(value) == value


@pytest.mark.parametrize(
    ("key", "text", "meaning"),
    [
        ("hardware.device", "cuda:1", "cuda:1"),
        ("hardware.device", " cpu ", "cpu"),
        ("hardware.memory_limit_gb", "8", 8),
        ("hardware.memory_limit_gb", "7.5", 7.5),
        ("hardware.max_batch_size", " 12 ", 12),
        ("pipeline.workers", "4", 4),
        ("pipeline.workers", "auto", "auto"),
        ("pipeline.stages", "organize, analyze", ["organize", "analyze"]),
        ("pipeline.stages", "analyze", ["analyze"]),
        ("pipeline.stages", '["organize", "analyze"]', ["organize", "analyze"]),
        ("pipeline.skip", "", []),
        ("pipeline.skip", "[]", []),
        ("pipeline.allow_truncated", "true", True),
        ("pipeline.allow_truncated", "Yes", True),
        ("pipeline.allow_truncated", "1", True),
        ("pipeline.allow_truncated", "off", False),
        ("pipeline.allow_truncated", "0", False),
        ("paths.library", "1", "1"),
        ("paths.library", "a, b", "a, b"),
        ("rocm.tunableop_enabled", "0", "0"),
        ("rocm.tunableop_enabled", "", ""),
    ],
)
def test_text_is_understood_as_the_setting_needs_it(key: str, text: str, meaning: object) -> None:
    understood = KEYS[key].understand(text)
    assert (understood, type(understood)) == (meaning, type(meaning))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("hardware.max_batch_size", "12.5"),
        ("hardware.max_batch_size", "9" * 5000),
        ("hardware.memory_limit_gb", "nan"),
        ("pipeline.allow_truncated", "maybe"),
        ("pipeline.stages", ""),
        ("pipeline.stages", "[" * 10_000),
        ("pipeline.stages", "[oops"),
        ("paths.library", ""),
    ],
)
def test_text_that_has_no_allowed_meaning(key: str, text: str) -> None:
    with pytest.raises(WrongValue):
        KEYS[key].understand(text)


def test_the_variables_for_amd_devices_are_those_of_the_contract() -> None:
    assert Rocm().variables() == {
        "FLASH_ATTENTION_TRITON_AMD_ENABLE": "TRUE",
        "PYTORCH_TUNABLEOP_ENABLED": "1",
        "PYTORCH_TUNABLEOP_TUNING": "0",
        "PYTORCH_ALLOC_CONF": "garbage_collection_threshold:0.8,max_split_size_mb:512",
        "HIP_FORCE_DEV_KERNARG": "1",
        "TORCH_COMPILE": "0",
    }


def test_an_empty_text_leaves_a_variable_alone_and_every_one_can_be_set() -> None:
    names = list(Rocm.model_fields)
    assert Rocm.model_validate(dict.fromkeys(names, "")).variables() == {}
    everything = Rocm(miopen_find_mode="FAST")
    assert len(everything.variables()) == len(names)
    assert everything.variables()["MIOPEN_FIND_MODE"] == "FAST"


def test_the_reason_why_the_find_mode_is_left_alone_is_told() -> None:
    assert "freeze" in KEYS["rocm.miopen_find_mode"].description
    assert "Sets MIOPEN_FIND_MODE." in KEYS["rocm.miopen_find_mode"].description
