"""The list of models that comes with sda, and lists of the user's own."""

import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.errors import ConfigError, UsageError
from small_dataset_audio.models.declarations import models_of_file, models_of_text
from small_dataset_audio.models.registry import Model, ModelFile, model, models

NAMES = {
    "htdemucs", "htdemucs_ft", "htdemucs_6s", "bs_roformer_sw", "beat_this", "beat_this_small", "discogs_effnet",
    "mtg_jamendo_moodtheme", "mtg_jamendo_instrument", "danceability", "tonal_atonal", "voice_instrumental",
    "audiobox_aesthetics", "adtof_frame_rnn", "drumsep", "music_flamingo_gguf", "music_flamingo_hf",
    "music_flamingo_2601_hf",
}  # fmt: skip
HASH = "0123456789abcdef" * 4
WHOLE_FILE: dict[str, object] = {
    "name": "a.onnx", "urls": ["https://example.org/a.onnx"], "sha256": HASH, "bytes": 3,
}  # fmt: skip
WHOLE: dict[str, object] = {
    "task": "test",
    "summary": "A test.",
    "licence": "MIT",
    "commercial_use": "yes",
    "commercial": "You may.",
    "files": [WHOLE_FILE],
}


def written(**changes: object) -> str:
    """Return a list of one model with changes; None takes a key out."""
    table = {key: value for key, value in {**WHOLE, **changes}.items() if value is not None}
    return tomli_w.dumps({"net": table})


def with_file(**changes: object) -> str:
    table = {key: value for key, value in {**WHOLE_FILE, **changes}.items() if value is not None}
    return written(files=[table])


def test_the_models_that_stages_ask_for_are_there() -> None:
    assert set(models()) >= NAMES


@pytest.mark.parametrize("one", models().values(), ids=lambda one: one.name)
def test_every_entry_is_honest(one: Model) -> None:
    assert one.summary.endswith(".")
    assert one.commercial.endswith(".")
    assert one.licence
    assert one.home is None or one.home.startswith("https://")
    assert one.memory_gb is None or 0 < one.memory_gb < 100
    assert (one.hub is None) == bool(one.files)
    assert one.size is not None
    for file in one.files:
        assert file.urls
        assert all(url.startswith("https://") for url in file.urls)
        assert file.sha256 is None or file.bytes is not None or file.name.endswith(".json")


@pytest.mark.parametrize("one", models().values(), ids=lambda one: one.name)
def test_weights_that_are_pickles_are_pinned(one: Model) -> None:
    for file in one.files:
        if Path(file.name).suffix in {".ckpt", ".pt", ".pth", ".th"}:
            assert file.sha256 is not None, file.name


def test_addresses_of_the_hub_with_a_hash_name_a_commit() -> None:
    loose = [
        file.urls[0]
        for one in models().values()
        for file in one.files
        if file.sha256 and "huggingface.co" in file.urls[0]
        if not re.search(r"/resolve/[0-9a-f]{40}/", file.urls[0])
    ]
    assert loose == []


def test_no_hash_or_address_stands_twice_by_mistake() -> None:
    every = [file for one in models().values() for file in one.files]
    pinned = [file.sha256 for file in every if file.sha256]
    assert len(set(pinned)) == len(pinned)


def test_sizes_add_up() -> None:
    exact = replace(models()["htdemucs"], files=(ModelFile("a", bytes=3), ModelFile("b", bytes=4)))
    assert (exact.size, exact.size_is_exact) == (7, True)
    rough = replace(exact, files=(ModelFile("a", bytes=3), ModelFile("b", about=5), ModelFile("c")))
    assert (rough.size, rough.size_is_exact) == (8, False)
    unknown = replace(exact, files=(ModelFile("a"),))
    assert (unknown.size, unknown.size_is_exact, unknown.pinned) == (None, False, False)
    hub = replace(exact, files=(), hub="a/b", about=9)
    assert (hub.size, hub.size_is_exact, hub.pinned) == (9, False, False)


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("htdemuc", "htdemucs"),
        ("HTDemucs-FT", "htdemucs_ft"),
        ("beat-this", "beat_this"),
        ("discogs", "discogs_effnet"),
    ],
)
def test_a_wrong_name_leads_to_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        model(wrong)
    assert near in caught.value.why


def test_a_name_like_no_other() -> None:
    with pytest.raises(UsageError) as caught:
        model("xyzzy")
    assert caught.value.why == "The registry does not list it."


def test_a_list_of_ones_own_adds_and_replaces(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(written() + tomli_w.dumps({"beat_this": {**WHOLE, "task": "beats"}}))
    known = models(own)
    assert set(known) == {*models(), "net"}
    assert known["net"].files == (ModelFile("a.onnx", ("https://example.org/a.onnx",), HASH, 3),)
    assert model("beat_this", own).files[0].name == "a.onnx"
    assert model("beat_this").files[0].name == "final0.ckpt"


def test_everything_that_an_entry_can_say() -> None:
    text = with_file(about_mb=1.5) + "\n[net.unknown]\n"
    with pytest.raises(ConfigError, match=r"net\.unknown is not a key"):
        models_of_text(text, "own.toml")
    full = written(extra="labels", memory_gb=1, home="http://example.org")
    (one,) = models_of_text(full, "own.toml").values()
    assert (one.extra, one.memory_gb, one.home) == ("labels", 1.0, "http://example.org")
    (hub,) = models_of_text(written(files=None, hub="someone/net", revision="v1.0", about_mb=2.5), "own.toml").values()
    assert (hub.hub, hub.revision, hub.about, hub.files) == ("someone/net", "v1.0", 2_500_000, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (written(task=None), "net.task is missing"),
        (written(task=""), "net.task is ''"),
        (written(task=3), "net.task is 3"),
        (written(commercial_use=None), "net.commercial_use is missing"),
        (written(commercial_use="maybe"), "net.commercial_use is 'maybe'. Allowed: yes or no or unclear"),
        (written(commercial_use=["yes"]), "net.commercial_use is"),
        (written(memory_gb=0), "net.memory_gb is 0"),
        (written(memory_gb=True), "net.memory_gb is True"),
        (written(memory_gb=float("inf")), "net.memory_gb is inf"),
        (written(memory_gb=float("nan")), "net.memory_gb is nan"),
        (written(home="example.org"), "net.home is 'example.org'"),
        (written(home="https://[::1"), "net.home is"),
        (written(home="https://example.org:99999"), "net.home is"),
        (written(home="https://exämple.org"), "net.home is"),
        (written(home="https://a..b"), "net.home is"),
        (written(licenze="MIT"), "net.licenze is not a key"),
        (written(files=None), "net.files is missing or empty"),
        (written(files=[]), "net.files is missing or empty"),
        (written(files="a.onnx"), "net.files is missing or empty"),
        (written(files=["a.onnx"]), "net.files.1 is not a table"),
        (written(files=[WHOLE_FILE, WHOLE_FILE]), "net.files has two files named a.onnx"),
        (written(revision="main"), "net.revision stands without hub"),
        (written(hub="someone/net"), "net.files stands beside hub"),
        (written(files=None, hub="net"), "net.hub is 'net'"),
        (written(files=None, hub="someone/net", revision="a b"), "net.revision is 'a b'"),
        (with_file(name=None), "net.files.1.name is missing"),
        (with_file(name="../a.onnx"), "net.files.1.name is '../a.onnx'"),
        (with_file(name=".hidden"), "net.files.1.name is '.hidden'"),
        (with_file(name="a/b.onnx"), "net.files.1.name is"),
        (with_file(sha256="abc"), "net.files.1.sha256 is 'abc'"),
        (with_file(sha256=HASH.upper()), "net.files.1.sha256 is"),
        (with_file(bytes=0), "net.files.1.bytes is 0"),
        (with_file(bytes=1.5), "net.files.1.bytes is 1.5"),
        (with_file(urls="https://example.org"), "net.files.1.urls is"),
        (with_file(urls=["file:///etc/passwd"]), "net.files.1.urls is"),
        (with_file(urls=["https://"]), "net.files.1.urls is"),
        (with_file(urls=["https://a b"]), "net.files.1.urls is"),
        (with_file(urls=["http://example.org/a"], sha256=None), "only https:// where there is no sha256"),
        (with_file(size=3), "net.files.1.size is not a key"),
        ("net = 3\n", "net is not a table"),
        ('["a b"]\ntask = "x"\n', "a b cannot name a model"),
    ],
)
def test_every_mistake_is_named_with_its_key(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        models_of_text(text, "own.toml")
    assert "own.toml" in caught.value.what
    assert says in caught.value.why


def test_mistakes_come_with_their_line_and_all_at_once() -> None:
    text = 'x = 1\n\n[net]\ntask = "t"\nsummary = 3\n'
    with pytest.raises(ConfigError) as caught:
        models_of_text(text, "own.toml")
    assert caught.value.what == "The list of models own.toml has 6 mistakes."
    assert "Line 1: x is not a table" in caught.value.why
    assert "Line 5: net.summary is 3" in caught.value.why
    assert "Line 3: net.licence is missing" in caught.value.why


def test_a_flood_of_mistakes_is_cut_short() -> None:
    with pytest.raises(ConfigError) as caught:
        models_of_text("".join(f"a{number} = 1\n" for number in range(50)), "own.toml")
    assert caught.value.why.splitlines()[-1] == "… and 30 more."


def test_what_is_not_toml_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"own\.toml, line 1: This is not valid TOML"):
        models_of_text("[net\n", "own.toml")
    with pytest.raises(ConfigError, match="not valid TOML"):
        models_of_text("a = " + "[" * 5000, "own.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        models_of_file(tmp_path / "missing.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        models_of_file(tmp_path / "bad.toml")


def test_an_address_without_protection_is_fine_where_the_hash_is_known_or_nobody_is_between() -> None:
    assert models_of_text(with_file(urls=["http://example.org/a"]), "own.toml")
    assert models_of_text(with_file(urls=["http://127.0.0.1:80/a"], sha256=None), "own.toml")


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=8), st.sampled_from(["yes", HASH])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*WHOLE, "hub", "name", "urls", "sha256", "bytes"]), inner, max_size=6),
    ),
    max_leaves=12,
)


def outcome_of(text: str) -> dict[str, Model] | ConfigError:
    try:
        return models_of_text(text, "own.toml")
    except ConfigError as error:
        return error


@given(st.dictionaries(st.sampled_from([*WHOLE, "extra", "hub", "revision", "about_mb", "memory_gb"]), VALUES))
def test_any_entry_is_a_model_or_a_list_of_mistakes(changes: dict[str, object]) -> None:
    try:
        text = tomli_w.dumps({"net": {**WHOLE, **changes}})
    except (TypeError, ValueError):
        return  # no TOML can say that
    outcome = outcome_of(text)
    if isinstance(outcome, ConfigError):
        assert "own.toml" in outcome.what
        assert "net" in outcome.why or "TOML" in outcome.what
    else:
        assert outcome["net"].files or outcome["net"].hub


@given(st.text())
def test_any_text_is_a_list_or_an_error(text: str) -> None:
    outcome = outcome_of(text)
    assert not isinstance(outcome, ConfigError) or (outcome.what and outcome.why)


def test_the_list_that_comes_with_sda_is_plain_toml() -> None:
    text = files("small_dataset_audio.models").joinpath("registry.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) == set(models())
