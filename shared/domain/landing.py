"""STUB to be replaced by helper."""
def click_ids_of(url: str | None) -> dict[str, str]:
    return {}
def utm_of(url: str | None) -> dict[str, str]:
    return {}
def scrubbed(url: str | None) -> str | None:
    return url.split("?")[0] if url else None
