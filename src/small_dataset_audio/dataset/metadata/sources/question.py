"""What a service is asked, and why it does not answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Trouble(Exception):  # noqa: N818 - the name says what the service is in
    """A service gives no answer now; the sentence says why, and the question is open.

    Attributes:
        sentence: what is wrong, for the user.
        status: what the service answered, where it did.
    """

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


class NotAllowed(Trouble):
    """The service refuses the key."""


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        url: where it goes.
        params: of the address, kept in the memory.
        data: a form that is sent instead of asking plainly, kept in the memory.
        secret_data: what is sent in the form beside that and kept nowhere.
        headers: what else is told; kept nowhere.
        stays: whether the answer may be remembered.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    secret_data: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    stays: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return what tells it from other questions, without secrets."""
        return {"url": self.url, "params": dict(self.params), "data": dict(self.data)}

    @property
    def has_secret(self) -> bool:
        """Whether somebody who listens would learn a key."""
        return bool(self.secret_data) or any(name.lower() == "authorization" for name in self.headers)
