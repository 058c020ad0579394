"""Secrets for tests: a dictionary where the program has its encrypted table."""


class KnownSecrets(dict):
    """Names with their values."""

    def value(self, name: str) -> str | None:
        return self.get(name)
