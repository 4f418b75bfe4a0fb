"""The sessions, as they are read everywhere and written by `collect` alone."""

from collections.abc import Sequence
from typing import Protocol

from shared.domain.sessions import Session


class Sessions(Protocol):
    """The sessions, for the functions that only read them."""

    def find(self, session_ids: Sequence[str]) -> dict[str, Session]:
        """Return those that are stored, expired ones included."""
        ...


class SessionWriter(Protocol):
    """The sessions as `collect` writes them."""

    async def find(self, session_id: str) -> Session | None:
        """Return the session, or the refusal that ended it."""
        ...

    async def open(self, session: Session) -> None: ...

    async def touch(self, session_id: str, changes: dict[str, object]) -> bool:
        """Overwrite the named fields (dotted paths); False when there is no such session."""
        ...

    async def replace(self, session: Session) -> None:
        """
        Leave nothing of a stored session but the given refusal; do nothing if there is none.

        `find` returns the refusal from now on; `touch` finds no session any more.
        """
        ...
