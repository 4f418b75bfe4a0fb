"""What `collect POST …/release` answers: the leave to fire the Pixel's Purchase, or why not."""

from starlette.responses import Response

from shared.domain.custom_data import Content
from shared.domain.releases import Never, Pending, Release, ReleaseAnswer, Silence
from shared.http.collect_answers import json_answer
from shared.logs import Line

NO_CONSENT = Silence(Never.NO_CONSENT)


def release_answer(answer: ReleaseAnswer, line: Line) -> Response:
    match answer:
        case Release(purchase=purchase):
            line.note(outcome="released", event_id=purchase.event_id)
            return json_answer(
                {
                    "status": "released",
                    "event_id": purchase.event_id,
                    "value": purchase.value,
                    "currency": purchase.currency,
                    "contents": [_in_pixel_words(item) for item in purchase.contents or ()],
                }
            )
        case Silence(reason=reason):
            line.note(outcome="never", reason=reason)
            return json_answer({"status": "never", "reason": reason})
        case Pending():
            line.note(outcome="pending")
            return json_answer({"status": "pending"})


def _in_pixel_words(content: Content) -> dict[str, object]:
    """Name what the Pixel knows of an item; its price is in major units, as Meta wants it."""
    words = {"id": content.id, "quantity": content.quantity, "item_price": content.item_price}
    return {name: value for name, value in words.items() if value is not None}
