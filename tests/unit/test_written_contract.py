"""What a shop is told in writing: of `collect`'s requests, of settings, of refusals."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import config
from shared.domain.custom_data import Content, CustomData
from shared.domain.customer import HashedCustomer
from shared.domain.refusals import ADVICE, Refusal
from shared.http.bodies import read_json
from shared.http.browser_requests import Batch, caller_of, read_batch
from tests.unit.test_config import ENV

ROOT = Path(__file__).parents[2]
README = (ROOT / "functions" / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
ROWS = dict(re.findall(r"^\| (.+?) \| (.+) \|$", README, re.MULTILINE))
FUNCTIONS = {
    "collect": config.CollectSettings,
    "stripe_webhook": config.StripeWebhookSettings,
    "dispatch": config.DispatchSettings,
    "reconcile": config.ReconcileSettings,
}
NOW = datetime.fromtimestamp(1_795_811_100, UTC)


def words_of(row: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", ROWS[row]))


def test_the_example_is_taken_whole():
    [example] = EXAMPLE
    caller = caller_of({}, {}, None, trusted_hops=0, subdomain_index=1)

    batch = read_batch(read_json(example.encode()), caller, now=NOW, e164=lambda *_: None)

    assert isinstance(batch, Batch)
    assert batch.refused == []
    [event] = batch.events
    assert event.event_time == 1_795_811_095
    assert event.page.referrer == "https://www.instagram.com/"
    assert batch.consent is not None
    assert batch.consent.lets_us_tell


def test_every_field_of_custom_data_is_named_and_no_other():
    known = {field.name for kind in (CustomData, Content) for field in fields(kind)}

    assert words_of("`custom_data`") == known


def test_every_field_of_user_data_is_named_and_no_other():
    # Google's form of a phone is made by us.
    assert words_of("`user_data`") == {field.name for field in fields(HashedCustomer)} - {"ph_e164"}


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_says_what_to_do_next(refusal):
    assert re.fullmatch(r"[A-Z].+[^ ]", ADVICE[refusal])


class Asked(dict[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_setting_is_written_down_beside_the_function_that_reads_it(function):
    policies = (ROOT / "README.md").read_text(encoding="utf-8").split("## Policies")[1]
    settings = (ROOT / "shared" / "README.md").read_text(encoding="utf-8").split("## Settings")[1]
    rows = re.findall(r"^\| (`.+?`) \| (.+?) \| .+ \|$", settings, re.MULTILINE)
    written = {
        name
        for names, readers in rows
        for name in re.findall(r"`([A-Z_]+)`", names)
        if readers == "all" or f"`{function}`" in readers
    }
    asked = Asked(ENV)

    FUNCTIONS[function].from_env(asked)

    of_policies = set(re.findall(r"`([A-Z_]+)[=`]", policies))
    assert asked.names - of_policies == written - of_policies
    assert written <= asked.names
