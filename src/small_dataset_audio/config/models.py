"""Where weights come from: the section ``[models]``."""

from typing import Annotated, Final

from pydantic import StringConstraints

from small_dataset_audio.config.section import Folder, Section, setting

_ADDRESS: Final = r"^https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?(/[!-+\--~]*)?$"
Address = Annotated[str, StringConstraints(pattern=_ADDRESS)]
"""A web address; without commas, which separate the members of a list in a variable."""


class Models(Section):
    """Where the weights of models come from."""

    mirrors: list[Address] = setting(
        [],
        "Addresses of mirrors, which are tried before the authors' own. A mirror is a copy of a folder of models: "
        "MIRROR/MODEL/FILE.",
        allowed="a list of addresses that begin with https:// or http://",
        examples=[["https://mirror.example.org/sda-models"]],
    )
    registry: Folder | None = setting(
        None,
        "A list of models of your own (TOML), which adds to the one that comes with sda and may replace entries of it.",
        allowed="the path of a TOML file",
        examples=["models.toml"],
    )
