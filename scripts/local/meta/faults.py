"""
Failures on demand, told by `POST /faults` and spent in their order; `PUT` replaces all there are.

A fault is spent by one call, by `times` calls, or stays `until_cleared`. One that stays is an
outage: it meets the cheap probe as well, so that a probe cannot say all is well meanwhile.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.local.http_messages import Answer, Delayed, Dropped, Response
from scripts.local.meta.errors import GraphError

_BAD_GATEWAY = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
_GATEWAY_TIMEOUT = "<!DOCTYPE html><html><body><h1>504 Gateway Timeout</h1></body></html>"


@dataclass(frozen=True)
class ErrorAnswer:
    """Answer with an error instead of looking at the events."""

    error: GraphError
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NoAnswer:
    """Keep the caller waiting so many seconds, then reset; nothing is recorded."""

    seconds: float = 0


@dataclass(frozen=True)
class HtmlAnswer:
    """Answer as a proxy in front of Meta would: 502 and a page."""


@dataclass(frozen=True)
class ResetAfterCommit:
    """Record the events, then reset: the caller cannot know."""


@dataclass(frozen=True)
class HtmlAfterCommit:
    """Record the events, then answer as a proxy that lost patience would: 504 and a page."""


@dataclass(frozen=True)
class ShortCount:
    """Claim, and record, only so many events; None leaves the count out and records none."""

    value: int | None


@dataclass(frozen=True)
class SlowAnswer:
    """Record the events, then answer so many seconds late."""

    seconds: float


InsteadFault = ErrorAnswer | NoAnswer | HtmlAnswer
AfterFault = ResetAfterCommit | HtmlAfterCommit | ShortCount | SlowAnswer
Fault = InsteadFault | AfterFault


class UnknownFaultError(ValueError):
    """A fault that nobody here knows how to play."""


def answer_instead(fault: InsteadFault) -> Answer:
    match fault:
        case ErrorAnswer(error, headers):
            return Response.of_json(error.body(), error.status, headers)
        case NoAnswer(seconds):
            return Delayed(seconds, Dropped())
        case HtmlAnswer():
            return Response.of_html(_BAD_GATEWAY, 502)


def answer_after(fault: AfterFault | None, answer: Mapping[str, Any]) -> Answer:
    """Answer for events that are recorded; `answer` is what Meta says when all is well."""
    match fault:
        case None:
            return Response.of_json(answer)
        case ResetAfterCommit():
            return Dropped()
        case HtmlAfterCommit():
            return Response.of_html(_GATEWAY_TIMEOUT, 504)
        case SlowAnswer(seconds):
            return Delayed(seconds, Response.of_json(answer))
        case ShortCount(None):
            return Response.of_json({k: v for k, v in answer.items() if k != "events_received"})
        case ShortCount(value):
            return Response.of_json({**answer, "events_received": value})


def parse_fault(told: Mapping[str, Any]) -> Fault:
    """Raise UnknownFaultError naming what cannot be read."""
    try:
        match told["fault"]:
            case "error":
                return _error_answer(told)
            case "timeout":
                return NoAnswer(float(told["seconds"]))
            case "reset":
                return NoAnswer()
            case "reset_after_commit":
                return ResetAfterCommit()
            case "html_502":
                return HtmlAnswer()
            case "html_504_after_commit":
                return HtmlAfterCommit()
            case "events_received":
                return ShortCount(told["value"])
            case "slow":
                return SlowAnswer(float(told["seconds"]))
            case unknown:
                raise UnknownFaultError(f"unknown fault {unknown!r}")
    except (KeyError, TypeError) as error:
        raise UnknownFaultError(f"{told!r} lacks or mistypes {error}") from error


def _error_answer(told: Mapping[str, Any]) -> ErrorAnswer:
    error = GraphError(
        int(told["code"]),
        told.get("subcode"),
        int(told.get("status", 400)),
        message=told.get("message", f"(#{told['code']}) A scripted fault"),
        is_transient=bool(told.get("is_transient", False)),
    )
    headers = {str(name): str(value) for name, value in told.get("headers", {}).items()}
    return ErrorAnswer(error, headers)


@dataclass
class _Scripted:
    told: Mapping[str, Any]
    fault: Fault
    # None: until it is cleared.
    left: int | None


def _scripted(told: Sequence[Mapping[str, Any]]) -> list[_Scripted]:
    return [
        _Scripted(one, parse_fault(one), None if one.get("until_cleared") else one.get("times", 1))
        for one in told
    ]


class Script:
    """The faults still to be played; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripted: list[_Scripted] = []

    def add(self, told: Sequence[Mapping[str, Any]]) -> None:
        """Append all of them or, raising UnknownFaultError, none."""
        scripted = _scripted(told)
        with self._lock:
            self._scripted += scripted

    def replace(self, told: Sequence[Mapping[str, Any]]) -> None:
        """Play these from the next call on, and no older ones; no call slips through between."""
        scripted = _scripted(told)
        with self._lock:
            self._scripted = scripted

    def clear(self) -> None:
        with self._lock:
            self._scripted.clear()

    def pending(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(one.told) for one in self._scripted]

    def next_for_events(self) -> Fault | None:
        """Spend the first fault, if there is one."""
        with self._lock:
            if not self._scripted:
                return None
            first = self._scripted[0]
            if first.left is not None:
                first.left -= 1
                if first.left <= 0:
                    self._scripted.pop(0)
            return first.fault

    def outage(self) -> Fault | None:
        """Give the fault that a probe meets now, spending nothing."""
        with self._lock:
            first = self._scripted[0] if self._scripted else None
        return first.fault if first and first.left is None else None
