"""Access tokens of the client credentials flow (RFC 6749, section 4.4): kept in memory, never anywhere else."""

import base64
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from small_dataset_audio.dataset.metadata.sources.credentials import Client
from small_dataset_audio.dataset.metadata.sources.found import number
from small_dataset_audio.dataset.metadata.sources.question import NotAllowed, Question, Trouble

if TYPE_CHECKING:
    from small_dataset_audio.dataset.metadata.sources.web import Web

_MARGIN: Final = 30.0
"""Seconds before its end from which a token counts as used up."""
_REFUSED: Final = frozenset({400, 401, 403})


class Tokens:
    """The token of one service.

    Args:
        web: how the service is asked.
        address: where tokens are given.
        client: the key.
        variables: the environment variables that hold it, in words.
    """

    def __init__(self, web: "Web", address: str, client: Client, variables: str) -> None:
        self._web = web
        self._address = address
        self._client = client
        self._variables = variables
        self._token = ""
        self._until = 0.0

    def ask(self, question: Question) -> Mapping[str, Any] | None:
        """Return the answer to a question that needs a token.

        Raises:
            Trouble: as `Web.ask`, or there is no token.
            StoreError: the cache cannot be written.
        """
        signed = self._signed(question)
        try:
            return self._web.ask(signed)
        except NotAllowed as trouble:
            self._token = ""  # it may have been withdrawn
            if trouble.status is None or trouble.status not in _REFUSED:
                raise
        return self._web.ask(self._signed(question))

    def _signed(self, question: Question) -> Question:
        if self._web.knows(question):
            return question  # no token is needed for what is remembered
        if not self._token or time.monotonic() > self._until:
            self._renew()
        return replace(question, headers={**question.headers, "Authorization": f"Bearer {self._token}"})

    def _renew(self) -> None:
        pair = f"{quote(self._client.name, safe='')}:{quote(self._client.secret, safe='')}"
        basic = base64.b64encode(pair.encode()).decode()
        question = Question(
            self._address,
            data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Basic {basic}"},
            stays=False,
        )
        try:
            answer = self._web.ask(question) or {}
        except Trouble as trouble:
            if trouble.status not in _REFUSED:
                raise
            raise self._refused(trouble.status) from trouble
        token = answer.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise Trouble(f"{self._web.service} gave no access token.")
        self._token = token
        self._until = time.monotonic() + max(0.0, (number(answer.get("expires_in")) or 0.0) - _MARGIN)

    def _refused(self, status: int | None) -> NotAllowed:
        return NotAllowed(f"{self._web.service} refuses the key in {self._variables}.", status)
