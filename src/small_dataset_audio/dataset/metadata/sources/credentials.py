"""Keys for services: from the environment only, never shown, logged or written."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ACOUSTID_KEY: Final = "SDA_ACOUSTID_KEY"
SPOTIFY_ID: Final = "SDA_SPOTIFY_CLIENT_ID"
SPOTIFY_SECRET: Final = "SDA_SPOTIFY_CLIENT_SECRET"  # noqa: S105 - the name of a variable
TIDAL_ID: Final = "SDA_TIDAL_CLIENT_ID"
TIDAL_SECRET: Final = "SDA_TIDAL_CLIENT_SECRET"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class Client:
    """The two halves of an application's key, as services with the client credentials flow give them (RFC 6749, 4.4)."""

    name: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Credentials:
    """The keys that the user has.

    Attributes:
        acoustid: of an application at AcoustID.
        spotify: of an application at Spotify.
        tidal: of an application at Tidal.
    """

    acoustid: str | None = field(default=None, repr=False)
    spotify: Client | None = field(default=None, repr=False)
    tidal: Client | None = field(default=None, repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Credentials":
        """Return the keys that stand in the environment."""
        return cls(
            environ.get(ACOUSTID_KEY, "").strip() or None,
            _client(environ, SPOTIFY_ID, SPOTIFY_SECRET),
            _client(environ, TIDAL_ID, TIDAL_SECRET),
        )


def _client(environ: Mapping[str, str], name: str, secret: str) -> Client | None:
    halves = environ.get(name, "").strip(), environ.get(secret, "").strip()
    return Client(*halves) if all(halves) else None
