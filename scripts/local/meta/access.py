"""Who may call what: API version, token and dataset, checked in Meta's order."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from scripts.local.meta.errors import (
    GraphError,
    deprecated_version,
    invalid_token,
    missing_permission,
    no_such_object,
    unknown_path,
    wrong_proof,
)

# The last day of each Graph API version (None: no end announced); older ones have ended.
# https://developers.facebook.com/docs/graph-api/changelog, read in September 2026.
LAST_DAY_OF_VERSION: Mapping[str, date | None] = {
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}

_VERSION = re.compile(r"v\d+\.\d+")


@dataclass(frozen=True)
class Access:
    """What this stand-in knows: its dataset, the token that may write to it, its versions."""

    dataset_id: str
    token: str = field(repr=False)
    # A token that Meta knows but that lacks the permission (HTTP 403, code 200).
    powerless_token: str | None = field(default=None, repr=False)
    # Where it is set, every call must bring appsecret_proof.
    app_secret: str | None = field(default=None, repr=False)
    versions: Mapping[str, date | None] = field(default_factory=lambda: dict(LAST_DAY_OF_VERSION))

    def refusal(
        self, version: str, dataset_id: str, token: str | None, proof: str | None, today: date
    ) -> GraphError | None:
        """Give the first reason why the call may not go on, or None."""
        return (
            self._refused_version(version, dataset_id, today)
            or self._refused_token(token, dataset_id)
            or self._refused_proof(token, proof)
        )

    def _refused_version(self, version: str, dataset_id: str, today: date) -> GraphError | None:
        if not _VERSION.fullmatch(version):
            return unknown_path(f"/{version}/{dataset_id}")
        newest = max(self.versions, key=lambda known: float(known[1:]))
        if version not in self.versions:
            return deprecated_version(newest)
        last_day = self.versions[version]
        return deprecated_version(newest) if last_day is not None and today > last_day else None

    def _refused_token(self, token: str | None, dataset_id: str) -> GraphError | None:
        known = {self.token, self.powerless_token} - {None}
        if token not in known:
            return invalid_token()
        if dataset_id != self.dataset_id:
            return no_such_object(dataset_id)
        return missing_permission() if token == self.powerless_token else None

    def _refused_proof(self, token: str | None, proof: str | None) -> GraphError | None:
        if self.app_secret is None:
            return None
        expected = hmac.new(
            self.app_secret.encode(), (token or "").encode(), hashlib.sha256
        ).hexdigest()
        return None if hmac.compare_digest(expected, proof or "") else wrong_proof()
