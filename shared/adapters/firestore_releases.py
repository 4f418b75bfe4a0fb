"""The ledger in Firestore as `collect` sees it, on the asynchronous client."""

from collections.abc import Callable, Sequence

from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.firestore import AsyncClient
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters.documents import from_document, to_field
from shared.adapters.firestore_calls import ASYNC_RETRY, CALL_LASTS_AT_MOST, store_errors
from shared.adapters.firestore_ledger import ALIASES, PURCHASES, as_entry
from shared.domain.aliases import Alias
from shared.domain.purchases import Purchase
from shared.usecases.ports.ledger import Entry

# One visitor's purchases within a session's 90 days; the newest is what a page asks for.
_MOST = 100


class FirestoreReleases:
    """Port: Releases. The client is made on first use: it belongs to the running event loop."""

    def __init__(self, client: Callable[[], AsyncClient]) -> None:
        self._client = client

    async def of_session(self, session_id: str) -> Sequence[Entry]:
        query = (
            self._client()
            .collection(PURCHASES)
            .where(filter=FieldFilter("session_id", "==", session_id))
            .limit(_MOST)
        )
        with store_errors():
            found = await query.get(retry=ASYNC_RETRY, timeout=CALL_LASTS_AT_MOST)
            return [as_entry(snapshot) for snapshot in found]

    async def checkout(self, checkout_session_id: str) -> Alias | None:
        document = self._client().collection(ALIASES).document(checkout_session_id)
        with store_errors():
            known = await document.get(retry=ASYNC_RETRY, timeout=CALL_LASTS_AT_MOST)
        return from_document(Alias, known.to_dict() or {}) if known.exists else None

    async def replace(self, entry: Entry, purchase: Purchase) -> bool:
        client = self._client()
        unchanged = client.write_option(last_update_time=entry.version)
        document = client.collection(PURCHASES).document(purchase.sale_key)
        with store_errors():
            try:
                await document.update(
                    {"released_at": to_field(purchase.released_at)},
                    option=unchanged,
                    retry=ASYNC_RETRY,
                    timeout=CALL_LASTS_AT_MOST,
                )
            except (FailedPrecondition, NotFound):
                return False
            return True
