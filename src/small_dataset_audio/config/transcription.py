"""The settings of the transcription of drums."""

from typing import Literal

from small_dataset_audio.config.section import Section, setting


class Transcription(Section):
    """How drums are written down as MIDI."""

    backend: Literal["auto", "adtof", "drumsep", "dsp"] = setting(
        "auto",
        "What hears the drums: adtof (kick, snare, toms, hi-hat, cymbals) and drumsep need weights; dsp is embedded, "
        "approximate, and tells kick, snare and hi-hat. drumsep and dsp hear drum stems only. auto: adtof, drumsep, dsp, "
        "the first that is installed.",
    )
