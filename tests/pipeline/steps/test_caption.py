from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import ConfigError, EnvironmentFault, MissingWeights, StoreError
from small_dataset_audio.models.captioning import Facts
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.steps import caption
from small_dataset_audio.pipeline.steps.caption import CAPTION, facts
from support import caption_server
from support.caption_server import serving
from support.signals import noise, write_audio


def settings_of(tmp_path: Path, **captions: object) -> Settings:
    paths = {"models": tmp_path / "models", "reports": tmp_path / "reports", "cache": tmp_path / "cache"}
    return Settings.model_validate({"captions": captions, "paths": paths})


@pytest.fixture
def track(tmp_path: Path) -> Track:
    folder = tmp_path / "library" / "tape"
    folder.mkdir(parents=True)
    write_audio(folder / "full_mix.wav", noise(0.5))
    return Track(folder)


def test_a_track_is_described_with_what_is_known_of_it(tmp_path: Path, track: Track) -> None:
    known = {
        "essentia_genre": {"Rock---Surf": 0.8, "Jazz": 0.9},
        "artists": ["A", "B"],
        "bpm": 99.0,
        "bpm_is_defined": 1,
    }
    safe_update(track.info, known)
    with serving(lambda _: "A piece at 140 BPM.") as (address, asked):
        settings = settings_of(
            tmp_path, backend="endpoint", endpoint=address, prompts=["full"], prompt_full="What? {genres} {metadata}"
        )
        assert CAPTION.obstacle(settings) is None
        outcome = CAPTION.open(Bench(settings))(Job(track, ("caption",)))
    assert outcome.values == {"music_flamingo_full": "A piece at 140 BPM."}
    [contradiction] = outcome.notes["contradictions"]["music_flamingo_full"]  # type: ignore[index]
    assert "99.0" in contradiction
    assert asked.question(0) == "What? A classifier suggests: Jazz, Rock: Surf. Its tags say: artists: A, B."


def test_a_track_without_audio_is_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, backend="endpoint", endpoint="http://127.0.0.1:9/v1")
    with pytest.raises(StoreError, match="no audio"):
        CAPTION.open(Bench(settings))(Job(Track(tmp_path), ("caption",)))


def test_what_keeps_an_installation_from_describing_is_told_without_trying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(CAPTION.obstacle(settings_of(tmp_path, backend="endpoint")), ConfigError)
    assert isinstance(CAPTION.obstacle(settings_of(tmp_path, server="no-such-program")), EnvironmentFault)
    server = str(caption_server.program(tmp_path))
    assert isinstance(CAPTION.obstacle(settings_of(tmp_path, server=server)), MissingWeights)
    native = settings_of(tmp_path, backend="transformers")
    assert isinstance(CAPTION.obstacle(native), MissingWeights)
    monkeypatch.setattr("small_dataset_audio.pipeline.steps.obstacles.find_spec", lambda _name: None)
    assert isinstance(CAPTION.obstacle(native), EnvironmentFault)


def test_what_is_said_depends_on_what_is_asked_and_who_answers(tmp_path: Path) -> None:
    def digest(**captions: object) -> str:
        return CAPTION.settings_hash(settings_of(tmp_path, **captions))

    assert digest() == digest(server="/elsewhere/llama-server", patience=5.0, endpoint="http://x/v1")
    assert digest() != digest(max_tokens=3)
    assert digest() != digest(prompt_full="Why?")
    assert digest(backend="endpoint", endpoint="http://x/v1") != digest(backend="endpoint", endpoint="http://y/v1")
    assert CAPTION.memory_gb(settings_of(tmp_path)) == 8
    assert CAPTION.memory_gb(settings_of(tmp_path, backend="endpoint")) is None
    assert CAPTION.model_sha256(settings_of(tmp_path, backend="endpoint")) is None


def test_facts_are_read_as_they_come() -> None:
    assert facts({}) == Facts([], {}, {})
    assert facts({"essentia_genre": "Rock", "_sda": {}, "album": "", "release_year": 1999}) == Facts(
        [], {"release year": "1999"}, {"essentia_genre": "Rock", "album": "", "release_year": 1999}
    )
    mixed = {"Rock---Punk": 0.2, "Jazz---Bop": 0.7, "Pop---Ballad": "likely", "Folk": None}
    assert facts({"essentia_genre": mixed}).genres == ["Jazz: Bop", "Rock: Punk"]
    assert caption.CAPTION.accelerator(Settings())
