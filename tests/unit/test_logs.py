"""Log lines: one JSON object, joined with its trace, and nothing personal in it."""

import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.refusals import Refusal
from shared.logs import Line, trace_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
CASES = [
    ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, "b7ad6b7169203331"),
    ({"x-cloud-trace-context": f"{TRACE}/1;o=1"}, "0000000000000001"),
    ({"x-cloud-trace-context": TRACE}, "0000000000000000"),
]


@pytest.mark.parametrize(("headers", "span"), CASES)
def test_a_line_joins_cloud_runs_own_trace(headers, span):
    assert trace_of(headers, "shop-project") == {
        "logging.googleapis.com/trace": f"projects/shop-project/traces/{TRACE}",
        "logging.googleapis.com/spanId": span,
    }


@pytest.mark.parametrize("header", ["", "x", "00-zz-zz-01", f"{TRACE[:-1]}/1"])
def test_a_strange_trace_header_is_left_aside(header):
    assert trace_of({"traceparent": header, "x-cloud-trace-context": header}, "p") == {}


def text_of(line: Line) -> str:
    out = io.StringIO()
    line.write("collect", out)
    return out.getvalue()


def written(line: Line) -> dict:
    text = text_of(line)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text)


def test_a_request_is_one_line_with_severity_message_and_duration():
    line = Line({}, "p", function="collect")
    line.note(status=204, events=3)

    told = written(line)

    assert told["severity"] == "INFO"
    assert told["message"] == "collect"
    assert (told["function"], told["status"], told["events"]) == ("collect", 204, 3)
    assert told["took_ms"] >= 0


@example("\ud83d", {})
@example("Zoë", {"Zoë": 1})
@given(st.text(st.characters(categories=None)), st.dictionaries(st.text(), st.integers()))
def test_whatever_a_line_says_it_is_ascii_and_reads_back_the_same(text, counts):
    """
    A stream may know no other letters, and a lone surrogate has no form in any encoding.
    """
    line = Line({}, "p")
    line.note(reason=text, where=[text], rejected=counts)

    assert text_of(line).isascii()
    told = written(line)
    assert (told["reason"], told["where"], told["rejected"]) == (text, [text], counts)


def test_a_line_says_the_words_of_an_enum():
    line = Line({}, "p")
    line.note(error=Refusal.TOO_BIG, refused=[Refusal.BAD_URL], rejected={Refusal.BAD_EVENT: 2})

    told = written(line)

    assert told["error"] == "too_big"
    assert (told["refused"], told["rejected"]) == (["bad_url"], {"bad_event": 2})


def test_an_alarm_is_not_softened_by_a_later_warning():
    line = Line({}, "p")
    line.alarm()
    line.warn()

    assert written(line)["severity"] == "ERROR"


def test_a_defect_is_told_by_place_and_not_by_its_words():
    line = Line({}, "p")
    with pytest.raises(ValueError, match="ada") as caught:
        int("ada@example.com")
    line.crashed(caught.value)

    told = written(line)
    assert told["exception"] == "ValueError"
    assert "test_logs.py" in told["where"][-1]
    assert "ada@example.com" not in json.dumps(told)
