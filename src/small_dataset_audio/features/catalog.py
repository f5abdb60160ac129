"""Every number that sda measures, declared once.

Validation, the documentation's table, ``sda features``, the report, the statistics and the conditioning ranges of a
training configuration are all read from here. The names and ranges are a contract with training configurations and
with ``.INFO`` files that exist already: they never change. A range says what a training configuration declares; it is
no clamp on what is stored.
"""

from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Final, Literal

from small_dataset_audio.errors import UsageError

Kind = Literal["float", "int", "flag"]
Group = Literal[
    "rhythm", "loudness", "spectral", "harmonic", "timbre", "labels", "aesthetics", "drums", "crop", "added"
]


@dataclass(frozen=True)
class Feature:
    """One number.

    Attributes:
        name: its key in ``.INFO``.
        unit: what it is counted in; "1" for pure ratios.
        low: lower end of the declared range.
        high: upper end of the declared range.
        kind: ``float``, ``int``, or ``flag`` (0 or 1).
        group: the family it belongs to.
        stage: the pipeline stage that measures it.
        meaning: what it says, exactly enough to compute it again.
        source: the paper, standard or document behind the definition.
    """

    name: str
    unit: str
    low: float
    high: float
    kind: Kind
    group: Group
    stage: str
    meaning: str
    source: str

    def as_dict(self) -> dict[str, str | float]:
        """Return the feature as JSON-ready values, key by key."""
        return asdict(self)


PITCH_CLASSES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_SDA = "sda's own definition"
_BS1770 = "ITU-R BS.1770-5"
_LRA = "EBU Tech 3342 (v4, 2023)"
_LHL = "after Longuet-Higgins & Lee 1984"
_PEETERS = "Peeters 2004, A large set of audio features, section 6"
_TIMBRE = "AudioCommons D5.8 (Pearce, Brookes & Mason)"
_BEAT_STEMS = ("bass", "drums", "other")
_ALL_STEMS = ("bass", "drums", "other", "vocals")


def _rhythm(
    name: str, unit: str, low: float, high: float, meaning: str, kind: Kind = "float", source: str = _SDA
) -> Feature:
    return Feature(name, unit, low, high, kind, "rhythm", "analyze", meaning, source)


def _rhythm_of_stem(stem: str) -> tuple[Feature, ...]:
    return (
        _rhythm(
            f"onset_density_average_{stem}", "1/s", 0, 50,
            f"Mean onset density of the {stem} stem in windows of 4 s that overlap by half.",
        ),
        _rhythm(
            f"onset_density_variance_{stem}", "1/s²", 0, 10,
            f"Variance of the onset density of the {stem} stem over windows of 4 s that overlap by half.",
        ),
        _rhythm(
            f"syncopation_{stem}", "1", 0, 1,
            f"As syncopation, of the {stem} stem's onsets against the beats of the mix.", source=_LHL,
        ),
        _rhythm(
            f"rhythmic_complexity_{stem}", "1", 0, 1, f"As rhythmic_complexity, of the {stem} stem's onsets.",
        ),
        _rhythm(f"rhythmic_evenness_{stem}", "1", 0, 1, f"As rhythmic_evenness, of the {stem} stem's onsets."),
    )  # fmt: skip


_RHYTHM = (
    _rhythm("bpm", "1/min", 40, 300, "Tempo: 60 over the median interval between beats, outliers removed."),
    _rhythm(
        "bpm_is_defined", "0/1", 0, 1,
        "1 when there are at least 15 beats and their intervals deviate by at most 0.15 s (standard deviation).", "flag",
    ),
    _rhythm("beat_count", "beats", 0, 1000, "Number of beats found.", "int"),
    _rhythm("beat_regularity", "s", 0, 1, "Standard deviation of all intervals between beats; 0 is a machine."),
    _rhythm("onset_count", "onsets", 0, 10000, "Number of onsets found in the mix.", "int"),
    _rhythm("onset_density", "1/s", 0, 50, "Onsets per second of the file."),
    _rhythm(
        "onset_strength_mean", "1", 0, 10,
        "Mean of the onset envelope at the onsets, in units of the envelope's mean over the file.",
        source="envelope: Böck & Widmer 2013 (SuperFlux)",
    ),
    _rhythm(
        "onset_strength_std", "1", 0, 10,
        "Standard deviation of the onset envelope at the onsets, in units of the envelope's mean over the file.",
        source="envelope: Böck & Widmer 2013 (SuperFlux)",
    ),
    _rhythm(
        "syncopation", "1", 0, 1,
        "Share of onset strength on metrically weak places: onsets snap to the 16th grid between beats; weights bar 0, "
        "beat 0.25, 8th 0.5, 16th 1; strength-weighted mean.", source=_LHL,
    ),
    _rhythm("on_beat_ratio", "1", 0, 1, "Share of onsets within min(70 ms, 1/8 beat) of a beat."),
    _rhythm("ioi_mean", "s", 0, 10, "Mean interval between successive onsets."),
    _rhythm("ioi_std", "s", 0, 10, "Standard deviation of the intervals between successive onsets."),
    _rhythm(
        "rhythmic_complexity", "1", 0, 1,
        "Mean of two terms: Shannon entropy of the inter-onset intervals in 50 bins of equal ratio from 0.03 to 10 s, over ln 50, and min(CV/2, 1) with "
        "CV their standard deviation over their mean.",
    ),
    _rhythm("rhythmic_evenness", "1", 0, 1, "1 / (1 + CV) of the inter-onset intervals; 1 is perfectly even."),
    *(feature for stem in _BEAT_STEMS for feature in _rhythm_of_stem(stem)),
)  # fmt: skip


def _loudness(name: str, unit: str, low: float, high: float, meaning: str, source: str) -> Feature:
    return Feature(name, unit, low, high, "float", "loudness", "analyze", meaning, source)


_LOUDNESS = (
    _loudness(
        "lufs", "LUFS", -40, 0,
        "Integrated loudness of the mix: K-weighted, blocks of 0.4 s every 0.1 s, gated at -70 LUFS and at 10 LU under "
        "the mean; mono counts once, the low-frequency channel of 5.1 not at all.", f"{_BS1770}, annexes 1 and 3",
    ),
    _loudness(
        "lra", "LU", 0, 25,
        "Loudness range of the mix: 95th minus 10th percentile of the loudness in windows of 3 s every 0.1 s, gated at "
        "-70 LUFS and at 20 LU under the mean.", _LRA,
    ),
    *(
        feature
        for stem in _ALL_STEMS
        for feature in (
            _loudness(f"lufs_{stem}", "LUFS", -70, 0, f"As lufs, of the {stem} stem.", f"{_BS1770}, annexes 1 and 3"),
            _loudness(f"lra_{stem}", "LU", 0, 25, f"As lra, of the {stem} stem.", _LRA),
        )
    ),
    _loudness(
        "true_peak", "dBTP", -60, 6, "Highest level of any channel between the samples, at 8 times the rate.",
        f"{_BS1770}, annex 2",
    ),
    _loudness("plr", "LU", 0, 40, "Peak to loudness ratio: true_peak minus lufs.", "AES TD1004.1.15-10"),
)  # fmt: skip


def _spectral(
    name: str, unit: str, low: float, high: float, meaning: str, source: str, kind: Kind = "float"
) -> Feature:
    return Feature(name, unit, low, high, kind, "spectral", "analyze", meaning, source)


def _band(name: str, low_hz: int, high_hz: str) -> Feature:
    return _spectral(
        f"rms_energy_{name}", "dBFS", -60, 0,
        f"RMS level from {low_hz} to {high_hz} Hz over the whole file, a full-scale square wave being 0; mean power of "
        "the channels, so that what is only in the side signal counts.", "sda's own definition (by Parseval's theorem)",
    )  # fmt: skip


_SOUND = "the frames that sound (2048 samples every 512, Hann window, of the mono mix without its offset)"
_SPECTRAL = (
    _spectral(
        "spectral_flatness", "1", 0, 1,
        "Geometric over arithmetic mean of a frame's power spectrum (0 a tone, 1 flat), bins floored 120 dB under the "
        f"frame's mean; median over {_SOUND}.", "Johnston 1988; Peeters 2004",
    ),
    _spectral(
        "spectral_flux", "1", 0, 3,
        "L2 norm of the difference of successive magnitude spectra, each L2-normalised; median over the pairs of "
        f"{_SOUND}.", _PEETERS,
    ),
    _spectral(
        "spectral_skewness", "1", -3, 3,
        f"Skewness of the magnitude spectrum taken as a distribution over frequency; median over {_SOUND}.",
        _PEETERS,
    ),
    _spectral(
        "spectral_kurtosis", "1", 0, 10,
        "Kurtosis (3 for a Gaussian, 1.8 for white noise) of the magnitude spectrum taken as a distribution over "
        f"frequency; median over {_SOUND}.", _PEETERS,
    ),
    _band("bass", 20, "120"),
    _band("body", 120, "600"),
    _band("mid", 600, "2500"),
    _band("air", 2500, "22000 (or half the sample rate)"),
    _spectral(
        "saturation_ratio", "1", 0, 1,
        "Share of the duration in saturated runs: 256-sample frames with a peak of at least 0.95 in any channel, gaps up "
        "to 20 ms bridged, runs of at least 10 ms kept.", _SDA,
    ),
    _spectral("saturation_count", "runs", 0, 10000, "Number of saturated runs, as in saturation_ratio.", _SDA, "int"),
)  # fmt: skip


def _harmonic(
    name: str, unit: str, low: float, high: float, meaning: str, source: str, kind: Kind = "float"
) -> Feature:
    return Feature(name, unit, low, high, kind, "harmonic", "analyze", meaning, source)


def _tiv(index: int) -> Feature:
    part = "imaginary" if index % 2 else "real"
    return _harmonic(
        f"tiv_{index}", "1", -1, 1,
        f"Tonal interval vector: {part} part of coefficient {index // 2 + 1} of the weighted DFT of the HPCP, "
        "the whole vector L2-normalised.", "Bernardes et al. 2016",
    )  # fmt: skip


_KEYS = "Krumhansl & Kessler 1982; electronic: Faraldo et al. 2017"
_HARMONIC = (
    *(
        _harmonic(
            f"chroma_{i}", "1", 0, 1,
            f"Strength of {name} in the constant-Q chroma (C1-B7, 36 bins per octave) of the harmonic part, tuned; "
            "sounding frames normalised, averaged, the strongest class 1. The powers of the channels are added.",
            "Brown 1991; harmonic part: Fitzgerald 2010",
        )
        for i, name in enumerate(PITCH_CLASSES)
    ),
    *(
        _harmonic(
            f"hpcp_{i}", "1", 0, 1,
            f"Strength of {name} in the harmonic pitch class profile (spectral peaks 40-5000 Hz weighted by amplitude, 8 "
            "harmonics) of bass and other, or of the mix where there are no stems; the strongest class is 1.",
            "Gómez 2006",
        )
        for i, name in enumerate(PITCH_CLASSES)
    ),
    *(_tiv(i) for i in range(12)),
    _harmonic(
        "tonic", "pitch class", 0, 11,
        "Tonic of the key whose profile fits best, the opening counting a little more: 0 is C, 11 is B. The label "
        "tonic_scale says major or minor.", _KEYS, "int",
    ),
    _harmonic("tonic_strength", "1", 0, 1, "Correlation of the pitch class profile with that of the key.", _KEYS),
    *(
        feature
        for stem in ("bass", "other")
        for feature in (
            _harmonic(
                f"harmonic_movement_{stem}", "1", 0, 1,
                f"Mean cosine distance of successive chroma vectors of the {stem} stem at 32nd notes (100 ms without a "
                "tempo), pairs with a silent one left out.", _SDA,
            ),
            _harmonic(
                f"harmonic_variance_{stem}", "1", 0, 1,
                f"Standard deviation of the cosine distance of successive chroma vectors of the {stem} stem.", _SDA,
            ),
        )
    ),
)  # fmt: skip


def _timbre(name: str, meaning: str, source: str = "") -> Feature:
    return Feature(name, "points", 0, 100, "float", "timbre", "analyze", meaning, _TIMBRE + source)


_TIMBRE_FEATURES = (
    _timbre(
        "brightness",
        "How bright it sounds: 4.6 log10 of the share of power above 2 kHz, plus 17.4 log10 of the centroid (Hz) above "
        "100 Hz, plus 17.4.",
    ),
    _timbre(
        "roughness",
        "How rough it sounds: 14.0 log10 of the summed beating of all pairs of partials in frames of 50 ms (mean), plus "
        "49.0; 0 where nothing beats.", "; Vassilakis 2007",
    ),
    _timbre(
        "hardness",
        "How hard its attacks sound: regression on their time, flux, centroid and bandwidth, on specific loudness from 7 to "
        "14 Bark and the percussive share.",
    ),
    _timbre(
        "depth",
        "How deep it sounds: regression on the centroid under 2 kHz, the share of power under 500 Hz, how long events last, "
        "and the lowest partial.",
    ),
    _timbre(
        "booming",
        "How much it booms: 43.7 log10 of the booming index (loudness under 280 Hz, low bands weighted up), minus 10.9 "
        "log10 of the loudness under 7 Bark, plus 26.8.", "; Hatano & Hashimoto 2000",
    ),
    _timbre(
        "reverberation",
        "Probability, times 100, that listeners call it reverberant: logistic function of the reverberation time (0.2 to "
        "1.1 s) that its own decays show, mean of the channels.", "; Löllmann et al. 2010",
    ),
    _timbre(
        "sharpness",
        "How sharp it sounds: 102.5 log10 of the sharpness in acum (first moment of specific loudness, high Bark bands "
        "weighted up), plus 34.4.", "; Zwicker & Fastl, Psychoacoustics, section 9",
    ),
    _timbre(
        "warmth",
        "How warm it sounds: regression on each event's centroid, power from its fundamental to 260 Hz and straightness of "
        "decline, and on specific loudness from 1 to 4 and 8 to 24 Bark.",
    ),
)  # fmt: skip

_AESTHETICS = tuple(
    Feature(
        name, "points", 1, 10, "float", "aesthetics", "aesthetics", meaning, "AudioBox Aesthetics (Tjandra et al. 2025)"
    )
    for name, meaning in {
        "content_enjoyment": "How much listeners are predicted to enjoy it.",
        "content_usefulness": "How useful it is predicted to be as material.",
        "production_complexity": "How many components the production is predicted to have.",
        "production_quality": "How good the technical quality is predicted to be.",
    }.items()
)
_LABEL_PROBABILITIES = tuple(
    Feature(name, "1", 0, 1, "float", "labels", "classify", meaning, "Essentia model heads on Discogs-EffNet")
    for name, meaning in {
        "danceability": "Probability that it is danceable.",
        "atonality": "Probability that it is atonal.",
        "voice_probability": "Probability that there is a voice.",
        "instrumental_probability": "Probability that there is no voice.",
    }.items()
)
_DRUMS = (
    Feature("drum_hits", "hits", 0, 20000, "int", "drums", "transcribe", "Drum strokes written down as MIDI.", _SDA),
    Feature("drum_density", "1/s", 0, 50, "float", "drums", "transcribe", "Drum strokes per second.", _SDA),
    *(
        Feature(
            f"drum_hits_{drum}",
            "hits",
            0,
            20000,
            "int",
            "drums",
            "transcribe",
            f"Strokes of the {drum} among them.",
            _SDA,
        )
        for drum in ("kick", "snare", "tom", "hat", "cymbal")
    ),
)
_CROPS = (
    Feature(
        "position_in_file", "1", 0, 1, "float", "crop", "crop", "Start of the crop over the length of its source.", _SDA
    ),
)

FEATURES: Final[tuple[Feature, ...]] = (
    *_RHYTHM, *_LOUDNESS, *_SPECTRAL, *_HARMONIC, *_TIMBRE_FEATURES, *_LABEL_PROBABILITIES, *_AESTHETICS, *_DRUMS,
    *_CROPS,
)  # fmt: skip
"""Every feature, in the order in which tables list them."""

BY_NAME: Final = {feature.name: feature for feature in FEATURES}

ENTRY_POINTS: Final = "small_dataset_audio.features"
"""The group of entry points by which other packages add features (`features.added`)."""


def declared() -> dict[str, Feature]:
    """Return name -> declaration of every feature: those of the catalog, and those that installed packages add.

    Raises:
        FeatureError: a package adds what cannot be used.
    """
    if not entry_points(group=ENTRY_POINTS):
        return BY_NAME
    from small_dataset_audio.features.added import added_features  # noqa: PLC0415 - loads numpy, and other packages

    return BY_NAME | {one.name: one for added in added_features() for one in added.features}


def feature(name: str) -> Feature:
    """Return the declaration of the feature ``name``.

    Raises:
        UsageError: there is none of that name; the fix names the nearest ones.
    """
    known = declared()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(
        f"There is no feature named {name!r}.",
        "The catalog does not list it.",
        f"{hint}`sda features` lists all {len(known)}.",
    )
