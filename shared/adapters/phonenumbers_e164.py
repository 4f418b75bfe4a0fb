"""STUB to be replaced by helper."""
def to_e164(raw: str, country: str | None) -> str | None:
    return None
