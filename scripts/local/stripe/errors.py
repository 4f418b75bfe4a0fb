"""Stripe's refusals, in its envelope `{"error": {"type", "code", "message", "param"}}`."""

from typing import Any


class ApiError(Exception):
    """A request that Stripe would refuse; `code` is what a program may classify on."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.kind = kind

    def body(self) -> dict[str, Any]:
        said = {"code": self.code, "message": self.message, "param": self.param, "type": self.kind}
        return {"error": {key: value for key, value in said.items() if value is not None}}


def no_key() -> ApiError:
    return ApiError("You did not provide an API key.", status=401)


def wrong_key(key: str) -> ApiError:
    """Refuse a key, showing no more of it than Stripe does."""
    return ApiError(f"Invalid API Key provided: {key[:8]}***{key[-4:]}", status=401)


def unknown_url(method: str, path: str) -> ApiError:
    return ApiError(f"Unrecognized request URL ({method}: {path}).", status=404)


def missing(kind: str, object_id: str, param: str = "id", *, status: int = 404) -> ApiError:
    """Say that there is no such object; a body that names it is a 400 rather than a 404."""
    message = f"No such {kind.replace('.', ' ')}: '{object_id}'"
    return ApiError(message, status=status, code="resource_missing", param=param)


def parameter_missing(param: str) -> ApiError:
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def parameter_unknown(param: str) -> ApiError:
    return ApiError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def invalid(message: str, param: str, code: str | None = None) -> ApiError:
    return ApiError(message, code=code, param=param)


def unexpected_state(status: str) -> ApiError:
    """Say that a PaymentIntent is not where the request would have it."""
    message = f"This PaymentIntent's status is {status}, which does not allow that."
    return ApiError(message, code="payment_intent_unexpected_state", param="payment_intent")
