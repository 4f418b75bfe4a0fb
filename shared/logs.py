"""
One JSON line a request, from a closed list of fields.

An address, a name or a token is not on the list, so writing one is a type error. Severity,
message and the trace key are lifted out by Cloud Logging (structured logging, special fields).
"""

import json
import re
import sys
import time
import traceback
from collections.abc import Mapping
from typing import TextIO, TypedDict, Unpack

import msgspec


class Fields(TypedDict, total=False):
    """Everything that a line may say."""

    function: str
    method: str
    path: str
    status: int
    took_ms: float
    error: str
    outcome: str
    reason: str
    dropped: str
    bot: str
    events: int
    batches: int
    refused: list[str]
    accepted: int
    withheld: int
    rejected: dict[str, int]
    requeued: int
    shed: int
    paused: str
    resumed: str
    destination: str
    state: str
    parked: int
    oldest_owed_s: int
    session_written: bool
    stripe_event_id: str
    stripe_event_type: str
    api_version: str
    sale_key: str
    match: str
    event_id: str
    attempt: int
    ambiguous: int
    task: str
    found: int
    queued: int
    left: int
    missing: int
    finished: bool
    day: str
    adds_up: bool
    sales_settled: int
    sales_accepted: int
    sales_in_flight: int
    sales_rejected: int
    sales_expired: int
    sales_withheld: int
    exception: str
    where: list[str]


TRACE_HEADERS = ("traceparent", "x-cloud-trace-context")
_TRACE_CONTEXT = re.compile(r"([0-9a-f]{32})(?:/(\d{1,20}))?", re.ASCII)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)


def trace_of(headers: Mapping[str, str], project: str) -> dict[str, str]:
    """Join the line with Cloud Run's own request log, by whichever header names the trace."""
    if found := _TRACEPARENT.match(headers.get("traceparent", "")):
        trace, span = found[1], found[2]
    elif found := _TRACE_CONTEXT.match(headers.get("x-cloud-trace-context", "")):
        trace, span = found[1], f"{int(found[2] or 0):016x}"
    else:
        return {}
    return {
        "logging.googleapis.com/trace": f"projects/{project}/traces/{trace}",
        "logging.googleapis.com/spanId": span,
    }


class Line:
    """The one line of a request: gathered while it is answered, written at its end."""

    def __init__(self, headers: Mapping[str, str], project: str, **fields: Unpack[Fields]) -> None:
        self._began = time.perf_counter()
        self._trace = trace_of(headers, project)
        self._fields: Fields = fields
        self._severity = "INFO"

    def note(self, **fields: Unpack[Fields]) -> None:
        self._fields.update(fields)

    def warn(self) -> None:
        """Somebody should know, though nothing is lost yet."""
        self._severity = max(self._severity, "WARNING", key=_SEVERITIES.index)

    def alarm(self) -> None:
        """Somebody should look."""
        self._severity = "ERROR"

    def crashed(self, error: BaseException) -> None:
        """
        Note a defect by its type and place.

        Not by its message: that may quote what the visitor sent.
        """
        self.alarm()
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        where = [
            f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames
        ]
        self.note(exception=type(error).__name__, where=where)

    def write(self, message: str, out: TextIO | None = None) -> None:
        self.note(took_ms=round((time.perf_counter() - self._began) * 1_000, 1))
        line = {"severity": self._severity, "message": message, **self._trace, **self._fields}
        stream = out or sys.stdout
        stream.write(_as_json(line) + "\n")
        stream.flush()


def _as_json(line: Mapping[str, object]) -> str:
    """
    Write ASCII, which every stream can encode.

    Other letters are rare here, and half an emoji (a lone surrogate) rarer; only the standard
    library escapes them.
    """
    try:
        written = _encode(line)
    except UnicodeEncodeError:
        return _escape(line)
    return written.decode() if written.isascii() else _escape(line)


_encode = msgspec.json.Encoder().encode
_escape = json.JSONEncoder(separators=(",", ":")).encode
_SEVERITIES = ("INFO", "WARNING", "ERROR")
