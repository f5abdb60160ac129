"""What the data set room knows of a number that is measured elsewhere: its declaration."""

from typing import Literal, Protocol


class Declared(Protocol):
    """A number's declaration; `features.catalog.Feature` is one. The rooms do not know each other, so it is handed in."""

    @property
    def name(self) -> str:
        """Its key in ``.INFO``."""

    @property
    def unit(self) -> str:
        """What it is counted in; "1" for pure ratios."""

    @property
    def low(self) -> float:
        """Lower end of the declared range."""

    @property
    def high(self) -> float:
        """Upper end of the declared range."""

    @property
    def kind(self) -> Literal["float", "int", "flag"]:
        """How it is written: a flag is 0 or 1."""

    @property
    def group(self) -> str:
        """The family it belongs to."""

    @property
    def stage(self) -> str:
        """The pipeline stage that measures it."""

    @property
    def meaning(self) -> str:
        """What it says."""
