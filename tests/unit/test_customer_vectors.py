"""collect and the tag hash an identity alike: one file of vectors for both."""

import json
from pathlib import Path

import pytest

from shared.adapters.phonenumbers_e164 import to_e164
from shared.domain.customer import HashedCustomer, hash_customer

# tests/browser/tag/identity.test.mjs holds the tag to the same file.
_FILE = Path(__file__).parents[1] / "fixtures" / "identity_vectors.json"
VECTORS = json.loads(_FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS["both"], ids=lambda vector: ascii(vector["said"]))
def test_collect_hashes_an_identity_as_the_page_does(vector):
    customer = hash_customer(vector["said"], country=None, e164=to_e164)

    names = [name for name in HashedCustomer.__dataclass_fields__ if name != "ph_e164"]
    found = {name: getattr(customer, name)[0] for name in names if getattr(customer, name)}
    assert found == vector["hashed"]


@pytest.mark.parametrize("said", VECTORS["only_collect"], ids=ascii)
def test_what_a_page_leaves_out_collect_would_have_read(said):
    assert not hash_customer(said, country=None, e164=to_e164).is_empty()
