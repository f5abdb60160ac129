"""AcoustID: recordings by the sound itself, through the program fpcalc of Chromaprint; the last resort for untagged files."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.dataset.metadata import values
from small_dataset_audio.dataset.metadata.matching import Facts, bare, length_likeness, score
from small_dataset_audio.dataset.metadata.sources.found import Found, number, objects, too_far
from small_dataset_audio.dataset.metadata.sources.question import NotAllowed, Question, Trouble

if TYPE_CHECKING:
    from small_dataset_audio.dataset.metadata.sources.web import Web

INTERVAL: Final = 0.34
"""Seconds between two questions: three a second are allowed."""
LEAST: Final = 0.8
"""How alike two fingerprints must be, by the service's own score, to be taken for the same sound."""
_HEARD_SECONDS: Final = 120
"""How much of a recording fpcalc listens to: what the service's own fingerprints are made of."""
_PATIENCE: Final = 300.0
_BAD_REQUEST: Final = 400
INSTALL: Final = (
    "Install Chromaprint's fpcalc (Homebrew: `brew install chromaprint`; Debian: `apt install libchromaprint-tools`), or name "
    "the program as metadata.fpcalc."
)


class NoFingerprint(Exception):  # noqa: N818 - the name says what is missing
    """fpcalc made none of this recording; the argument is the end of a sentence that says why."""


@dataclass(frozen=True)
class Fingerprint:
    """What a recording sounds like, as Chromaprint writes it.

    Attributes:
        seconds: how long it lasts.
        text: the fingerprint.
    """

    seconds: int
    text: str


def program_found(program: str) -> bool:
    """Return whether fpcalc is there."""
    return shutil.which(program) is not None


def fingerprint(program: str, path: Path) -> Fingerprint:
    """Return the fingerprint of a recording.

    Raises:
        NoFingerprint: the program makes none.
    """
    command = [program, "-json", "-length", str(_HEARD_SECONDS), str(path.absolute())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - the program of the settings
        # Its status is of no use: with some versions of FFmpeg it takes the end of a file for an error.
        made = json.loads(done.stdout) if done.stdout.strip() else {}
    except subprocess.TimeoutExpired:
        message = f"fpcalc did not finish within {_PATIENCE:g} s"
        raise NoFingerprint(message) from None
    except (OSError, ValueError) as error:
        message = f"fpcalc does not work ({type(error).__name__})"
        raise NoFingerprint(message) from error
    seconds, text = (number(made.get("duration")), made.get("fingerprint")) if isinstance(made, dict) else (None, None)
    if seconds is None or not isinstance(text, str) or not text:
        raise NoFingerprint("fpcalc makes no fingerprint of the recording, which may be too short or silent")
    return Fingerprint(round(seconds), text)


@dataclass(frozen=True)
class AcoustId:
    """The service.

    Attributes:
        web: how it is asked.
        address: up to and including the version.
        key: of an application.
        program: fpcalc.
        minimum: the score that a recording needs whose tags say what it is.
    """

    web: "Web"
    address: str
    key: str = field(repr=False)
    program: str
    minimum: float

    def find(self, path: Path, asked: Facts) -> Found:
        """Return the MusicBrainz identifier and the artists of what sounds like the recording at ``path``.

        Args:
            path: the recording.
            asked: what its tags say of it.

        Raises:
            Trouble: the service gives no answer.
            StoreError: the cache cannot be written.
        """
        try:
            heard = fingerprint(self.program, path)
        except NoFingerprint as missing:
            return Found(reason=str(missing))
        data = {"format": "json", "meta": "recordings", "duration": str(heard.seconds), "fingerprint": heard.text}
        question = Question(f"{self.address}/lookup", data=data, secret_data={"client": self.key})
        try:
            answer = self.web.ask(question)
        except Trouble as trouble:
            raise self._explained(trouble) from trouble
        return self._chosen(objects(answer, "results"), asked, heard)

    def _explained(self, trouble: Trouble) -> Trouble:
        refused = isinstance(trouble, NotAllowed) or trouble.status == _BAD_REQUEST
        return NotAllowed("AcoustID refuses the key in SDA_ACOUSTID_KEY.", trouble.status) if refused else trouble

    def _chosen(self, results: list[Mapping[str, Any]], asked: Facts, heard: Fingerprint) -> Found:
        """Return the recording that sounds alike and that the tags mean; without tags, only one that nobody disputes."""
        alike = [one for one in results if (number(one.get("score")) or 0.0) >= LEAST]
        offered = [
            (number(result.get("score")) or 0.0, identifier, facts)
            for result in alike
            for one in objects(result, "recordings")
            if (identifier := values.musicbrainz_id(one.get("id"))) and (facts := facts_of(one)).title
        ]
        fitting = [one for one in offered if length_likeness(heard.seconds, one[2].seconds) != 0.0]
        if not fitting:
            return Found(reason="it knows nothing that sounds like the recording")
        if asked.title:
            best = max(fitting, key=lambda one: (score(asked, one[2]), one[0], one[1]))
            fit = score(asked, best[2])
            if fit < self.minimum:
                return Found(notes={"score": fit}, reason=too_far(fit, self.minimum))
            return _found(best, fit)
        if len({(bare(facts.title or ""), bare(" ".join(facts.artists))) for _, _, facts in fitting}) > 1:
            return Found(reason="several recordings with different names sound like it")
        best = max(fitting, key=lambda one: (one[0], one[1]))
        return _found(best, best[0])


def facts_of(recording: Mapping[str, Any]) -> Facts:
    """Return what AcoustID says of a recording."""
    return Facts(
        values.text(recording.get("title")),
        values.texts(one.get("name") for one in objects(recording, "artists")),
        number(recording.get("duration")),
    )


def _found(chosen: tuple[float, str, Facts], fit: float) -> Found:
    sound, identifier, facts = chosen
    made = {"musicbrainz_id": identifier, "artists": list(facts.artists)}
    return Found(
        {name: value for name, value in made.items() if value},
        {"by": "fingerprint", "score": round(fit, 3), "fingerprint_score": round(sound, 3)},
    )
