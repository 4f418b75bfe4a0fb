"""STUB to be replaced by helper."""
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit
@dataclass(frozen=True, slots=True)
class Fbc:
    subdomain_index: int
    created_ms: int
    fbclid: str
    appendix: str | None = None
    @property
    def text(self) -> str:
        return f"fb.{self.subdomain_index}.{self.created_ms}.{self.fbclid}"
def parse_fbc(text: str | None) -> Fbc | None:
    m = re.fullmatch(r"fb\.(\d)\.(\d{13})\.([A-Za-z0-9_-]{1,500})", text or "")
    return Fbc(int(m[1]), int(m[2]), m[3]) if m else None
def parse_fbp(text: str | None) -> str | None:
    return text if re.fullmatch(r"fb\.\d\.\d{13}\.\d{1,20}", text or "") else None
def fbclid_of(url: str | None) -> str | None:
    try:
        v = parse_qs(urlsplit(url or "").query).get("fbclid", [""])[0]
    except ValueError:
        return None
    return v if re.fullmatch(r"[A-Za-z0-9_-]{1,500}", v) else None
def next_fbc(current: Fbc | None, fbclid: str | None, *, now_ms: int, subdomain_index: int) -> Fbc | None:
    if fbclid is None or (current and current.fbclid == fbclid):
        return current
    return Fbc(subdomain_index, now_ms, fbclid)
def is_fresh(fbc: Fbc, *, now_ms: int) -> bool:
    return now_ms - fbc.created_ms <= 90 * 86_400_000
def new_fbp(*, now_ms: int, subdomain_index: int, random: int) -> str:
    return f"fb.{subdomain_index}.{now_ms}.{random}"
