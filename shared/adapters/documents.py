"""Domain values as documents: the one form that both stores and the queue write down."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
Document = dict[str, Any]


def to_document(value: object) -> Document:
    """Write a frozen dataclass as plain maps and lists; instants stay instants."""
    document = msgspec.to_builtins(value, builtin_types=(datetime,))
    if not isinstance(document, dict):
        raise TypeError(f"{type(value).__name__} is not a document")
    return document


def to_known_fields(value: object) -> Document:
    """
    Write only what is known: for merging, where an empty field would wipe out a full one.
    """
    return {name: field for name, field in to_document(value).items() if field not in (None, {})}


def to_field(value: object) -> Any:
    """Write the value of one field as a document holds it."""
    return msgspec.to_builtins(value, builtin_types=(datetime,))


def from_document(kind: type[T], document: Mapping[str, Any]) -> T:
    """Read a document back; fields that `kind` does not know are left aside."""
    return from_plain(kind, _with_plain_instants(document))


def from_plain(kind: type[T], document: Mapping[str, Any]) -> T:
    """Read a document whose instants are plain ones already."""
    return msgspec.convert(document, kind)


def _with_plain_instants(value: Any) -> Any:
    """Turn Firestore's DatetimeWithNanoseconds, a subclass, into the type that msgspec knows."""
    match value:
        case datetime():
            return datetime.fromtimestamp(value.timestamp(), UTC)
        case dict():
            return {key: _with_plain_instants(item) for key, item in value.items()}
        case list():
            return [_with_plain_instants(item) for item in value]
        case _:
            return value
