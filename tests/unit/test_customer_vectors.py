"""collect and the tag hash an identity alike: one file of vectors for both."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.adapters.phonenumbers_e164 import to_e164
from shared.domain.customer import HashedCustomer, hash_customer
from tests.conftest import missing

# tests/browser/tag/identity.test.mjs holds the tag to the same file.
_FILE = Path(__file__).parents[1] / "fixtures" / "identity_vectors.json"
_PAGE = Path(__file__).parents[2] / "functions/collect/tag/identity.js"
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


# Letters and marks of many kinds, what only sounds, what is not seen, and digits of two scripts.
_TYPED = (
    "abcXYZéüßÉİıŁłñçøÅåΣςσжЖ日本語정عربي 0123456789-_.,'’`´@+()/²½ªº\u0663\ufb01\uff21\u1e9e"
    "\u200b\u00ad\u0301\u0308\ufeff\u3000\u00a0\t"
)
_PROGRAM = """
    import { readFileSync } from 'node:fs';
    const { hashed } = await import(process.argv[1]);
    const said = JSON.parse(readFileSync(0, 'utf8'));
    console.log(JSON.stringify(await Promise.all(said.map(hashed))));
"""


def _somebody(chance):
    def typed(most=12):
        return "".join(chance.choice(_TYPED) for _ in range(chance.randint(1, most)))

    key = chance.choice(["em", "fn", "ln", "ct", "st", "zp", "ge", "db", "external_id"])
    values = {
        "em": f"{typed(6)}@{typed(5)}.{chance.choice(['de', 'com', 'Co.uk'])}",
        "db": f"{chance.randint(1890, 2110)}-{chance.randint(0, 13):02}-{chance.randint(0, 32):02}",
    }
    said = {key: values.get(key) or typed()}
    if chance.random() < 0.5:
        said["country"] = chance.choice(["us", "DE", "ca", "fr", "UK", "xx"])
    return said


def test_whatever_somebody_typed_the_page_hashes_as_collect_does_or_not_at_all():
    node = shutil.which("node")
    if node is None:
        missing("Node.js", "install Node.js 20 or newer")
    chance = random.Random(7)
    people = [_somebody(chance) for _ in range(2_000)]
    command = [node, "--input-type=module", "--eval", _PROGRAM, str(_PAGE)]
    ran = subprocess.run(
        command, input=json.dumps(people), capture_output=True, text=True, check=True
    )
    by_page = json.loads(ran.stdout)
    differing = [
        (said, key)
        for said, page in zip(people, by_page, strict=True)
        for key in page
        if getattr(hash_customer(said, country=None, e164=to_e164), key) != (page[key],)
    ]

    assert differing == []
    assert sum(map(bool, by_page)) > 1_500
