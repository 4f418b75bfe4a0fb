"""The closed list of reasons for which a request, or one event of it, is refused."""

from enum import StrEnum


class Refusal(StrEnum):
    """One word a reason: the JSON `error`, the log field and the metric label."""

    UNREADABLE = "unreadable"
    TOO_BIG = "too_big"
    TOO_MANY_EVENTS = "too_many_events"
    NO_EVENTS = "no_events"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BAD_DAY = "bad_day"

    UNKNOWN_FIELD = "unknown_field"
    BAD_EVENT = "bad_event"
    PURCHASE_IS_SERVER_ONLY = "purchase_is_server_only"
    BAD_EVENT_NAME = "bad_event_name"
    BAD_EVENT_ID = "bad_event_id"
    EVENT_TIME_NOT_SECONDS = "event_time_not_seconds"
    EVENT_TIME_IN_FUTURE = "event_time_in_future"
    EVENT_TOO_OLD = "event_too_old"
    BAD_URL = "bad_url"
    BAD_PAGE = "bad_page"
    BAD_CONSENT = "bad_consent"
    BAD_CUSTOM_DATA = "bad_custom_data"
    BAD_VALUE = "bad_value"
    BAD_CURRENCY = "bad_currency"
    CURRENCY_MISSING = "currency_missing"
    BAD_CONTENTS = "bad_contents"
    BAD_USER_DATA = "bad_user_data"

    BAD_SIGNATURE = "bad_signature"
    SIGNATURE_EXPIRED = "signature_expired"

    STORE_AWAY = "store_away"
    QUEUE_AWAY = "queue_away"
    SECRET_AWAY = "secret_away"  # noqa: S105  The name of a reason, not a secret.
    STRIPE_AWAY = "stripe_away"
    INTERNAL = "internal"


ADVICE = {
    Refusal.UNREADABLE: "Send one JSON object as UTF-8, text/plain or application/json.",
    Refusal.TOO_BIG: "Send at most 64 KiB a request; a webhook may have 8 MiB.",
    Refusal.TOO_MANY_EVENTS: "Send at most 50 events a request.",
    Refusal.NO_EVENTS: "Send a list `events` with at least one event.",
    Refusal.ORIGIN_NOT_ALLOWED: "Add the page's origin to SHOP_ORIGINS.",
    Refusal.NOT_FOUND: "See functions/README.md for what this function answers.",
    Refusal.METHOD_NOT_ALLOWED: "See functions/README.md for what this function answers.",
    Refusal.BAD_DAY: "Write one UTC day like 2026-11-24, or none for yesterday.",
    Refusal.UNKNOWN_FIELD: "Leave out fields that functions/README.md does not list.",
    Refusal.BAD_EVENT: "An event is a JSON object.",
    Refusal.PURCHASE_IS_SERVER_ONLY: "Stripe's webhook alone reports purchases; remove the event.",
    Refusal.BAD_EVENT_NAME: "Use 1 to 50 letters, digits, blanks, and . _ - of ASCII.",
    Refusal.BAD_EVENT_ID: "Mint an event_id of 1 to 100 characters of A-Z a-z 0-9 . _ : -",
    Refusal.EVENT_TIME_NOT_SECONDS: "Send event_time as whole Unix seconds, or leave it out.",
    Refusal.EVENT_TIME_IN_FUTURE: "Correct the clock, or leave event_time out.",
    Refusal.EVENT_TOO_OLD: "Meta takes events for 7 days; drop it.",
    Refusal.BAD_URL: "Send url and referrer whole, as browsers do, of up to 8,192 characters.",
    Refusal.BAD_PAGE: 'Send page as {"url", "referrer"}.',
    Refusal.BAD_CONSENT: "Send consent in the words of Google Consent Mode v2; at in seconds.",
    Refusal.BAD_CUSTOM_DATA: "Check the types in custom_data against Meta's reference.",
    Refusal.BAD_VALUE: "Send value and other numbers as such, from 0 to a million millions.",
    Refusal.BAD_CURRENCY: "Send currency as three letters of ISO 4217.",
    Refusal.CURRENCY_MISSING: "Send a currency with every value.",
    Refusal.BAD_CONTENTS: "Send contents as a list of objects with an id.",
    Refusal.BAD_USER_DATA: "Send each field of user_data as a text, or as up to five.",
    Refusal.BAD_SIGNATURE: "Check STRIPE_WEBHOOK_SECRETS against the endpoint's signing secret.",
    Refusal.SIGNATURE_EXPIRED: "Check the clocks; Stripe signs each retry anew.",
    Refusal.STORE_AWAY: "Nothing was taken; send the same again in a moment.",
    Refusal.QUEUE_AWAY: "Nothing was queued; send the same again in a moment.",
    Refusal.SECRET_AWAY: "Nothing was taken; send the same again in a moment.",
    Refusal.STRIPE_AWAY: (
        "Stripe did not answer, or refused STRIPE_API_KEY (`reason` in the log says which);"
        " what was found is kept, the next run goes on."
    ),
    Refusal.INTERNAL: "A defect of ours; the log names the place. Send the same again.",
}
"""What the reader can do next, a sentence for each refusal."""
