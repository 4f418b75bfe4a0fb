"""How destinations stand, in SQLite."""

from shared.adapters.sqlite_store import CREATE, FIND, REPLACE, SqliteStore, read_json, write_json
from shared.domain.conversions import Destination
from shared.domain.destinations import Standing
from shared.usecases.ports.destinations import SeenStanding

DESTINATIONS = "destinations"


class SqliteDestinations:
    """Port: Destinations."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def find(self, destination: Destination) -> SeenStanding:
        for body, version in self._store.read(FIND, DESTINATIONS, destination):
            return SeenStanding(read_json(Standing, body), version)
        return SeenStanding(Standing(), None)

    def replace(self, destination: Destination, seen: SeenStanding, standing: Standing) -> bool:
        body = write_json(standing)
        with self._store.transaction() as connection:
            if seen.version is not None:
                values = (body, DESTINATIONS, destination, seen.version)
                return connection.execute(REPLACE, values).rowcount == 1
            if connection.execute(FIND, (DESTINATIONS, destination)).fetchone():
                return False
            connection.execute(CREATE, (DESTINATIONS, destination, body))
            return True
