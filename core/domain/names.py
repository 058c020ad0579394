"""Names that tell apart what stands side by side."""

from collections.abc import Sequence


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The names in their order; one that was there before is given a number that makes it its own."""
    taken, apart = set(names), list[str]()
    for name in names:
        number, own = 2, name
        while own in apart or (own != name and own in taken):
            own, number = f"{name} ({number})", number + 1
        apart.append(own)
    return tuple(apart)
