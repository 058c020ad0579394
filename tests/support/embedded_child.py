"""A process that uses an embedded server and does what it is told, line by line, until its stdin ends.

    python embedded_child.py HOME [UID GID]

With UID and GID it gives up being root, after everything is imported: the interpreter may lie in a folder
that is closed to that user.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2

from core.db.embedded import ensure_postgres, leave_postgres
from core.errors import AryabhattaError


def main(home: str, *identity: str) -> None:
    if identity:
        uid, gid = map(int, identity)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    for line in sys.stdin:
        try:
            for answer in do(line.strip(), Path(home)):
                say(answer=answer)
        except (AryabhattaError, psycopg2.Error) as error:
            say(error=type(error).__name__, message=str(error))


def do(command: str, home: Path) -> Iterator[object]:
    match command:
        case "ensure":
            yield ensure_postgres(home)
        case "leave":
            yield leave_postgres(home)
        case "append":
            yield from append(ensure_postgres(home))
        case "numbers":
            yield numbers(ensure_postgres(home))
        case _:
            raise ValueError(command)


def append(url: str) -> Iterator[int]:
    """Commit one row after the other until the server is gone, naming each once it is committed."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS numbers")
        cursor.execute("CREATE TABLE numbers (n integer PRIMARY KEY)")
        for n in range(1_000_000):
            cursor.execute("INSERT INTO numbers VALUES (%s)", (n,))
            connection.commit()
            yield n


def numbers(url: str) -> list[int]:
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT n FROM numbers ORDER BY n")
        return [n for (n,) in cursor.fetchall()]


def connect(url: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(url.replace("+psycopg2", ""))


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
