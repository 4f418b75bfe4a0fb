"""The real google-cloud-tasks clients, sync and asyncio, against the stand-in over gRPC."""

from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf.field_mask_pb2 import FieldMask

from scripts.local.cloud_tasks import CloudTasks
from tests.cloud_tasks_worker import LOCATION, OTHER_QUEUE, QUEUE, async_client, sync_client

URL = "http://127.0.0.1:1/nobody"
# In the future, so that nothing is dispatched while a test looks at it.
TOMORROW = datetime.now(UTC) + timedelta(days=1)
FULL = tasks_v2.Task.View.FULL


@pytest.fixture
def stand_in():
    with CloudTasks([QUEUE, OTHER_QUEUE]) as running:
        yield running


@pytest.fixture
def client(stand_in):
    with sync_client(stand_in.address) as connected:
        yield connected


def a_task(name: str = "", **changes) -> tasks_v2.Task:
    plain = {
        "name": f"{QUEUE}/tasks/{name}" if name else "",
        "http_request": tasks_v2.HttpRequest(url=URL, body=b"hello"),
        "schedule_time": TOMORROW,
    }
    return tasks_v2.Task(**(plain | changes))


def http(**changes) -> tasks_v2.HttpRequest:
    return tasks_v2.HttpRequest(**({"url": URL} | changes))


def test_a_named_task_is_created_once(client, stand_in):
    created = client.create_task(parent=QUEUE, task=a_task("one"))
    assert created.name == f"{QUEUE}/tasks/one"
    with pytest.raises(exceptions.AlreadyExists):
        client.create_task(parent=QUEUE, task=a_task("one"))
    assert stand_in.pending(QUEUE) == 1


def test_unnamed_tasks_get_names_of_their_own(client):
    first, second = (client.create_task(parent=QUEUE, task=a_task()) for _ in range(2))
    assert first.name.startswith(f"{QUEUE}/tasks/")
    assert first.name != second.name


def test_a_deleted_tasks_name_stays_taken(client):
    name = client.create_task(parent=QUEUE, task=a_task("one")).name
    client.delete_task(name=name)
    with pytest.raises(exceptions.AlreadyExists):
        client.create_task(parent=QUEUE, task=a_task("one"))


def test_names_are_free_again_after_the_time_given():
    stand_in = CloudTasks([QUEUE], names_kept_for=timedelta(0))
    with stand_in, sync_client(stand_in.address) as client:
        client.delete_task(name=client.create_task(parent=QUEUE, task=a_task("one")).name)
        assert client.create_task(parent=QUEUE, task=a_task("one"))


def test_an_unknown_queue_is_not_found(client):
    with pytest.raises(exceptions.NotFound):
        client.create_task(parent=f"{LOCATION}/queues/nowhere", task=a_task())
    with pytest.raises(exceptions.NotFound):
        client.get_queue(name=f"{LOCATION}/queues/nowhere")


def called(name: str) -> tasks_v2.Task:
    task = a_task()
    task.name = name
    return task


BREAKS_A_RULE = {
    "an id with a slash": a_task("not/one"),
    "an id with dots": a_task("dots.are.out"),
    "an id of 501 characters": a_task("x" * 501),
    "an empty id": called(f"{QUEUE}/tasks/"),
    "a name in another queue": called(f"{OTHER_QUEUE}/tasks/one"),
    "a bare id for a name": called("one"),
    "over 1 MB": a_task(http_request=http(body=b"x" * 1024 * 1024)),
    "beyond gRPC's usual limit": a_task(http_request=http(body=b"x" * 5 * 1024 * 1024)),
    "80 KB of headers": a_task(http_request=http(headers={"X-Long": "x" * 80 * 1024})),
    "a header of two lines": a_task(http_request=http(headers={"X-Split": "a\r\nX-More: b"})),
    "a header name with spaces": a_task(http_request=http(headers={"Not a name": "a"})),
    "not http": a_task(http_request=http(url="ftp://files")),
    "a URL over 2083": a_task(http_request=http(url="http://host/" + "x" * 2083)),
    "a GET with a body": a_task(http_request=http(http_method="GET", body=b"a GET has none")),
    "no request": a_task(http_request=None),
    # A day more, as a long run may come to it an hour after this was read.
    "over 30 days ahead": a_task(schedule_time=datetime.now(UTC) + timedelta(days=31)),
    "a deadline under 15 s": a_task(dispatch_deadline=timedelta(seconds=14)),
    "a deadline over 30 min": a_task(dispatch_deadline=timedelta(minutes=30, seconds=1)),
    "attempts below -1": a_task(retry_config=tasks_v2.RetryConfig(max_attempts=-2)),
}

JUST_KEEPS_THE_RULES = {
    "an id of 500 characters": a_task("x" * 500),
    "every kind of character": a_task("Az09_-"),
    "just under 1 MB": a_task(http_request=http(body=b"x" * 1_000_000)),
    "under 80 KB of headers": a_task(http_request=http(headers={"X-Long": "x" * 79_000})),
    "under 30 days ahead": a_task(schedule_time=datetime.now(UTC) + timedelta(days=29, hours=23)),
    "a deadline of 15 s": a_task(dispatch_deadline=timedelta(seconds=15)),
    "a deadline of 30 min": a_task(dispatch_deadline=timedelta(minutes=30)),
}


@pytest.mark.parametrize("case", BREAKS_A_RULE)
def test_what_breaks_a_rule_is_an_invalid_argument(client, stand_in, case):
    with pytest.raises(exceptions.InvalidArgument):
        client.create_task(parent=QUEUE, task=BREAKS_A_RULE[case])
    assert stand_in.pending(QUEUE) == 0


@pytest.mark.parametrize("case", JUST_KEEPS_THE_RULES)
def test_what_just_keeps_the_rules_is_taken(client, stand_in, case):
    client.create_task(parent=QUEUE, task=JUST_KEEPS_THE_RULES[case])
    assert stand_in.pending(QUEUE) == 1


def test_what_the_stand_in_does_not_do_it_refuses(client):
    app_engine = tasks_v2.AppEngineHttpRequest(relative_uri="/")
    oauth = tasks_v2.OAuthToken(service_account_email="queue@p.iam.gserviceaccount.com")
    for task in (
        a_task(app_engine_http_request=app_engine, http_request=None),
        a_task(http_request=http(oauth_token=oauth)),
    ):
        with pytest.raises(exceptions.MethodNotImplemented):
            client.create_task(parent=QUEUE, task=task)


def test_a_task_is_shown_without_its_body_unless_all_is_asked_for(client):
    name = client.create_task(parent=QUEUE, task=a_task("one")).name
    basic = client.get_task(name=name)
    assert (basic.http_request.url, basic.http_request.body) == (URL, b"")
    assert basic.http_request.http_method == tasks_v2.HttpMethod.POST
    assert basic.schedule_time == TOMORROW
    assert basic.dispatch_deadline == timedelta(minutes=10)
    full = client.get_task(request={"name": name, "response_view": FULL})
    assert full.http_request.body == b"hello"
    assert full.view == FULL


def test_a_schedule_time_in_the_past_is_now(client):
    client.pause_queue(name=QUEUE)
    long_ago = a_task("one", schedule_time=datetime(2020, 1, 1, tzinfo=UTC))
    created = client.create_task(parent=QUEUE, task=long_ago)
    assert abs(created.schedule_time - datetime.now(UTC)) < timedelta(minutes=1)


def test_tasks_are_listed_page_by_page(client):
    for name in ("b", "a", "c"):
        client.create_task(parent=QUEUE, task=a_task(name))
    pages = client.list_tasks(request={"parent": QUEUE, "page_size": 2}).pages
    listed = [[task.name[-1] for task in page.tasks] for page in pages]
    assert listed == [["a", "b"], ["c"]]
    assert list(client.list_tasks(parent=OTHER_QUEUE)) == []
    with pytest.raises(exceptions.InvalidArgument):
        client.list_tasks(request={"parent": QUEUE, "page_size": -5})


def test_a_missing_task_is_not_found(client):
    missing = f"{QUEUE}/tasks/missing"
    for call in (client.get_task, client.delete_task, client.run_task):
        with pytest.raises(exceptions.NotFound):
            call(name=missing)


def test_a_new_queue_has_the_defaults_of_the_api(client):
    created = client.create_queue(
        parent=LOCATION, queue=tasks_v2.Queue(name=f"{LOCATION}/queues/new")
    )
    assert created.state == tasks_v2.Queue.State.RUNNING
    assert created.rate_limits.max_dispatches_per_second == 500
    assert created.rate_limits.max_concurrent_dispatches == 1000
    assert created.retry_config.max_attempts == 100
    assert created.retry_config.max_backoff == timedelta(hours=1)
    assert created == client.get_queue(name=created.name)


def test_a_queue_is_created_once(client):
    with pytest.raises(exceptions.AlreadyExists):
        client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=QUEUE))


def test_a_queue_lies_below_its_location(client):
    elsewhere = tasks_v2.Queue(name="projects/q/locations/l/queues/new")
    with pytest.raises(exceptions.InvalidArgument):
        client.create_queue(parent=LOCATION, queue=elsewhere)


@pytest.mark.parametrize(
    "limits", [{"max_dispatches_per_second": 501}, {"max_concurrent_dispatches": 5001}]
)
def test_a_rate_beyond_the_apis_is_an_invalid_argument(client, limits):
    queue = tasks_v2.Queue(name=f"{LOCATION}/queues/new", rate_limits=limits)
    with pytest.raises(exceptions.InvalidArgument):
        client.create_queue(parent=LOCATION, queue=queue)


def test_an_update_changes_what_its_mask_names(client):
    before = client.get_queue(name=QUEUE)
    wanted = tasks_v2.Queue(
        name=QUEUE, retry_config={"max_attempts": 7, "max_doublings": 3}, rate_limits={}
    )
    mask = FieldMask(paths=["retry_config.max_attempts"])
    updated = client.update_queue(queue=wanted, update_mask=mask)
    assert updated.retry_config.max_attempts == 7
    assert updated.retry_config.max_doublings == before.retry_config.max_doublings
    assert updated.rate_limits == before.rate_limits


def test_an_update_without_a_mask_sets_everything(client):
    updated = client.update_queue(queue=tasks_v2.Queue(name=QUEUE))
    assert updated.retry_config.max_attempts == 100


def test_an_update_of_no_known_field_is_an_invalid_argument(client):
    mask = FieldMask(paths=["no_such_field"])
    with pytest.raises(exceptions.InvalidArgument):
        client.update_queue(queue=tasks_v2.Queue(name=QUEUE), update_mask=mask)


def test_an_update_creates_what_is_not_there(client):
    new = f"{LOCATION}/queues/new"
    client.update_queue(queue=tasks_v2.Queue(name=new))
    assert new in [queue.name for queue in client.list_queues(parent=LOCATION)]


def test_pause_and_resume_are_shown(client):
    assert client.pause_queue(name=QUEUE).state == tasks_v2.Queue.State.PAUSED
    assert client.get_queue(name=QUEUE).state == tasks_v2.Queue.State.PAUSED
    assert client.resume_queue(name=QUEUE).state == tasks_v2.Queue.State.RUNNING


def test_a_purge_empties_its_queue_and_no_other(client, stand_in):
    client.create_task(parent=QUEUE, task=a_task("one"))
    client.create_task(parent=OTHER_QUEUE, task=a_task())
    assert client.purge_queue(name=QUEUE).purge_time is not None
    assert (stand_in.pending(QUEUE), stand_in.pending(OTHER_QUEUE)) == (0, 1)


def test_a_deleted_queue_is_gone_and_its_name_is_not_free(client):
    client.delete_queue(name=QUEUE)
    with pytest.raises(exceptions.NotFound):
        client.create_task(parent=QUEUE, task=a_task())
    with pytest.raises(exceptions.FailedPrecondition):
        client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=QUEUE))
    assert [queue.name for queue in client.list_queues(parent=LOCATION)] == [OTHER_QUEUE]


def test_while_unavailable_no_task_is_created(client, stand_in):
    stand_in.be_unavailable(True)
    with pytest.raises(exceptions.ServiceUnavailable):
        client.create_task(parent=QUEUE, task=a_task("one"))
    assert client.get_queue(name=QUEUE)
    stand_in.be_unavailable(False)
    assert client.create_task(parent=QUEUE, task=a_task("one"))


async def test_the_asyncio_client_is_answered_the_same(stand_in):
    client = async_client(stand_in.address)
    async with client:
        created = await client.create_task(parent=QUEUE, task=a_task("one"))
        assert created.name == f"{QUEUE}/tasks/one"
        with pytest.raises(exceptions.AlreadyExists):
            await client.create_task(parent=QUEUE, task=a_task("one"))
        with pytest.raises(exceptions.InvalidArgument):
            await client.create_task(parent=QUEUE, task=a_task("dots.are.out"))
        listed = [task.name async for task in await client.list_tasks(parent=QUEUE)]
        assert listed == [created.name]
        assert (await client.pause_queue(name=QUEUE)).state == tasks_v2.Queue.State.PAUSED
        await client.delete_task(name=created.name)
    assert stand_in.pending(QUEUE) == 0
