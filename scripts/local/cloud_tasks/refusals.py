"""What Cloud Tasks answers instead of doing as it was asked."""

from enum import Enum, auto


class Refusal(Enum):
    """The status words of gRPC (google.rpc.Code) that Cloud Tasks refuses with."""

    INVALID_ARGUMENT = auto()
    NOT_FOUND = auto()
    ALREADY_EXISTS = auto()
    FAILED_PRECONDITION = auto()
    RESOURCE_EXHAUSTED = auto()
    UNAVAILABLE = auto()
    UNIMPLEMENTED = auto()


class RefusedError(Exception):
    """A call that is answered with a status instead of a message."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message


def invalid(message: str) -> RefusedError:
    """Refuse what no repetition will make right."""
    return RefusedError(Refusal.INVALID_ARGUMENT, message)


def not_found(name: str) -> RefusedError:
    """Refuse a name that nothing bears now."""
    return RefusedError(Refusal.NOT_FOUND, f"Requested entity was not found: {name}")


def unimplemented(what: str) -> RefusedError:
    """Refuse what production does and the stand-in does not; silence would be a lie."""
    return RefusedError(Refusal.UNIMPLEMENTED, f"The Cloud Tasks stand-in does not do {what}.")
