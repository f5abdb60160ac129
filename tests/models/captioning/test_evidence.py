from typing import Any

import pytest

from small_dataset_audio.models.captioning.evidence import contradictions

FAST = {"bpm": 128.0, "bpm_is_defined": 1}
A_MINOR = {"tonic": 9, "tonic_scale": "minor"}
E_FLAT_MAJOR = {"tonic": 3, "tonic_scale": "major"}


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("It runs at 128 BPM.", FAST, None),
        ("It runs at 64 bpm.", FAST, None),
        ("About 130 beats per minute.", FAST, None),
        ("About 100 beats per minute.", FAST, "100 beats per minute; 128.0"),
        ("First 100 BPM, then 128 BPM.", FAST, None),
        ("About 100 BPM.", {**FAST, "bpm_is_defined": 0}, None),
        ("About 100 BPM.", {}, None),
        ("It is in A minor.", A_MINOR, None),
        ("It is in C major.", A_MINOR, None),
        ("It is in D minor.", A_MINOR, "D minor; A minor"),
        ("In Eb major.", E_FLAT_MAJOR, None),
        ("In E-flat major.", E_FLAT_MAJOR, None),
        ("In D# major.", E_FLAT_MAJOR, None),
        ("In D sharp major.", E_FLAT_MAJOR, None),
        ("In C minor.", E_FLAT_MAJOR, None),
        ("In F# minor.", E_FLAT_MAJOR, "F sharp minor; E flat major"),
        ("In F# minor.", {"tonic": 3, "tonic_scale": "dorian"}, None),
        ("In F# minor.", {"tonic": 12, "tonic_scale": "minor"}, None),
        ("In F# minor.", {"tonic": -1, "tonic_scale": "minor"}, None),
        ("In F# minor.", {"tonic": 3, "tonic_scale": {"minor": 0.8}}, None),
        ("In F# minor.", {"tonic": 3, "tonic_scale": ["minor"]}, None),
        ("In F# minor.", {"tonic": 3.0, "tonic_scale": "minor"}, "It says F sharp minor; E flat minor was measured."),
        ("In F# minor.", {}, None),
        ("A slow, sad piece.", {"bpm": 170.0, "bpm_is_defined": 1}, '"slow"; 170'),
        ("It slowly builds.", {"bpm": 170.0, "bpm_is_defined": 1}, None),
        ("An uptempo piece.", {"bpm": 62.0, "bpm_is_defined": 1}, '"uptempo"; 62'),
        ("From slow to fast.", {"bpm": 62.0, "bpm_is_defined": 1}, None),
        ("A fast piece.", FAST, None),
        ("A purely instrumental piece.", {"voice_probability": 0.97}, "probability of 0.97"),
        ("There are no vocals.", {"voice_probability": 0.5}, None),
        ("A male vocalist leads.", {"instrumental_probability": 0.95}, "instrumental with a probability of 0.95"),
        ("No vocals, as if the singer had left.", {"instrumental_probability": 0.95}, None),
        ("There are no drums.", {"lufs": -14.0, "lufs_drums": -20.0}, "-20.0 LUFS"),
        ("There are no drums.", {"lufs": -14.0, "lufs_drums": -60.0}, None),
        ("There are no drums.", {"lufs": -14.0}, None),
        ("The drums are loud.", {"lufs": -14.0, "lufs_drums": -60.0}, None),
        ("About 100 BPM.", {"bpm": True, "bpm_is_defined": 1}, None),
    ],
)
def test_statements_are_compared_with_what_was_measured(
    text: str, values: dict[str, Any], expected: str | None
) -> None:
    found = contradictions(text, values)
    if expected is None:
        assert found == []
    else:
        [sentence] = found
        assert expected in sentence


def test_every_contradiction_is_told() -> None:
    text = "A slow piece in D minor at 60 BPM without any drums, sung by a female vocalist."
    values = {
        **A_MINOR, "bpm": 170.0, "bpm_is_defined": 1, "lufs": -10.0, "lufs_drums": -12.0, "instrumental_probability": 0.99,
    }  # fmt: skip
    assert len(contradictions(text, values)) == 5
