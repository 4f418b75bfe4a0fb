"""
Sessions by the million: copies, each under a key of its own, of one that `collect` wrote.

What is stored is therefore what a visitor leaves behind, field by field. The messages are built
without the client's conversions, which would take ten times as long as the emulator does.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import grpc
from google.cloud.firestore_v1 import types as firestore

_FIRESTORE: Final = "/google.firestore.v1.Firestore"
# The emulator lets the caller in who says this, and no other.
_OWNER: Final = (("authorization", "Bearer owner"),)
_AT_ONCE: Final = 500
# So that one commit is written while the emulator takes another.
_COMMITS_AT_ONCE: Final = 4
_PATIENCE_SECONDS: Final = 120.0
_SAYS_EVERY: Final = 100_000
# Keys that are given back: enough that a measurement meets a session twice at most.
_KNOWN: Final = 1_000
# Seen: 4.2 KiB a session, the emulator's own indexes included. Twice that, or it collects garbage
# while somebody else is measured.
_KIB_A_SESSION: Final = 9
_EMULATOR_MIB: Final = 2_048


def heap_mib(sessions: int) -> int:
    """Say how much memory the emulator is to be given for so many sessions."""
    return _EMULATOR_MIB + _mib(sessions)


def has_memory_for(sessions: int) -> bool:
    """Tell whether this machine has as much to spare now."""
    available = Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()[0]
    return _mib(sessions) < int(available) // 1_024


def _mib(sessions: int) -> int:
    return sessions * _KIB_A_SESSION // 1_024


def fill(
    emulator: str, project: str, session_id: str, wanted: int, say: Callable[[str], None]
) -> list[str]:
    """Store `wanted` copies of a session; give the keys of some of them."""
    sizes = [min(_AT_ONCE, wanted - at) for at in range(0, wanted, _AT_ONCE)]
    known: list[str] = []
    with grpc.insecure_channel(emulator) as channel, ThreadPoolExecutor(_COMMITS_AT_ONCE) as pool:
        copies = _Copies(channel, project, session_id)
        for number, keys in enumerate(pool.map(copies.store, sizes), start=1):
            known += keys[: max(_KNOWN // len(sizes), 1)]
            stored = min(number * _AT_ONCE, wanted)
            if stored % _SAYS_EVERY == 0 and stored < wanted:
                say(f"  {stored:,} of {wanted:,}")
    return known


class _Copies:
    def __init__(self, channel: grpc.Channel, project: str, session_id: str) -> None:
        self._database = f"projects/{project}/databases/(default)"
        self._commit = channel.unary_unary(f"{_FIRESTORE}/Commit")
        name = self._name(session_id)
        read = firestore.GetDocumentRequest.serialize(firestore.GetDocumentRequest(name=name))
        found = channel.unary_unary(f"{_FIRESTORE}/GetDocument")(
            read, metadata=self._metadata(), timeout=_PATIENCE_SECONDS
        )
        self._original = firestore.Document.pb(firestore.Document.deserialize(found))

    def store(self, count: int) -> list[str]:
        request = firestore.CommitRequest.pb(firestore.CommitRequest(database=self._database))
        keys = [f"s_{secrets.token_urlsafe(16)}" for _ in range(count)]
        for key in keys:
            copied = request.writes.add().update
            copied.CopyFrom(self._original)
            copied.name = self._name(key)
            copied.fields["session_id"].string_value = key
        written = request.SerializeToString()
        self._commit(written, metadata=self._metadata(), timeout=_PATIENCE_SECONDS)
        return keys

    def _name(self, key: str) -> str:
        return f"{self._database}/documents/sessions/{key}"

    def _metadata(self) -> Any:
        return (("google-cloud-resource-prefix", self._database), *_OWNER)
