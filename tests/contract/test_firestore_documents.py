"""Firestore's documents by name: like the library's own client where all is well, and where not."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import unquote

import google.auth
import grpc
import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client, GeoPoint
from google.cloud.firestore_v1.types import Document

from shared.adapters.documents import to_document
from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST
from shared.adapters.firestore_documents import FirestoreDocuments, connected
from shared.adapters.firestore_sessions import FirestoreSessions
from shared.usecases.ports.errors import StoreUnavailableError
from tests.builders import NOW, SESSION_ID, session

EVERYTHING = {
    "nothing": None,
    "yes": True,
    "no": False,
    "count": -(2**63),
    "text": "Grüße, \U0001f44b",
    "empty": "",
    "at": datetime(2026, 11, 27, 12, 0, 0, 123_456, UTC),
    "before_all_computers": datetime(1815, 12, 10, 0, 0, 0, 1, UTC),
    "list": ["a", 1, None, {"deep": [True]}],
    "map": {"9 lives": 1, "s_a-b.c`d": {"x": 2}, "none": {}},
}


@pytest.fixture
def both(firestore_emulator, project_id, monkeypatch):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    client, documents = connected(project_id, "(default)", firestore_emulator)
    yield client, documents
    client.close()
    documents.close()


@pytest.mark.emulator
def test_what_we_write_the_library_reads(both):
    client, documents = both

    documents.commit([documents.created("things/one", EVERYTHING)])

    assert client.document("things/one").get().to_dict() == EVERYTHING


@pytest.mark.emulator
def test_what_the_library_writes_we_read_with_plain_instants(both):
    client, documents = both
    client.document("things/one").set(EVERYTHING | {"share": 0.5, "bytes": b"\x00"})

    read = documents.find("things/one").fields

    assert read == EVERYTHING | {"share": 0.5, "bytes": b"\x00"}
    assert type(read["at"]) is datetime


def test_the_emulator_is_asked_as_its_owner_whatever_its_rules_are(monkeypatch):
    failing = Failing(None)
    with serving(failing) as address:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
        _, documents = connected("shop", "(default)", address)
        for _, call in CALLS:
            call(documents)
        documents.close()

    assert {told["authorization"] for _, told in failing.asked} == {"Bearer owner"}


def test_in_the_cloud_both_ways_go_with_the_credentials_that_are_there(monkeypatch):
    scopes = []

    def default(*, scopes: list, _asked=scopes):
        _asked.append(scopes)
        return AnonymousCredentials(), "elsewhere"

    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setattr(google.auth, "default", default)

    client, documents = connected("shop", "(default)", None)

    assert client.project == "shop"
    assert scopes == [Client.SCOPE]
    documents.close()


@pytest.mark.emulator
def test_of_a_kind_that_we_never_write_nothing_is_read(both):
    client, documents = both
    client.document("things/one").set({"where": GeoPoint(1, 2), "name": "kept"})

    assert documents.find("things/one").fields == {"where": None, "name": "kept"}


@pytest.mark.emulator
def test_one_or_many_are_found_and_what_is_not_there_is_left_out(both):
    _, documents = both
    documents.commit([documents.created(f"things/{name}", {"is": name}) for name in "ab"])

    assert documents.find("things/z") is None
    assert documents.find_all([]) == {}
    assert {p: f.fields for p, f in documents.find_all(["things/a"]).items()} == {
        "things/a": {"is": "a"}
    }
    assert set(documents.find_all(["things/z", "things/a", "things/b"])) == {"things/a", "things/b"}


@pytest.mark.emulator
def test_what_is_merged_keeps_what_it_does_not_name_as_the_library_does(both):
    client, documents = both
    before = {"map": {"kept": 1, "s_a-b.c`d": {"y": 1}}, "list": [1, 2], "also": "kept"}
    after = {"map": {"9 lives": 9, "s_a-b.c`d": {"x": 2}}, "list": [3]}
    for name in ("ours", "theirs"):
        client.document(f"things/{name}").set(before)

    documents.commit(
        [documents.merged("things/ours", after), documents.merged("things/new", after)]
    )
    client.document("things/theirs").set(after, merge=True)

    theirs = client.document("things/theirs").get().to_dict()
    assert documents.find("things/ours").fields == theirs
    assert theirs["map"] == {"kept": 1, "9 lives": 9, "s_a-b.c`d": {"x": 2, "y": 1}}
    assert documents.find("things/new").fields == after


@pytest.mark.emulator
def test_a_commit_does_all_or_nothing(both):
    _, documents = both
    documents.commit([documents.created("things/one", {"n": 1})])

    with pytest.raises(AlreadyExists):
        documents.commit(
            [documents.created("things/two", {"n": 2}), documents.created("things/one", {"n": 2})]
        )

    assert documents.find("things/one").fields == {"n": 1}
    assert documents.find("things/two") is None


@pytest.mark.emulator
def test_an_update_needs_the_version_that_was_read_and_replaces_what_it_names(both):
    _, documents = both
    documents.commit([documents.created("things/one", {"n": 1, "map": {"a": 1}, "other": 1})])
    read = documents.find("things/one").update_time

    def update(fields):
        documents.commit([documents.updated("things/one", fields, unchanged_since=read)])

    update({"n": 2, "map": {"b": 1}})
    with pytest.raises((FailedPrecondition, NotFound)):
        update({"n": 3})

    assert documents.find("things/one").fields == {"n": 2, "map": {"b": 1}, "other": 1}


@pytest.mark.emulator
def test_a_session_that_is_there_is_one_read_and_its_refusal_outlives_it(both):
    client, documents = both
    client.document(f"sessions/{SESSION_ID}").set(to_document(session()))
    asked = []
    sessions = FirestoreSessions(_listening(documents, asked))

    assert sessions.find([SESSION_ID]) == {SESSION_ID: session()}
    assert asked == [[f"sessions/{SESSION_ID}"]]

    client.document(f"sessions/{SESSION_ID}").delete()
    gone = session(withdrawn_at=NOW)
    client.document(f"sessions/{SESSION_ID}.withdrawn").set(to_document(gone))

    assert sessions.find([SESSION_ID]) == {SESSION_ID: gone}
    assert asked[1:] == [[f"sessions/{SESSION_ID}"], [f"sessions/{SESSION_ID}.withdrawn"]]


def _listening(documents, asked):
    class Listening:
        def find_all(self, paths):
            if paths:
                asked.append(list(paths))
            return documents.find_all(paths)

    return Listening()


# A Firestore that fails, over real gRPC.


class Failing(grpc.GenericRpcHandler):
    """Answers each call with the next status of a list, the last one for ever; None is success."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.asked = []

    def service(self, call):
        method, metadata = call.method.rpartition("/")[2], dict(call.invocation_metadata)

        def answer(request, context):
            self.asked.append((method, metadata))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            if status is not None:
                context.abort(status, "of somebody's session")
            return Document.pb()(name="x").SerializeToString() if method == "GetDocument" else b""

        def stream(request, context):
            answer(request, context)
            yield from ()

        if method == "BatchGetDocuments":
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(answer)


@contextmanager
def serving(failing):
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((failing,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@contextmanager
def asked_of(failing, database="(default)"):
    with serving(failing) as address, grpc.insecure_channel(address) as channel:
        yield FirestoreDocuments(channel, "shop", database)


CALLS = [
    ("GetDocument", lambda documents: documents.find("things/a")),
    ("BatchGetDocuments", lambda documents: documents.find_all(["things/a", "things/b"])),
    ("Commit", lambda documents: documents.commit([documents.created("things/a", {})])),
]


@pytest.mark.parametrize(("method", "call"), CALLS)
@pytest.mark.parametrize("busy", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED])
def test_a_busy_store_is_asked_again(method, call, busy):
    failing = Failing(busy, busy, None)

    with asked_of(failing) as documents:
        call(documents)

    assert [asked for asked, _ in failing.asked] == [method] * 3


@pytest.mark.parametrize(("method", "call"), CALLS)
def test_another_failure_is_no_reason_to_ask_again(method, call):
    failing = Failing(grpc.StatusCode.PERMISSION_DENIED)

    with asked_of(failing) as documents, pytest.raises(Exception, match="403"):
        call(documents)

    assert len(failing.asked) == 1


@pytest.mark.parametrize(
    "status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.CANCELLED]
)
def test_a_store_that_stays_away_is_named_without_its_text(status):
    with (
        asked_of(Failing(status)) as documents,
        pytest.raises(StoreUnavailableError, match=r"^\w+$"),
    ):
        FirestoreSessions(documents).find(["s_one"])


def test_a_store_that_does_not_answer_is_not_waited_for_longer_than_the_limit():
    class Silent(Failing):
        def service(self, call):
            def answer(request, context):
                self.left = context.time_remaining()
                context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "")

            return grpc.unary_unary_rpc_method_handler(answer)

    silent = Silent(None)
    with asked_of(silent) as documents, pytest.raises(StoreUnavailableError):
        FirestoreSessions(documents).find(["s_one"])

    # gRPC rounds up what travels; the library's own limits are 60 and 300.
    assert 0 < silent.left < CALL_LASTS_AT_MOST + 0.5


@pytest.mark.parametrize(("method", "call"), CALLS)
def test_a_named_database_is_routed_to(method, call):
    failing = Failing(None)

    with asked_of(failing, database="eu") as documents:
        call(documents)

    [(_, told)] = failing.asked
    assert told["google-cloud-resource-prefix"] == "projects/shop/databases/eu"
    assert "projects/shop/databases/eu" in unquote(told["x-goog-request-params"])
