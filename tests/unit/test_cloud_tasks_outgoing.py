"""What a worker of the Cloud Tasks stand-in is sent, and over which wire."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from scripts.local.cloud_tasks.answers import NoAnswer, Responded, Unanswered
from scripts.local.cloud_tasks.outgoing import OutgoingRequest, request_for
from scripts.local.cloud_tasks.poster import HttpPoster
from scripts.local.cloud_tasks.tasks import Attempt, Call, Finished, Oidc, Progress, Task
from scripts.local.http_server import Delayed, Dropped, Response
from tests.cloud_tasks_worker import PATIENCE, QUEUE, Worker

NOW = datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)
DEADLINE = timedelta(seconds=PATIENCE)


def headers_of(before: Progress = Progress(), oidc: Oidc | None = None, **asked) -> dict[str, str]:  # noqa: B008  Frozen.
    call = Call("POST", "http://worker/path", asked.get("headers", {}), b"", oidc)
    task = Task(f"{QUEUE}/tasks/one", call, DEADLINE, None, NOW, NOW)
    return dict(request_for(Attempt(task, before, NOW, NOW)).headers)


def progress_after(answer, **counts) -> Progress:
    last = Finished(NOW, NOW, NOW, answer)
    return Progress(first_attempt_at=NOW, last=last, **counts)


def test_a_first_attempt_says_who_sends_what():
    assert headers_of() == {
        "User-Agent": "Google-Cloud-Tasks",
        "X-CloudTasks-QueueName": "events",
        "X-CloudTasks-TaskName": "one",
        "X-CloudTasks-TaskRetryCount": "0",
        "X-CloudTasks-TaskExecutionCount": "0",
        "X-CloudTasks-TaskETA": f"{int(NOW.timestamp())}.250000",
    }


def test_a_retry_says_how_often_and_why():
    sent = headers_of(progress_after(Responded(503), dispatches=3, responses=2, executions=1))
    assert sent["X-CloudTasks-TaskRetryCount"] == "3"
    assert sent["X-CloudTasks-TaskExecutionCount"] == "1"
    assert sent["X-CloudTasks-TaskPreviousResponse"] == "503"
    assert sent["X-CloudTasks-TaskRetryReason"] == "HTTP status code 503"


def test_a_retry_after_silence_names_no_previous_response():
    sent = headers_of(progress_after(Unanswered(NoAnswer.DEADLINE_EXCEEDED), dispatches=1))
    assert "X-CloudTasks-TaskPreviousResponse" not in sent
    assert sent["X-CloudTasks-TaskRetryReason"] == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize(
    "name",
    ["X-Google-Foo", "x-appengine-queuename", "X-CloudTasks-TaskRetryCount", "Host"],
)
def test_a_creator_cannot_speak_for_google(name):
    sent = headers_of(headers={name: "forged", "Content-Type": "application/json"})
    assert "forged" not in sent.values()
    assert sent["Content-Type"] == "application/json"


def test_a_creator_does_not_choose_the_user_agent():
    sent = headers_of(headers={"user-agent": "mine"})
    assert {n: v for n, v in sent.items() if n.lower() == "user-agent"} == {
        "User-Agent": "Google-Cloud-Tasks"
    }


def test_an_identity_token_takes_the_place_of_the_creators_authorization():
    oidc = Oidc("queue@p.iam.gserviceaccount.com", "https://dispatch")
    sent = headers_of(oidc=oidc, headers={"authorization": "Basic abc"})
    assert "authorization" not in sent
    assert sent["Authorization"].startswith("Bearer ")


def test_the_identity_token_is_a_readable_unsigned_jwt():
    sent = headers_of(oidc=Oidc("queue@p.iam.gserviceaccount.com", "https://dispatch"))
    head, claims, signature = sent["Authorization"].removeprefix("Bearer ").split(".")
    assert _decoded(head) == {"alg": "none", "typ": "JWT"}
    assert signature == ""
    said = _decoded(claims)
    assert said["aud"] == "https://dispatch"
    assert said["email"] == "queue@p.iam.gserviceaccount.com"
    assert said["iat"] <= NOW.timestamp() < said["exp"]


def _decoded(part: str):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_without_an_identity_the_creators_authorization_goes_through():
    assert headers_of(headers={"Authorization": "Basic abc"})["Authorization"] == "Basic abc"


def a_request(url: str, deadline: timedelta = DEADLINE, **changes) -> OutgoingRequest:
    plain = {"method": "POST", "headers": {"X-Said": "caf\u00e9"}, "body": b'{"a": 1}'}
    return OutgoingRequest(url=url, deadline=deadline, **(plain | changes))


def test_the_poster_sends_what_it_was_given_and_nothing_else():
    with Worker() as worker:
        assert HttpPoster().post(a_request(worker.url)) == Responded(204)
        [heard] = worker.requests
    assert (heard.method, heard.target, heard.body) == ("POST", "/work?from=tasks", b'{"a": 1}')
    assert {name.lower() for name in heard.headers} == {"host", "x-said", "content-length"}


def test_an_empty_post_says_that_it_is_empty():
    with Worker() as worker:
        HttpPoster().post(a_request(worker.url, body=b""))
    assert worker.seen("Content-Length") == ["0"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_reaches_the_worker(method):
    with Worker(Response(200, b"well done")) as worker:
        assert HttpPoster().post(a_request(worker.url, method=method, body=b"")) == Responded(200)
    assert worker.requests[0].method == method


def test_a_redirect_is_an_answer_and_is_not_followed():
    with Worker(Response(302, headers={"Location": "/elsewhere"})) as worker:
        assert HttpPoster().post(a_request(worker.url)) == Responded(302)
    assert len(worker.requests) == 1


def test_retry_after_is_handed_on():
    with Worker(Response(503, b"busy", {"Retry-After": "7"})) as worker:
        assert HttpPoster().post(a_request(worker.url)) == Responded(503, "7")


def test_a_reset_connection_is_no_answer():
    with Worker(Dropped()) as worker:
        assert HttpPoster().post(a_request(worker.url)) == Unanswered(NoAnswer.UNAVAILABLE)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://127.0.0.1:99999/", "http:///nowhere", "http://[::bad/"]
)
def test_a_worker_that_is_not_there_is_no_answer(url):
    assert HttpPoster().post(a_request(url)) == Unanswered(NoAnswer.UNAVAILABLE)


def test_a_late_answer_is_none():
    with Worker(Delayed(PATIENCE, Response(204))) as worker:
        answer = HttpPoster().post(a_request(worker.url, deadline=timedelta(milliseconds=50)))
    assert answer == Unanswered(NoAnswer.DEADLINE_EXCEEDED)


def test_a_closed_poster_cuts_off_what_waits_and_sends_nothing_more():
    poster, answers = HttpPoster(), []
    with Worker() as worker:
        worker.hold()
        waiting = threading.Thread(
            target=lambda: answers.append(poster.post(a_request(worker.url)))
        )
        waiting.start()
        assert worker.heard(1)
        poster.close()
        waiting.join(PATIENCE)
        assert answers == [Unanswered(NoAnswer.UNAVAILABLE)]
        assert poster.post(a_request(worker.url)) == Unanswered(NoAnswer.UNAVAILABLE)
        assert len(worker.requests) == 1
