"""
The refusals of Meta's Graph API, by the numbers that a client must classify on.

Texts are close to Meta's, but Meta localises and rewords them; `type` is OAuthException even for
a bad payload, so neither tells a client anything.
"""

import secrets
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GraphError:
    """One error answer: HTTP status and what stands in the body's `error`."""

    code: int
    subcode: int | None = None
    status: int = 400
    message: str = "Invalid parameter"
    type: str = "OAuthException"
    is_transient: bool = False
    user_title: str | None = None
    user_message: str | None = None

    def body(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "is_transient": self.is_transient,
        }
        optional = {
            "error_subcode": self.subcode,
            "error_user_title": self.user_title,
            "error_user_msg": self.user_message,
        }
        said |= {key: value for key, value in optional.items() if value is not None}
        return {"error": said | {"fbtrace_id": fbtrace_id()}}


def fbtrace_id() -> str:
    """Name one call as Meta does in every answer, so that its support could find it."""
    return "A" + secrets.token_urlsafe(16)


def deprecated_version(newest: str) -> GraphError:
    return GraphError(
        2635,
        message="(#2635) You are calling a deprecated version of the Ads API. "
        f"Please update to the latest version: {newest}.",
    )


def unknown_path(path: str) -> GraphError:
    return GraphError(2500, message=f"Unknown path components: {path}")


def invalid_token() -> GraphError:
    return GraphError(190, status=401, message="Invalid OAuth access token - Cannot parse token")


def wrong_proof() -> GraphError:
    return GraphError(
        104,
        message="Invalid appsecret_proof provided in the API argument",
        type="GraphMethodException",
    )


def no_such_object(object_id: str) -> GraphError:
    return GraphError(
        100,
        33,
        message=f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation.",
        type="GraphMethodException",
    )


def missing_permission() -> GraphError:
    return GraphError(200, status=403, message="(#200) Missing Permissions")


def bad_request_parameter(explanation: str) -> GraphError:
    """Refuse the call as a whole, not one of its events: code 100 without a subcode."""
    return GraphError(100, message=f"(#100) {explanation}")
