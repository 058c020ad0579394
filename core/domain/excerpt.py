"""Where a search found something: the words around it."""

_BEFORE_CHARS = 24


def excerpt(text: str, search: str, chars: int = 90) -> str:
    """One line around the first place where `search` stands, whatever its case; empty where it does not stand."""
    line, wanted = " ".join(text.split()), " ".join(search.split())
    at = line.casefold().find(wanted.casefold())
    if not wanted or at < 0:
        return ""
    start = max(0, at - _BEFORE_CHARS)
    if start:
        start = line.find(" ", start, at) + 1 or start
    found = line[start : start + chars]
    return f"{'…' if start else ''}{found}{'…' if start + chars < len(line) else ''}"
