"""What `collect` answers: a release in the Pixel's words."""

import json
from dataclasses import replace
from decimal import Decimal

from shared.domain.custom_data import Content
from shared.domain.releases import Release
from shared.http.release_answer import release_answer
from shared.logs import Line
from tests.builders import purchase

CART = (Content(id="mug", quantity=2, item_price=Decimal("24.50"), title="Stoneware mug"),)


def said(settled):
    line = Line({}, "demo", function="collect", method="POST", path="release")
    return json.loads(release_answer(Release(settled), line).body)


def test_a_release_names_the_cart_that_the_ledger_knows():
    answer = said(replace(purchase(), contents=CART))

    assert answer["contents"] == [{"id": "mug", "quantity": 2, "item_price": 24.5}]


def test_a_release_without_a_cart_has_no_contents():
    settled = purchase()
    answer = said(settled)

    assert answer == {
        "status": "released",
        "event_id": settled.event_id,
        "value": float(settled.value),
        "currency": settled.currency,
        "contents": [],
    }
