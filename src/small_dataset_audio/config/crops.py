"""The section ``[crops]``: how tracks are cut into pieces."""

from small_dataset_audio.config.section import Section, setting


class Crops(Section):
    """How tracks are cut into pieces of the length that a generator trains on."""

    seconds: float = setting(47.5, "The longest crop, in seconds. None is shorter than 75 % of it.", ge=1.0, le=600.0)
    samples: int | None = setting(
        None,
        "The longest crop, in samples of the recording, such as the sample_size of the model to be trained; it takes the "
        "place of seconds.",
        ge=1000,
        le=200_000_000,
        examples=[2097152],
    )
    beat_aligned: bool = setting(
        default=True,
        description="Let crops begin and end on downbeats, where there are any. false: all have exactly the longest length.",
    )
    four_bars: bool = setting(default=False, description="Only crops of whole bars whose number is a multiple of four.")
    overlap: bool = setting(default=False, description="Let each crop begin halfway through the one before.")
    fade_ms: float = setting(
        10.0,
        "The fade at both ends, in milliseconds. 0 for loops without a gap: crops are cut where the wave crosses zero.",
        ge=0.0,
        le=1000.0,
    )
    silence_dbfs: float = setting(-72.0, "Crops that never get louder than this are left out.", ge=-140.0, le=0.0)
    skip_stems: bool = setting(default=False, description="Crop the mix only, not its stems.")
