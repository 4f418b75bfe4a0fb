"""STUB to be replaced by helper."""
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from shared.domain.hashing import Hashed, sha256_hex
E164 = Callable[[str, str | None], str | None]
@dataclass(frozen=True, slots=True)
class HashedCustomer:
    em: tuple[Hashed, ...] = ()
    ph: tuple[Hashed, ...] = ()
    ph_e164: tuple[Hashed, ...] = ()
    fn: tuple[Hashed, ...] = ()
    ln: tuple[Hashed, ...] = ()
    ge: tuple[Hashed, ...] = ()
    db: tuple[Hashed, ...] = ()
    ct: tuple[Hashed, ...] = ()
    st: tuple[Hashed, ...] = ()
    zp: tuple[Hashed, ...] = ()
    country: tuple[Hashed, ...] = ()
    external_id: tuple[Hashed, ...] = ()
    def is_empty(self) -> bool:
        return self == HashedCustomer()
    def merged_with(self, other: "HashedCustomer") -> "HashedCustomer":
        return HashedCustomer(*(tuple(dict.fromkeys((*getattr(self,f.name),*getattr(other,f.name))))[:5] for f in fields(self)))
def hash_customer(raw: Mapping[str, object], *, country: str | None, e164: E164) -> HashedCustomer:
    em = raw.get("em")
    return HashedCustomer(em=(sha256_hex(em.strip().lower()),)) if isinstance(em, str) and "@" in em else HashedCustomer()
def from_stripe(details: Mapping[str, object] | None, *, e164: E164) -> HashedCustomer:
    return hash_customer({"em": (details or {}).get("email")}, country=None, e164=e164)
