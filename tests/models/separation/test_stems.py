"""From sources to stems: folding, the gate, the instrumental, one scale for all, and what is left of the mix."""

from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.spool import Spool, folder_of
from small_dataset_audio.config.separation import Separation
from small_dataset_audio.models.separation.stems import Stems, combined, finished
from support.signals import clicks, noise, silence, tone

BEATS = np.arange(0.1, 2, 0.5)


def sources(**changes: Samples) -> dict[str, Samples]:
    made = {
        "drums": 0.3 * clicks(BEATS, 2, channels=2),
        "bass": 0.3 * tone(2, frequency=80, channels=2),
        "other": 0.2 * tone(2, frequency=660, channels=2),
        "vocals": 0.2 * tone(2, frequency=440, channels=2),
    }
    return {**made, **changes}


def of(made: dict[str, Samples], *, limited: bool = True, mix: Samples | None = None, **settings: object) -> Stems:
    whole = np.sum(list(made.values()), axis=0) if mix is None else mix
    return finished(Clip(whole, 44100), made, Separation.model_validate(settings), limited=limited)


def test_good_stems_come_as_they_are_in_the_order_of_the_house() -> None:
    made = sources()
    stems = of(made)
    assert list(stems.sounds) == ["bass", "drums", "other", "vocals"]
    for name, sound in stems.sounds.items():
        np.testing.assert_array_equal(sound, made[name])
    assert (stems.scale, stems.weak, stems.absent) == (1.0, {}, {})
    assert stems.residual_db is not None
    assert stems.residual_db < -120


def test_extra_stems_are_folded_into_other_or_kept() -> None:
    made = sources(guitar=0.2 * tone(2, frequency=330, channels=2), piano=0.2 * tone(2, frequency=990, channels=2))
    folded = of(made)
    assert list(folded.sounds) == ["bass", "drums", "other", "vocals"]
    np.testing.assert_allclose(folded.sounds["other"], made["other"] + made["guitar"] + made["piano"], atol=1e-7)
    kept = of(made, keep_extra_stems=True)
    assert list(kept.sounds) == ["bass", "drums", "other", "vocals", "guitar", "piano"]
    np.testing.assert_array_equal(kept.sounds["other"], made["other"])


def test_weak_stems_are_left_out_kept_or_mixed_back() -> None:
    hiss = noise(2, channels=2, rms=1e-3)
    made = sources(vocals=hiss)
    out = of(made)
    assert list(out.sounds) == ["bass", "drums", "other"]
    assert "faint noise" in out.absent["vocals"]
    assert out.weak == {"vocals": out.absent["vocals"]}
    kept = of(made, weak_stems="keep")
    assert "vocals" in kept.sounds
    assert kept.absent == {}
    assert "faint noise" in kept.weak["vocals"]
    back = of(made, weak_stems="mix_back")
    assert list(back.sounds) == ["bass", "drums", "other"]
    np.testing.assert_allclose(back.sounds["other"], made["other"] + hiss, atol=1e-7)
    assert back.absent["vocals"].endswith("and was added to other")


def test_where_other_is_weak_too_nothing_is_mixed_into_it() -> None:
    made = sources(vocals=1e-5 * noise(2, channels=2), other=1e-5 * noise(2, channels=2, seed=1))
    back = of(made, weak_stems="mix_back")
    assert list(back.sounds) == ["bass", "drums"]
    assert set(back.absent) == {"other", "vocals"}
    assert "added" not in back.absent["vocals"]


def test_a_silent_recording_has_no_stems() -> None:
    stems = of({name: silence(1, channels=2) for name in sources()}, instrumental=True)
    assert stems.sounds == {}
    assert stems.residual_db is None
    assert stems.absent["bass"] == "it is silent"
    assert stems.absent["instrumental"] == "there is no vocals stem: it is silent"


def test_a_backend_without_vocals_says_so() -> None:
    made = sources()
    del made["vocals"]
    stems = of(made, backend="dsp", instrumental=True)
    assert stems.absent["vocals"] == "the backend dsp does not know vocals: it is part of other"
    assert "instrumental" not in stems.sounds
    assert "does not know vocals" in stems.absent["instrumental"]


def test_the_instrumental_is_the_mix_less_its_vocals() -> None:
    made = sources()
    mix = np.sum(list(made.values()), axis=0) + 0.05 * noise(2, channels=2)  # and what no stem got
    stems = of(made, mix=mix, instrumental=True)
    np.testing.assert_allclose(stems.sounds["instrumental"] + stems.sounds["vocals"], mix, atol=1e-6)
    assert stems.residual_db is not None
    assert -40 < stems.residual_db < -10


@pytest.mark.parametrize(
    ("limited", "clipping", "scaled"), [(True, "rescale", True), (True, "clamp", False), (False, "rescale", False)]
)
def test_one_scale_for_all_where_one_would_clip(*, limited: bool, clipping: str, scaled: bool) -> None:
    stems = of(sources(bass=1.5 * tone(2, frequency=80, peak=1.0, channels=2)), limited=limited, clipping=clipping)
    peak = max(float(np.abs(sound).max()) for sound in stems.sounds.values())
    assert peak == pytest.approx(1.5, abs=1e-3)
    if scaled:
        assert stems.scale * peak <= 1
        assert stems.scale * peak > 0.9999
    else:
        assert stems.scale == 1


def test_a_stem_that_only_clips_after_mixing_back_counts() -> None:
    made = sources(other=0.999 * tone(2, peak=1.0, channels=2), vocals=0.004 * tone(2, peak=1.0, channels=2))
    assert of(made, weak_stems="leave_out").scale == 1
    assert of(made, weak_stems="mix_back").scale < 1


def test_sums_lie_where_their_parts_lie(tmp_path: Path) -> None:
    spool = Spool(2, 44100, tmp_path)
    sound = noise(1, channels=2)
    spool.append(sound)
    on_disk = spool.finish()
    total = combined([on_disk, on_disk], (1, -1))
    assert folder_of(total) == tmp_path
    assert not total.any()
    assert folder_of(combined([sound, sound])) is None
    np.testing.assert_array_equal(combined([sound, sound]), 2 * sound)
