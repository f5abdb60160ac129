"""Questions to a service over HTTP: in turn, with patience, remembered, and without ever telling a secret.

A service may be slow, busy, broken, or talk nonsense. What can pass is tried again, after the pause that the service asks for;
a service that stays in trouble is left alone for the rest of the run. RFC 9110, sections 10.2.3 (Retry-After) and 15.
"""

import datetime as dt
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from small_dataset_audio import __version__
from small_dataset_audio.dataset.metadata.sources.memory import LARGEST, Memory, Remembered
from small_dataset_audio.dataset.metadata.sources.pace import Pace
from small_dataset_audio.dataset.metadata.sources.question import NotAllowed, Question, Trouble

_LOG: Final = logging.getLogger(__name__)
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another try may change (RFC 9110; 425: RFC 8470; 429: RFC 6585)."""
_NOTHING: Final = frozenset({404, 410})
_NOT_ALLOWED: Final = frozenset({401, 403})
_TRIES: Final = 3
_TROUBLES: Final = 2
"""So many questions in a row without an answer, and a service is left alone."""
_LONGEST_PAUSE: Final = 30.0
"""Seconds. A service that asks for more is asked again in another run."""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class _Passing(Exception):  # noqa: N818 - the name says what kind of trouble it is
    """Another try may go better, after ``wait`` seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


@dataclass(frozen=True)
class Manners:
    """How services are asked.

    Attributes:
        patience: seconds that a service may be silent.
        contact: an address of the user that services are told, or empty.
        pause: seconds before the second try; it doubles.
    """

    patience: float = 15.0
    contact: str = ""
    pause: float = 1.0

    @property
    def agent(self) -> str:
        """What sda calls itself, in the form that MusicBrainz asks for."""
        return f"small-dataset-audio/{__version__} ( {self.contact or 'small-dataset-audio'} )"


class Web:
    """One service and how it is asked.

    Args:
        service: its name, for people.
        cache: the folder under which answers and turns are kept.
        interval: seconds between two questions, over all processes of this machine.
        manners: how it is asked.
        fresh: whether remembered answers do not count.
    """

    def __init__(self, service: str, cache: Path, interval: float, manners: Manners) -> None:
        folder = cache / "metadata" / service.lower()
        self.service = service
        self.fresh = False
        self._memory = Memory(folder / "answers")
        self._pace = Pace(folder / "turns", interval)
        self._manners = manners
        self._client: httpx2.Client | None = None
        self._troubles = 0
        self._left: Trouble | None = None

    def ask(self, question: Question) -> Mapping[str, Any] | None:
        """Return the JSON object that the service answers; None where it has nothing under that address.

        Raises:
            Trouble: it gives no answer now, or none that can be understood.
            StoreError: the cache cannot be written, without which turns cannot be kept.
        """
        known = question.as_json()
        remembered: Remembered | None = self._memory.recall(known) if question.stays and not self.fresh else None
        if remembered is not None:
            return remembered.content
        if self._left is not None:
            raise self._left
        try:
            content = self._patiently(question)
        except NotAllowed:
            raise
        except Trouble as trouble:
            self._troubles += 1
            if self._troubles >= _TROUBLES:
                self._left = trouble
            raise
        self._troubles = 0
        if question.stays:
            self._memory.keep(known, content)
        return content

    def knows(self, question: Question) -> bool:
        """Return whether the answer to a question is remembered, and counts."""
        return question.stays and not self.fresh and self._memory.recall(question.as_json()) is not None

    def leave(self, trouble: Trouble) -> None:
        """Ask the service nothing more in this run, because of ``trouble``."""
        self._left = trouble

    def _patiently(self, question: Question) -> Mapping[str, Any] | None:
        self._require_privacy(question)
        for attempt in range(1, _TRIES + 1):
            self._pace.wait()
            try:
                return self._once(question)
            except _Passing as passing:
                pause = passing.wait or self._manners.pause * 2 ** (attempt - 1)
                if passing.wait:
                    self._pace.rest(min(passing.wait, _LONGEST_PAUSE))
                if attempt == _TRIES or pause > _LONGEST_PAUSE:
                    asks = f" and asks to wait {pause:.0f} s" if pause > _LONGEST_PAUSE else ""
                    raise Trouble(f"{self.service} {passing.reason}{asks}.") from passing
                _LOG.info("%s %s; asking again in %.1f s", self.service, passing.reason, pause)
                time.sleep(pause)
        raise AssertionError

    def _once(self, question: Question) -> Mapping[str, Any] | None:
        """Return the answer to one try."""
        try:
            status, headers, body = self._exchange(question)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.TooManyRedirects, UnicodeError) as error:
            raise Trouble(f"The address of {self.service} leads nowhere: check it in the settings.") from error
        except httpx2.ConnectError as error:
            raise _Passing("cannot be reached") from error
        except httpx2.TimeoutException as error:
            raise _Passing(f"was silent for {self._manners.patience:g} s") from error
        except httpx2.TransportError as error:
            raise _Passing("broke off in the middle of an answer") from error
        except httpx2.HTTPError as error:  # a body that is not what its headers say
            raise _Passing("sent an answer that cannot be decoded") from error
        if status in _PASSING:
            raise _Passing(f"answered HTTP {status}", asked_pause(headers))
        if status in _NOTHING:
            return None
        if status in _NOT_ALLOWED:
            raise NotAllowed(f"{self.service} refuses the key (HTTP {status}).", status)
        return self._understood(status, body)

    def _exchange(self, question: Question) -> tuple[int, Mapping[str, str], bytes]:
        method = "POST" if question.data or question.secret_data else "GET"
        with self._opened().stream(
            method,
            question.url,
            params=dict(question.params) or None,
            data={**question.data, **question.secret_data} or None,
            headers=dict(question.headers),
            follow_redirects=not question.has_secret,
        ) as answer:
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise Trouble(f"{self.service} sent far more than an answer.")
            return answer.status_code, answer.headers, bytes(body)

    def _understood(self, status: int, body: bytes) -> Mapping[str, Any]:
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise Trouble(f"{self.service} answered HTTP {status} with something that is not JSON.", status)
        if not httpx2.codes.is_success(status):
            raise Trouble(f"{self.service} answered HTTP {status}.", status)
        return content

    def _opened(self) -> httpx2.Client:
        if self._client is None:
            timeout = httpx2.Timeout(self._manners.patience)
            headers = {"User-Agent": self._manners.agent, "Accept": "application/json"}
            try:
                self._client = httpx2.Client(timeout=timeout, headers=headers)
            except (ValueError, httpx2.InvalidURL, OSError) as error:
                raise Trouble(
                    "The proxy or the certificates that the environment names are wrong: correct HTTP_PROXY, HTTPS_PROXY, "
                    "ALL_PROXY, SSL_CERT_FILE or SSL_CERT_DIR, or unset them."
                ) from error
        return self._client

    def _require_privacy(self, question: Question) -> None:
        """Raise unless a key is sent only where nobody else can read it."""
        try:
            parts = urlsplit(question.url)
        except ValueError as error:
            raise Trouble(f"The address of {self.service} is none: check it in the settings.") from error
        if question.has_secret and parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise NotAllowed(
                f"The key for {self.service} was not sent: its address in the settings does not begin with https://."
            )


def asked_pause(headers: Mapping[str, str]) -> float:
    """Return how many seconds a service asks to wait, 0.0 where it does not: a number, or a moment."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return 0.0
    moment = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(tz=dt.UTC)).total_seconds())
