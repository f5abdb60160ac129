"""The Hugging Face hub: which files a repository holds, and the two variables by which its users steer all programs."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from small_dataset_audio.errors import ConfigError, ModelError
from small_dataset_audio.models.declarations import FILE_NAME
from small_dataset_audio.models.fields import is_address
from small_dataset_audio.models.registry import ModelFile

if TYPE_CHECKING:
    import httpx2

HUB: Final = "https://huggingface.co"
ENDPOINT_VARIABLE: Final = "HF_ENDPOINT"
"""Names a mirror of the whole hub, for huggingface_hub and for sda."""
TOKEN_VARIABLE: Final = "HF_TOKEN"  # noqa: S105 - the name of a variable
"""Holds the user's token, for repositories whose conditions must be accepted on the hub's pages."""

_DATA: Final = frozenset({".gguf", ".jinja", ".json", ".model", ".safetensors", ".txt"})
"""Kinds of files that are taken: data only. Pickles and programs are left where they are."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Hub:
    """Where the hub is.

    Attributes:
        endpoint: its address, or that of its mirror.
        token: the user's token, empty where there is none.
    """

    endpoint: str = HUB
    token: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> "Hub":
        """Return the hub that the environment names.

        Raises:
            ConfigError: it names something that is no address.
        """
        surroundings = os.environ if environ is None else environ
        endpoint = surroundings.get(ENDPOINT_VARIABLE, "").strip().rstrip("/") or HUB
        if not is_address(endpoint):
            raise ConfigError(
                f"The variable {ENDPOINT_VARIABLE} is {endpoint}.",
                "It names a mirror of the Hugging Face hub, by an address that begins with https:// or http://.",
                f"Correct it, or `unset {ENDPOINT_VARIABLE}`.",
            )
        return cls(endpoint, surroundings.get(TOKEN_VARIABLE, "").strip())

    def address(self, url: str) -> str:
        """Return ``url``, led to the mirror if it is one of the hub's."""
        return f"{self.endpoint}{url.removeprefix(HUB)}" if url.startswith(f"{HUB}/") else url

    def headers(self, url: str) -> dict[str, str]:
        """Return what a request for ``url`` must carry; the token goes to the hub only."""
        mine = urlsplit(url)[:2] == urlsplit(self.endpoint)[:2]
        return {"Authorization": f"Bearer {self.token}"} if self.token and mine else {}

    def listing(self, client: "httpx2.Client", repository: str, revision: str) -> "Listing":
        """Return what a repository holds.

        Args:
            client: makes the request.
            repository: ``owner/name``.
            revision: a commit or a branch.

        Raises:
            ModelError: the hub does not answer as it should, or the repository holds no weights.
            httpx2.TransportError: the hub cannot be reached.
        """
        url = f"{self.endpoint}/api/models/{repository}/revision/{quote(revision, safe='')}"
        answer = client.get(url, params={"blobs": "true"}, headers=self.headers(url))
        if not answer.is_success:
            raise _refused(repository, answer.status_code)
        try:
            listing = self._read(repository, answer.json())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _strange(repository, f"{type(error).__name__}: {error}") from error
        if not any(file.name.endswith(".safetensors") for file in listing.files):
            raise _strange(repository, "it lists no file of weights in a safe format")
        return listing

    def _read(self, repository: str, document: Any) -> "Listing":  # noqa: ANN401 - what a server sent
        commit = str(document["sha"])
        if not _COMMIT.fullmatch(commit):
            raise ValueError(commit[:60])
        names = [str(entry["rfilename"]) for entry in document["siblings"]]
        files = [_file(entry, name) for entry, name in zip(document["siblings"], names, strict=True) if is_data(name)]
        base = f"{self.endpoint}/{repository}/resolve/{commit}"
        return Listing(commit, tuple(ModelFile(f.name, (f"{base}/{f.name}",), f.sha256, f.bytes) for f in files))


@dataclass(frozen=True)
class Listing:
    """What a repository holds.

    Attributes:
        commit: the state of the repository that was listed.
        files: its files of data, with the hashes that the hub knows.
    """

    commit: str
    files: tuple[ModelFile, ...]


def is_data(name: str) -> bool:
    """Whether a file of a repository is fetched: data, at the top; no hidden files, folders or programs."""
    return FILE_NAME.fullmatch(name) is not None and any(name.endswith(suffix) for suffix in _DATA)


def _file(entry: Mapping[str, Any], name: str) -> ModelFile:
    """Return one file; only what the hub keeps as a large file has a sha256 there."""
    large = entry.get("lfs") or {}
    sha256 = large.get("sha256")
    size = large.get("size", entry.get("size"))
    if sha256 is not None and not _SHA256.fullmatch(str(sha256)):
        raise ValueError(str(sha256)[:80])
    if size is not None and (not isinstance(size, int) or size < 0):
        raise ValueError(str(size)[:80])
    return ModelFile(name, sha256=sha256, bytes=size)


def _refused(repository: str, status: int) -> ModelError:
    page = f"{HUB}/{repository}"
    if status in {401, 403}:
        return ModelError(
            f"The hub does not give out {repository} without more (HTTP {status}).",
            "Its authors may want their conditions to be accepted first, by a user with a name.",
            f"Accept them on {page}, put your token into {TOKEN_VARIABLE}, and run the command again.",
        )
    return ModelError(
        f"The hub does not tell what {repository} holds.",
        f"It answered with HTTP {status}.",
        f"Try again later, and look whether {page} still exists; `sda models pull NAME --from DIR` needs no network.",
    )


def _strange(repository: str, reason: str) -> ModelError:
    return ModelError(
        f"The hub does not tell what {repository} holds.",
        f"Its answer cannot be understood: {reason[:200]}.",
        f"Try again later; where {ENDPOINT_VARIABLE} names a mirror, see whether it knows the hub's interface.",
    )
