"""Every object of one account, by kind and id, in the order of creation."""

import threading
from collections.abc import Callable
from typing import Any

from scripts.local.stripe.errors import missing
from scripts.local.stripe.objects import JsonObject, copied, overlay


class Store:
    """
    Give copies and take copies, so that nobody changes an object unseen.

    `lock` is reentrant: hold it around a change of several objects.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._objects: dict[str, dict[str, JsonObject]] = {}

    def put(self, subject: JsonObject) -> JsonObject:
        """Keep an object, new or changed, and give it back."""
        with self.lock:
            self._objects.setdefault(subject["object"], {})[subject["id"]] = copied(subject)
        return subject

    def get(self, kind: str, object_id: str, param: str = "id") -> JsonObject:
        """Raise ApiError (404 resource_missing) where there is none."""
        with self.lock:
            held = self._objects.get(kind, {}).get(object_id)
        if held is None:
            raise missing(kind, object_id, param)
        return self._copy(held)

    def change(self, kind: str, object_id: str, **over: Any) -> JsonObject:
        """Lay new values over an object, keep it so, and give it back."""
        with self.lock:
            return self.put(overlay(self.get(kind, object_id), over))

    def find(self, object_id: str) -> JsonObject | None:
        """Look an object up by its id alone, whatever kind it is."""
        with self.lock:
            for kind in self._objects.values():
                if object_id in kind:
                    return self._copy(kind[object_id])
        return None

    def newest_first(
        self, kind: str, fits: Callable[[JsonObject], Any] = lambda _: True
    ) -> list[JsonObject]:
        """Give the objects of one kind that fit; `fits` must not change what it sees."""
        with self.lock:
            # What is held is replaced, never changed, so it may be looked at outside the lock.
            held = list(self._objects.get(kind, {}).values())
        found = [one for one in reversed(held) if fits(one)]
        # Of one second the one that was put later is the newer; sorting is stable.
        found.sort(key=lambda one: -int(one.get("created", 0)))
        return [self._copy(one) for one in found]

    def _copy(self, held: JsonObject) -> JsonObject:
        whole: JsonObject = copied(held)
        return whole
