"""
./scripts/settled as an operator types it: what it says of a ledger, and how it ends.
"""

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
import requests

from scripts.cli.errors import AskedWronglyError
from scripts.cli.period import period
from shared.adapters.sqlite_ledger import SqliteLedger
from shared.adapters.sqlite_store import SqliteStore
from shared.domain.conversions import Destination
from shared.domain.deliveries import Delivery, State
from shared.domain.purchases import NoMatch
from tests.builders import A_DAY, NOW, purchase
from tests.functions.outside import OutsideStripe, until
from tests.functions.settled_command import command as run

DAY = "2026-11-24"
TODAY = date(2026, 11, 24)


def sale(key, state, reason=None, **changes):
    return purchase(
        key, deliveries={Destination.META: Delivery(state=state, reason=reason)}, **changes
    )


SALES = [
    sale("pi_accepted", State.ACCEPTED, refunded_minor=1990),
    sale("pi_queued", State.QUEUED, "throttled:4"),
    sale("in_renewal", State.WITHHELD, "renewal", amount_minor=4900, stripe_part_minor=4000),
    sale("in_trial", State.WITHHELD, "zero", amount_minor=0),
    sale(
        "pi_unmatched",
        State.REJECTED,
        "100:2804003",
        currency="JPY",
        matched_by=None,
        no_match=NoMatch.UNKNOWN_SESSION,
    ),
    sale("pi_next_day", State.ACCEPTED, settled_at=NOW + A_DAY),
]


def file_of(folder, *purchases):
    path = folder / "settled.sqlite"
    store = SqliteStore(path)
    for each in purchases:
        SqliteLedger(store).add(each)
    store.close()
    return path


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    return file_of(tmp_path_factory.mktemp("ledger"), *SALES)


@pytest.fixture(scope="module")
def statement(ledger):
    """Ask each question of the one ledger once: nobody writes to it."""

    @cache
    def ask(*arguments):
        settings = {"STORE": f"sqlite:{ledger}", "GOOGLE_CLOUD_PROJECT": "demo-command"}
        return run("statement", *arguments, **settings)

    return ask


def rows_of(asked):
    return list(csv.DictReader(io.StringIO(asked.stdout)))


def test_the_table_proves_its_sums_in_every_currency(statement):
    asked = statement("--day", DAY)

    assert asked.returncode == 0, asked.stderr
    assert (
        "adds up: 59.90 accepted + 59.90 in flight + 0.00 rejected + 0.00 expired"
        " + 40.00 withheld = 159.80 settled\n"
    ) in asked.stdout
    assert (
        "adds up: 0 accepted + 0 in flight + 5990 rejected + 0 expired + 0 withheld = 5990 settled"
    ) in asked.stdout


def test_the_tables_amounts_end_in_one_column(statement):
    euro = statement("--day", DAY).stdout.split("JPY")[0].splitlines()
    ends = [match.end() for line in euro if (match := re.search(r"\d\.\d\d$", line.rstrip()))]

    # settled, five fates, their three parts, refunded, net, off Stripe
    assert len(ends) == 12
    assert len(set(ends)) == 1


def test_json_gives_exact_decimals_and_the_sales_behind_each_figure(statement):
    found = json.loads(statement("--day", DAY, "--json").stdout)
    euro, yen = found["currencies"]

    assert found["adds_up"] is True
    assert euro["settled"] == {
        "amount": "159.80",
        "amount_minor": 15980,
        "count": 4,
        "sale_keys": ["in_renewal", "in_trial", "pi_accepted", "pi_queued"],
    }
    assert euro["withheld"]["by_reason"]["renewal"]["amount"] == "40.00"
    assert euro["withheld"]["by_reason"]["zero"]["count"] == 1
    assert euro["in_flight"]["by_state"]["queued"]["sale_keys"] == ["pi_queued"]
    assert euro["refunded"]["amount"] == "19.90"
    assert euro["net"] == {"amount": "139.90", "amount_minor": 13990}
    assert euro["off_stripe"]["amount_minor"] == 900
    assert yen["rejected"]["by_reason"]["100:2804003"]["amount"] == "5990"


def test_csv_has_one_row_a_sale_and_its_sums_are_the_statements(statement):
    rows = rows_of(statement("--day", DAY, "--csv"))

    assert rows[-1] == {
        "sale_key": "pi_unmatched",
        "settled_at": "2026-11-24T12:00:00Z",
        "currency": "JPY",
        "amount": "5990",
        "settled": "5990",
        "state": "rejected",
        "reason": "100:2804003",
        "refunded": "0",
        "matched_by": "",
        "no_match": "unknown_session",
        "event_id": "purchase-pi_unmatched",
        "ambiguous": "0",
    }
    assert sum(Decimal(row["settled"]) for row in rows[:-1]) == Decimal("159.80")


def test_nothing_of_a_person_leaves_the_ledger(statement):
    person = SALES[0]
    secrets = [*person.customer.em, person.visit.fbp, person.visit.client_ip, person.session_id]

    for form in ([], ["--json"], ["--csv"], ["--list", "settled"]):
        said = statement("--day", DAY, *form).stdout
        assert "59.90" in said
        assert not [secret for secret in secrets if secret in said]


def test_the_sales_behind_one_figure_are_listed_in_each_form(statement):
    table = statement("--day", DAY, "--list", "withheld:renewal")
    as_csv = statement("--day", DAY, "--list", "withheld", "--csv")
    as_json = statement("--day", DAY, "--list", "in_flight:queued", "--json")

    assert "in_renewal" in table.stdout
    assert "in_trial" not in table.stdout
    assert [row["sale_key"] for row in rows_of(as_csv)] == ["in_renewal", "in_trial"]
    listed = json.loads(as_json.stdout)["list"]
    assert [sale["sale_key"] for sale in listed["sales"]] == ["pi_queued"]


def test_several_days_end_with_the_last_one(statement):
    one = rows_of(statement("--day", DAY, "--csv"))
    both = rows_of(statement("--from", DAY, "--to", "2026-11-25", "--csv"))

    assert [row["sale_key"] for row in both if row not in one] == ["pi_next_day"]
    assert len(both) == len(one) + 1


def test_a_day_without_sales_says_so(statement):
    asked = statement("--day", "2026-11-01")

    assert asked.stdout == "No sale settled 2026-11-01 (UTC).\n"
    assert asked.returncode == 0


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_statement_that_does_not_add_up_ends_in_failure(tmp_path, form):
    """
    Monitors see the exit status; the figures are printed all the same.
    """
    path = file_of(tmp_path, purchase("pi_owed_to_nobody", deliveries={}))

    asked = run(
        "statement", "--day", DAY, *form, STORE=f"sqlite:{path}", GOOGLE_CLOUD_PROJECT="demo"
    )

    assert asked.returncode == 1
    assert asked.stderr.count("\n") == 1
    assert "does not add up in EUR" in asked.stderr
    assert "59.90" in asked.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--json", "--csv"], "choose --json or --csv, not both"),
        (["--day", "24.11.2026"], "--day is '24.11.2026'; write a day like 2026-11-24"),
        (["--list", "withheld:renewel"], "there is no figure 'withheld:renewel'"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_one_line(statement, arguments, says):
    asked = statement(*arguments)

    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr.startswith(f"settled: {says}")
    assert asked.stderr.count("\n") == 1


def test_a_setting_that_is_missing_or_wrong_is_named_in_one_line(tmp_path):
    (tmp_path / "no.sqlite").write_text("This is a letter, and not a ledger at all. " * 40)
    cases = [
        (
            {},
            2,
            "settled: GOOGLE_CLOUD_PROJECT is missing; write the project's id, like my-shop-123\n",
        ),
        (
            {"STORE": "sqlite:/nowhere"},
            2,
            "settled: STORE names no file: /nowhere; mistyped, or nothing has come in there yet\n",
        ),
        (
            {"STORE": f"sqlite:{tmp_path / 'no.sqlite'}"},
            1,
            "settled: the ledger cannot be read: file is not a database\n",
        ),
    ]
    for settings, status, says in cases:
        project = {"GOOGLE_CLOUD_PROJECT": "demo"} if settings else {}
        asked = run("statement", **project, **settings)
        assert (asked.returncode, asked.stdout, asked.stderr) == (status, "", says)


@pytest.mark.parametrize("written", ["", "{", "[]", "{}", '{"store": "sqlite:x"}'])
def test_a_file_that_no_stack_wrote_is_called_what_it_is(tmp_path, written):
    ready_file = tmp_path / "ready.json"
    ready_file.write_text(written)

    said = run("--ready-file", str(ready_file), "statement")

    assert said.returncode == 2
    assert said.stderr.startswith(f"settled: {ready_file} is no ready file; write the path")


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    """
    An empty ledger would state that nothing was sold.
    """
    run("statement", STORE=f"sqlite:{tmp_path / 'typo'}", GOOGLE_CLOUD_PROJECT="demo")

    assert list(tmp_path.iterdir()) == []


def test_an_emulator_that_is_away_is_said_in_one_line(free_port):
    asked = run(
        "statement",
        GOOGLE_CLOUD_PROJECT="demo",
        FIRESTORE_EMULATOR_HOST=f"127.0.0.1:{free_port}",
    )

    assert asked.returncode == 1
    assert asked.stderr == "settled: the ledger cannot be read: ServiceUnavailable\n"


def test_a_payment_at_the_running_stack_is_on_its_statement(stack):
    stripe = OutsideStripe(stack["stripe_webhook"], stack["stripe_webhook_secret"])
    # A currency of its own: other tests may sell at this stack too.
    event = stripe.paid(currency="kwd")
    yesterday = str((datetime.now(UTC) - timedelta(days=1)).date())
    settings = {"GOOGLE_CLOUD_PROJECT": stack["project"]}
    if "store" in stack:
        settings["STORE"] = stack["store"]
    else:
        settings["FIRESTORE_EMULATOR_HOST"] = stack["firestore_emulator_host"]

    assert stripe.post(event).status_code == 200

    def on_the_statement():
        asked = run("statement", "--from", yesterday, "--json", **settings)
        assert asked.returncode == 0, asked.stderr
        return [c for c in json.loads(asked.stdout)["currencies"] if c["currency"] == "KWD"]

    (dinar,) = until(on_the_statement)
    assert dinar["settled"]["amount"] == "5.990"
    assert dinar["settled"]["sale_keys"] == [event["data"]["object"]["payment_intent"]]


def test_a_laptop_s_stack_is_asked_past_a_company_s_proxy(stack, tmp_path):
    (tmp_path / "ready.json").write_text(json.dumps(stack))
    # Whoever asks a SQLite store first makes its file.
    assert requests.post(f"{stack['reconcile']}/relay", timeout=10).status_code == 200
    nobody = "http://127.0.0.1:9"

    said = run(
        *("--ready-file", str(tmp_path / "ready.json"), "statement", "--day", "2026-01-01"),
        http_proxy=nobody,
        https_proxy=nobody,
    )

    assert (said.returncode, said.stdout) == (0, "No sale settled 2026-01-01 (UTC).\n"), said.stderr


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ((None, None, None), "2026-11-24", "2026-11-24"),
        (("2024-02-29", None, None), "2024-02-29", "2024-02-29"),
        ((None, "2026-11-01", None), "2026-11-01", "2026-11-24"),
        ((None, "2026-10-01", "2026-10-31"), "2026-10-01", "2026-10-31"),
    ],
)
def test_days_are_whole_and_utc_and_both_ends_are_in(asked, first, last):
    found = period(*asked, today=TODAY)

    assert found.since == datetime.fromisoformat(f"{first}T00:00:00+00:00")
    assert found.until == datetime.fromisoformat(f"{last}T00:00:00+00:00") + A_DAY


@pytest.mark.parametrize(
    "asked",
    [
        ("2026-11-24", "2026-11-01", None),
        ("2026-11-24", None, "2026-11-30"),
        (None, None, "2026-11-30"),
        (None, "2026-11-02", "2026-11-01"),
        (None, "2026-11-25", None),
        ("2026-02-29", None, None),
        ("20261124", None, None),
        ("2026-W48-2", None, None),
        ("9999-12-31", None, None),
        ("٢٠٢٦-١١-٢٤", None, None),
        ("", None, None),
    ],
)
def test_days_that_mean_nothing_are_refused(asked):
    with pytest.raises(AskedWronglyError):
        period(*asked, today=TODAY)
