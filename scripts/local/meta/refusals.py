"""Why Meta would refuse an event: code 100 with a subcode, and the place in the body."""

from scripts.local.meta.errors import GraphError

TOO_OLD = 2804003
IN_THE_FUTURE = 2804004
CONTENT_WITHOUT_ID = 2804008
PURCHASE_WITHOUT_VALUE = 2804009
WRONG_PARAMETER = 2804019
VALUE_WITHOUT_CURRENCY = 2804023
WRONG_LEAD_ID = 2804036
TOO_LITTLE_USER_DATA = 2804050

_TITLES = {
    TOO_OLD: "Event Timestamp Too Old",
    IN_THE_FUTURE: "Event Timestamp In The Future",
    CONTENT_WITHOUT_ID: "Missing Content ID",
    PURCHASE_WITHOUT_VALUE: "Missing Value For Purchase Event",
    WRONG_PARAMETER: "Server Side Api Parameter Error",
    VALUE_WITHOUT_CURRENCY: "Missing Currency",
    WRONG_LEAD_ID: "Invalid Lead ID",
    TOO_LITTLE_USER_DATA: "You Haven't Added Sufficient Customer Information Parameter Data "
    "For This Event",
}


class EventRefusedError(Exception):
    """One event is wrong, so Meta refuses the request that carries it, whole."""

    def __init__(self, subcode: int, place: str, why: str) -> None:
        """Name the place below the event (`['user_data']['em']`) and the reason."""
        super().__init__(f"{subcode} at {place}: {why}")
        self.subcode = subcode
        self.place = place
        self.why = why

    def of_event(self, index: int) -> GraphError:
        return GraphError(
            100,
            self.subcode,
            user_title=_TITLES[self.subcode],
            user_message=f"$['data'][{index}]{self.place}: {self.why}",
        )


def wrong(place: str, why: str) -> EventRefusedError:
    """Refuse a parameter as Meta does."""
    return EventRefusedError(WRONG_PARAMETER, place, why)


def too_strict_for_meta(place: str, why: str) -> EventRefusedError:
    """Refuse what Meta may take but documents as wrong; the tag tells the two apart."""
    return EventRefusedError(WRONG_PARAMETER, place, f"STRICT: {why}")
