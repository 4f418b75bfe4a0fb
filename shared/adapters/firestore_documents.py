"""
Firestore's documents by name, straight over gRPC: the library's channel and its plain messages.

What the library's client does around a call (messages wrapped and unwrapped, snapshots, retries
planned anew) takes three times as long as the call. Here it is left out; limits, retries and
errors are those of `firestore_calls`. Queries, which nobody's sale waits for, stay with the client.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final, TypeVar

import google.auth
import grpc
from google.api_core.exceptions import NotFound, from_grpc_error
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.api_core.timeout import TimeToDeadlineTimeout
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    CommitRequest,
    CommitResponse,
    Document,
    DocumentMask,
    GetDocumentRequest,
    Precondition,
    Write,
)
from grpc.experimental import ChannelOptions

from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST, RETRIED, RETRIED_FOR, RETRY
from shared.adapters.firestore_values import leaf_paths, read_fields, written_fields

T = TypeVar("T")
Metadata = tuple[tuple[str, str], ...]
_SERVICE: Final = "/google.firestore.v1.Firestore"
_CHANNEL_OPTIONS: Final = (
    # Without it each answer of a stream crosses from a thread of gRPC's to ours, which costs as
    # much again as the call.
    (ChannelOptions.SingleThreadedUnaryStream, 1),
    # As the library has it: a connection that died is found before a request is lost on it.
    ("grpc.keepalive_time_ms", 30_000),
)
# Whom an emulator lets past its rules, as the library says.
_OWNER: Final = ("authorization", "Bearer owner")
_Get = GetDocumentRequest.pb()
_BatchGet, _BatchGot = BatchGetDocumentsRequest.pb(), BatchGetDocumentsResponse.pb()
_Commit, _Committed = CommitRequest.pb(), CommitResponse.pb()
_Document, _Mask, _Precondition, _Write = (
    Document.pb(),
    DocumentMask.pb(),
    Precondition.pb(),
    Write.pb(),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read, with its update time, which a later write is compared with."""

    fields: dict[str, Any]
    update_time: object


class FirestoreDocuments:
    """
    Documents by their paths, `collection/id`.

    Every call raises what the library's client would (`google.api_core.exceptions`), so that
    `store_errors` is written around both alike.
    """

    def __init__(
        self, channel: grpc.Channel, project: str, database: str, *, told: Metadata = ()
    ) -> None:
        """`told` goes with every call, beside what routes it to the database."""
        self._channel = channel
        self._database = f"projects/{project}/databases/{database}"
        self._root = f"{self._database}/documents/"
        self._told = (*told, ("google-cloud-resource-prefix", self._database))
        self._metadata = (*self._told, to_grpc_metadata((("database", self._database),)))
        self._get = channel.unary_unary(
            f"{_SERVICE}/GetDocument",
            request_serializer=_Get.SerializeToString,
            response_deserializer=_Document.FromString,
        )
        self._batch_get = channel.unary_stream(
            f"{_SERVICE}/BatchGetDocuments",
            request_serializer=_BatchGet.SerializeToString,
            response_deserializer=_BatchGot.FromString,
        )
        self._commit = channel.unary_unary(
            f"{_SERVICE}/Commit",
            request_serializer=_Commit.SerializeToString,
            response_deserializer=_Committed.FromString,
        )

    def find(self, path: str) -> Stored | None:
        request = _Get(name=self._root + path)
        metadata = (*self._told, to_grpc_metadata((("name", request.name),)))
        try:
            return _stored(_called(partial(self._get, request, metadata=metadata)))
        except NotFound:
            return None

    def find_all(self, paths: Sequence[str]) -> dict[str, Stored]:
        """Read documents at once, by their paths; those that are not there are left out."""
        if len(paths) <= 1:
            # A call for one costs two thirds of a stream for one.
            return {path: one for path in paths if (one := self.find(path)) is not None}
        names = [self._root + path for path in paths]
        request = _BatchGet(database=self._database, documents=names)

        def whole(**limits: Any) -> list[Any]:
            return list(self._batch_get(request, metadata=self._metadata, **limits))

        answers = _called(whole)
        found = (answer.found for answer in answers if answer.HasField("found"))
        return {each.name[len(self._root) :]: _stored(each) for each in found}

    def commit(self, writes: Sequence[Any]) -> None:
        """
        Do all of it or nothing.

        Raise AlreadyExists, FailedPrecondition or NotFound where a write of `created` or
        `updated` met something else than it expects.
        """
        request = _Commit(database=self._database, writes=writes)
        _called(partial(self._commit, request, metadata=self._metadata))

    def created(self, path: str, document: dict[str, Any]) -> Any:
        """Make the write of a document that must not be there yet."""
        absent = _Precondition(exists=False)
        return _Write(update=self._document(path, document), current_document=absent)

    def updated(self, path: str, document: dict[str, Any], *, unchanged_since: object) -> Any:
        """Make the write that replaces these fields if nobody wrote since; others stay."""
        return _Write(
            update=self._document(path, document),
            update_mask=_Mask(field_paths=list(document)),
            current_document=_Precondition(update_time=unchanged_since),
        )

    def merged(self, path: str, document: dict[str, Any]) -> Any:
        """Make the write that adds to a document, map by map, whether it is there or not."""
        return _Write(
            update=self._document(path, document),
            update_mask=_Mask(field_paths=list(leaf_paths(document))),
        )

    def close(self) -> None:
        self._channel.close()

    def _document(self, path: str, document: dict[str, Any]) -> Any:
        return _Document(name=self._root + path, fields=written_fields(document))


def _stored(document: Any) -> Stored:
    return Stored(read_fields(document.fields), document.update_time)


def _called(call: Callable[..., T]) -> T:
    """Make a call, which takes its `timeout`, within our limits; again while there is time."""

    def once(**limits: Any) -> T:
        try:
            return call(**limits)
        except grpc.RpcError as error:
            raise from_grpc_error(error) from error

    began = monotonic()
    try:
        return once(timeout=CALL_LASTS_AT_MOST)
    except RETRIED:
        passed = monotonic() - began
        if passed >= RETRIED_FOR:
            raise
    # The machinery of a retry is made when it is needed: seldom.
    limited = TimeToDeadlineTimeout(CALL_LASTS_AT_MOST - passed)(once)
    answer: T = RETRY.with_timeout(RETRIED_FOR - passed)(limited)()
    return answer


def connected(
    project: str, database: str, emulator: str | None
) -> tuple[Client, FirestoreDocuments]:
    """Connect with the credentials of the place where we run; `emulator` asks for none."""
    if emulator is not None:
        client = Client(project=project, database=database)
        channel = grpc.insecure_channel(emulator, options=_CHANNEL_OPTIONS)
        return client, FirestoreDocuments(channel, project, database, told=(_OWNER,))
    credentials, _ = google.auth.default(scopes=Client.SCOPE)
    client = Client(project=project, database=database, credentials=credentials)
    channel = FirestoreGrpcTransport.create_channel(
        credentials=credentials, options=_CHANNEL_OPTIONS
    )
    return client, FirestoreDocuments(channel, project, database)
