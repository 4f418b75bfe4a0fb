"""How destinations stand, in Firestore: one small document each, shared by every instance."""

from typing import Any

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound

from shared.adapters.documents import from_plain, to_document
from shared.adapters.firestore_calls import store_errors
from shared.adapters.firestore_documents import FirestoreDocuments
from shared.domain.conversions import Destination
from shared.domain.destinations import Standing
from shared.usecases.ports.destinations import SeenStanding

DESTINATIONS = "destinations"


class FirestoreDestinations:
    """Port: Destinations. `create` the first time, an update-time precondition from then on."""

    def __init__(self, documents: FirestoreDocuments) -> None:
        self._documents = documents

    def find(self, destination: Destination) -> SeenStanding:
        with store_errors():
            stored = self._documents.find(_path(destination))
        if stored is None:
            return SeenStanding(Standing(), None)
        return SeenStanding(from_plain(Standing, stored.fields), stored.update_time)

    def replace(self, destination: Destination, seen: SeenStanding, standing: Standing) -> bool:
        with store_errors():
            try:
                self._documents.commit([self._write(destination, seen, standing)])
            except (AlreadyExists, FailedPrecondition, NotFound):
                return False
            return True

    def _write(self, destination: Destination, seen: SeenStanding, standing: Standing) -> Any:
        path, document = _path(destination), to_document(standing)
        if seen.version is None:
            return self._documents.created(path, document)
        return self._documents.updated(path, document, unchanged_since=seen.version)


def _path(destination: Destination) -> str:
    return f"{DESTINATIONS}/{destination}"
