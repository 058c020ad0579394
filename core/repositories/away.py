"""Which errors of the database pass by themselves, or with an operator's help: wait, then try again."""

import psycopg2
from sqlalchemy.exc import DBAPIError

from core.errors import ConfigurationError, Unavailable

_READ_ONLY = "25006"
"""`read_only_sql_transaction`: the server became a standby, and another one the primary."""


def away(error: Exception) -> Unavailable | None:
    """The error as `Unavailable` where another try may go well; None: the statement itself is at fault.

    Gone, restarting, out of disk (53100), memory or connections (53300), a deadlock: each is an `OperationalError`
    (PEP 249). A refusal, too: who already works with the database waits until the operator has mended it.
    """
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, ConfigurationError):
        return Unavailable(str(error))
    cause = error.orig if isinstance(error, DBAPIError) else error
    passes = isinstance(cause, psycopg2.OperationalError | psycopg2.InterfaceError)
    if not passes and getattr(cause, "pgcode", None) != _READ_ONLY:
        return None
    said = str(cause).strip().partition("\n")[0] or type(cause).__name__
    return Unavailable(f"the database does not take it: {said}")
