"""Firestore's values in its own messages, read and written straight as plain maps and lists."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.types import ArrayValue, MapValue, Value
from google.protobuf.timestamp_pb2 import Timestamp

# The plain messages beneath the library's own, which convert every value on its way in and out.
_Array, _Map, _Value = ArrayValue.pb(), MapValue.pb(), Value.pb()


def read_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Read a document's fields; instants come back as plain aware ones, to the microsecond."""
    # By name: a map of protobuf's has its items() in Python, and its look-up in C.
    return {name: _read(fields[name]) for name in fields}


def _read(value: Any) -> Any:
    read = _READ.get(value.WhichOneof("value_type"))
    return None if read is None else read(value)


# Of a kind that we never write (a place on the map, say) nothing of ours can be made.
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "boolean_value": attrgetter("boolean_value"),
    "integer_value": attrgetter("integer_value"),
    "double_value": attrgetter("double_value"),
    "string_value": attrgetter("string_value"),
    "bytes_value": attrgetter("bytes_value"),
    "timestamp_value": lambda value: value.timestamp_value.ToDatetime(UTC),
    "array_value": lambda value: [_read(each) for each in value.array_value.values],
    "map_value": lambda value: read_fields(value.map_value.fields),
}


def written_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Write a document's fields; raise TypeError for what no document of ours holds."""
    return {name: _written(value) for name, value in document.items()}


def _written(value: object) -> Any:
    match value:
        case None:
            return _Value(null_value=0)
        case str():
            return _Value(string_value=value)
        case bool():
            return _Value(boolean_value=value)
        case int():
            return _Value(integer_value=value)
        case datetime():
            instant = Timestamp()
            instant.FromDatetime(value)
            return _Value(timestamp_value=instant)
        case dict():
            return _Value(map_value=_Map(fields=written_fields(value)))
        case list() | tuple():
            return _Value(array_value=_Array(values=[_written(each) for each in value]))
        case _:
            raise TypeError(f"a document holds no {type(value).__name__}")


def leaf_paths(document: Mapping[str, Any], *above: str) -> Iterator[str]:
    """Name every field that is no map, so that writing them merges maps and replaces none."""
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from leaf_paths(value, *above, name)
        else:
            yield FieldPath(*above, name).to_api_repr()
