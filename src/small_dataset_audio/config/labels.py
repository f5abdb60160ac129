"""The section ``[labels]``: how many of the labels that networks give are kept."""

from small_dataset_audio.config.section import Section, setting


class Labels(Section):
    """Which genres, moods and instruments are written for a track, each with its probability."""

    top_k: int = setting(10, "How many genres, moods and instruments are kept: the likeliest of each.", ge=1, le=400)
    threshold: float = setting(0.01, "Labels that are less likely than this are left out.", ge=0.0, le=1.0)
    complete: bool = setting(
        default=False, description="Keep all 400 genres, 56 moods and 40 instruments, whatever the two above say."
    )
