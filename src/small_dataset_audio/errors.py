"""The one tree of errors a user may meet.

SdaError                what happened, why, and how to fix it; exit status 1
├── UsageError          the command line itself is wrong; exit status 2
├── ConfigError         the settings file, an SDA_ variable or an option has a wrong value
├── DeviceError         the device that was asked for cannot be used
├── EnvironmentFault    the installation or the machine does not meet a critical requirement
├── AudioError          a file cannot be decoded or encoded
│   ├── NotAudio        not an audio file, or an empty one
│   └── TruncatedAudio  shorter than its own header says
├── FeatureError        a measurement was asked for in a way that cannot be answered
├── ModelError          weights cannot be fetched, verified or loaded
│   └── MissingWeights  the weights that are needed are not there, or were never verified
├── StoreError          a library, track folder or .INFO file cannot be read or written
│   └── UnreadableInfo  an .INFO file is not the flat JSON it must be; it is left untouched
└── PipelineError       a run cannot be planned or carried out
"""

from typing import Final

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130


class SdaError(Exception):
    """Base of every error that a user may meet: what happened, why, and how to fix it."""

    exit_status: int = EXIT_FAILED

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what, why, fix)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        """Return the three sentences on three lines."""
        return f"{self.what}\n{self.why}\n{self.fix}"

    def as_dict(self) -> dict[str, str]:
        """Return the JSON shape of the error: ``{"what", "why", "fix"}``."""
        return {"what": self.what, "why": self.why, "fix": self.fix}


class UsageError(SdaError):
    """The command line itself is wrong."""

    exit_status = EXIT_USAGE


class ConfigError(SdaError):
    """The settings file, an SDA_ variable or an option has a wrong value."""


class DeviceError(SdaError):
    """The device that was asked for cannot be used."""


class EnvironmentFault(SdaError):  # noqa: N818 - "EnvironmentError" is a builtin
    """The installation or the machine does not meet a critical requirement."""


class AudioError(SdaError):
    """A file cannot be decoded or encoded."""


class NotAudio(AudioError):  # noqa: N818 - the name says what the file is
    """The file is not audio, or holds none."""


class TruncatedAudio(AudioError):  # noqa: N818 - the name says what the file is
    """The file holds less audio than its own header declares."""


class FeatureError(SdaError):
    """A measurement was asked for in a way that cannot be answered."""


class ModelError(SdaError):
    """Weights cannot be fetched, verified or loaded."""


class MissingWeights(ModelError):  # noqa: N818 - the name says what is missing
    """The weights that are needed are not there, or were never verified."""


class StoreError(SdaError):
    """A library, a track folder or an .INFO file cannot be read or written."""


class UnreadableInfo(StoreError):  # noqa: N818 - the name says what the file is
    """An .INFO file is not the flat JSON it must be; it is left untouched."""


class PipelineError(SdaError):
    """A run cannot be planned or carried out."""
