"""What a library is checked against: the trainer that is to read it, and the length of crops."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The targets of a training.

    Attributes:
        rate: the trainer's sample rate in Hz.
        sample_size: how many samples the trainer takes at once. The default is that of Stable Audio Open 1.0.
        crop_seconds: the longest crop.
        validation_share: the share of tracks that is to be kept for validation.
    """

    rate: int = 44100
    sample_size: int = 2097152
    crop_seconds: float = 47.5
    validation_share: float = 0.1

    @property
    def seconds(self) -> float:
        """How many seconds the trainer takes at once."""
        return self.sample_size / self.rate
