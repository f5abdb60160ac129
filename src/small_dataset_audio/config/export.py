"""The section ``[export]``: how a library is handed on to trainers."""

from typing import Annotated

from pydantic import Field

from small_dataset_audio.config.section import Section, setting

FeatureName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
"""A number's key in ``.INFO``; whether there is one of that name is known where features are."""


class Export(Section):
    """How a library is handed on: what is held back, and what a generator is told."""

    validation: float = setting(
        0.1,
        "The share of songs that are held back to test on; near-duplicates and crops stay together.",
        ge=0.0,
        le=0.5,
    )
    seed: int = setting(0, "Another number gives another split into training and validation.", ge=0, le=2**32 - 1)
    template: str = setting(
        "[{genres}, ][{moods}, ][{instruments}, ][{bpm:.0f} BPM, ][{key}. ]{caption}",
        "What prompts are made from. {name} is filled in, and a part in [brackets] left out where that is not known.",
    )
    features: list[FeatureName] | None = setting(
        None,
        "The numbers that Stable Audio is conditioned on; what lacks one of them is left out. Not set: all numbers that "
        "every recording has.",
        allowed="a list of names as sda features lists them, at least 1",
        min_length=1,
        examples=[["bpm", "tonic", "brightness"]],
    )
