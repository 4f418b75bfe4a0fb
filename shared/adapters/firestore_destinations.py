"""How destinations stand, in Firestore: one small document each, shared by every instance."""

from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import Client, DocumentReference

from shared.adapters.documents import from_document, to_document
from shared.adapters.firestore_calls import CALL_LASTS_AT_MOST, RETRY, store_errors
from shared.domain.conversions import Destination
from shared.domain.destinations import Standing
from shared.usecases.ports.destinations import SeenStanding

DESTINATIONS = "destinations"


class FirestoreDestinations:
    """Port: Destinations. `create` the first time, an update-time precondition from then on."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, destination: Destination) -> SeenStanding:
        with store_errors():
            snapshot = self._document(destination).get(retry=RETRY, timeout=CALL_LASTS_AT_MOST)
        document = snapshot.to_dict()
        if document is None:
            return SeenStanding(Standing(), None)
        return SeenStanding(from_document(Standing, document), snapshot.update_time)

    def replace(self, destination: Destination, seen: SeenStanding, standing: Standing) -> bool:
        with store_errors():
            try:
                self._write(destination, seen, standing)
            except (AlreadyExists, FailedPrecondition, NotFound):
                return False
            return True

    def _write(self, destination: Destination, seen: SeenStanding, standing: Standing) -> None:
        document, reference = to_document(standing), self._document(destination)
        if seen.version is None:
            reference.create(document, retry=RETRY, timeout=CALL_LASTS_AT_MOST)
            return
        unchanged = self._client.write_option(last_update_time=seen.version)
        reference.update(document, option=unchanged, retry=RETRY, timeout=CALL_LASTS_AT_MOST)

    def _document(self, destination: Destination) -> DocumentReference:
        return self._client.collection(DESTINATIONS).document(destination)
