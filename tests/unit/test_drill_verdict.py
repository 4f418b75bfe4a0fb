"""What a drill calls lost, doubled, or merely resent."""

import json
from dataclasses import replace

import pytest

from scripts.drills import __main__ as command
from scripts.drills.report import Report
from scripts.drills.stage import Drained
from scripts.drills.verdict import LedgerEntry, Money, Statement, Views, judge

FIRST, SECOND, FORGED = Money(1000, "EUR"), Money(1001, "JPY"), Money(1002, "KWD")
SOLD = [FIRST, SECOND]
ACCEPTED = LedgerEntry("accepted", attempts=1, ambiguous=0)
LEDGER = {FIRST: ACCEPTED, SECOND: ACCEPTED}
STATEMENT = Statement(
    adds_up=True, settled={"EUR": 1000, "JPY": 1001}, settled_count=2, accepted_count=2
)
DRAINED = Drained(1.25, 2.5)
VIEWS = Views(promised=["a", "b"], received={"a": 1, "b": 1})


def judged(**changes):
    given = {
        "sold": SOLD,
        "told": SOLD,
        "ledger": LEDGER,
        "statement": STATEMENT,
        "views": VIEWS,
    }
    return judge(**(given | changes))


def test_each_payment_told_once_is_what_was_promised():
    verdict = judged()

    assert verdict.passed
    assert (verdict.settled, verdict.accepted, verdict.resent) == (2, 2, 0)


def test_a_payment_that_meta_never_got_is_lost_though_the_ledger_says_accepted():
    verdict = judged(told=[FIRST])

    assert verdict.lost == [SECOND]
    assert verdict.unlike_the_ledger == [SECOND]
    assert not verdict.passed


def test_a_second_copy_that_nothing_explains_is_doubled():
    verdict = judged(told=[*SOLD, FIRST])

    assert verdict.doubled == [FIRST]
    assert not verdict.passed


def test_as_many_copies_as_attempts_without_an_answer_are_resent():
    ledger = LEDGER | {FIRST: LedgerEntry("accepted", attempts=3, ambiguous=2)}

    resent = judged(told=[*SOLD, FIRST, FIRST], ledger=ledger)
    doubled = judged(told=[*SOLD, FIRST, FIRST, FIRST], ledger=ledger)

    assert (resent.resent, resent.passed) == (2, True)
    assert (doubled.doubled, doubled.passed) == ([FIRST], False)


def test_what_never_settled_may_not_be_told():
    verdict = judged(told=[*SOLD, FORGED])

    assert verdict.never_settled == [FORGED]
    assert not verdict.passed


def test_a_wrong_amount_is_both_a_lost_payment_and_one_that_never_settled():
    wrong = Money(99900, "EUR")

    verdict = judged(told=[wrong, SECOND])

    assert (verdict.lost, verdict.never_settled) == ([FIRST], [wrong])


def test_meta_having_what_the_ledger_still_owes_is_unlike_the_ledger():
    owed = LedgerEntry("queued", attempts=1, ambiguous=1)

    assert judged(ledger=LEDGER | {FIRST: owed}).unlike_the_ledger == [FIRST]


@pytest.mark.parametrize(
    "wrong",
    [
        {"adds_up": False},
        {"settled": {"EUR": 1000, "JPY": 1002}},
        {"settled_count": 3},
        {"accepted_count": 1},
    ],
)
def test_a_statement_that_differs_from_stripe_fails_the_drill(wrong):
    assert not judged(statement=replace(STATEMENT, **wrong)).passed


def test_a_page_view_that_was_promised_and_never_came_fails_the_drill():
    verdict = judged(views=Views(promised=["a", "b"], received={"a": 2}))

    assert (verdict.views.lost, verdict.views.repeated) == (["b"], 1)
    assert not verdict.passed


def reported(told=SOLD, met=2, personal_lines=0, drained=DRAINED):
    return Report(
        drill="outage",
        store="sqlite",
        seed=1,
        payments=2,
        never_settling=1,
        happened={"purchases that met 429": met},
        paused={"meta: meta_190": 1},
        resumed={"meta": 1},
        scheduler={"relay": {200: 3}},
        exceptions={},
        personal_lines=personal_lines,
        drained=drained,
        took_s=9.0,
        verdict=judged(told=told),
    )


@pytest.mark.parametrize(("told", "result"), [(SOLD, "PASSED"), ([FIRST], "FAILED")])
def test_the_report_says_how_it_ended_and_names_the_money_that_is_missing(told, result):
    report = reported(told)

    assert result in report.text()
    assert ("1001 JPY" in report.text()) is (result == "FAILED")
    assert report.document()["passed"] is (result == "PASSED")
    assert report.document()["scheduler"] == {"relay": {200: 3}}


def test_a_trouble_that_touched_nobody_has_proved_nothing():
    assert not reported(met=0).passed


@pytest.mark.parametrize("drained", [Drained(None, 2.5), Drained(1.25, None)])
def test_what_never_drained_fails_the_drill(drained):
    report = reported(drained=drained)

    assert "never" in report.text()
    assert not report.passed


def test_a_log_line_that_names_the_buyer_fails_the_drill():
    assert not reported(personal_lines=1).passed


@pytest.mark.parametrize(("told", "status"), [(SOLD, 0), ([FIRST], 1)])
def test_the_command_ends_as_its_report_does(monkeypatch, tmp_path, told, status):
    monkeypatch.setattr(command, "_hold", lambda _asked, _tell: reported(told))
    file = tmp_path / "report.json"

    assert command.main(["outage", "--payments", "8", "--json", str(file)]) == status
    assert json.loads(file.read_text())["passed"] is (status == 0)
