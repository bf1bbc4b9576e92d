"""SQLite as a container that is not trusted: read-only, no longer than a file should take.

A database may hold views and triggers in place of tables, and pages that lead in circles. Only
plain tables are read here, nothing is written beside the file, and a query that takes longer than
any honest one is given up.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import ReadError

SIGNATURE = b"SQLite format 3\x00"
_SECONDS = 5.0
_BYTES_PER_SECOND = 5e6
_STEPS = 100_000
_LONGEST = 2**30
_AGAIN = "Copy it again from the instrument's computer, with its program closed."

Row = dict[str, object]


class Database:
    """An open database, and the columns of its tables.

    Attributes
    ----------
    tables : dict of str to tuple of str
        Columns of each plain table, in lower case, by its name in lower case.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        self._names = {str(name).lower(): str(name) for (name,) in names}
        self.tables = {low: self._columns(name) for low, name in self._names.items()}

    def _columns(self, table: str) -> tuple[str, ...]:
        found = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        return tuple(str(name).lower() for (name,) in found)

    def rows(self, table: str, column: str = "", value: object = None) -> Iterator[Row]:
        """Yield the rows of a table whose `column` has a value, columns in lower case.

        Nothing is yielded where there is no such table or column.

        Raises
        ------
        ReadError
            If the database is damaged there.
        """
        if table not in self.tables or (column and column not in self.tables[table]):
            return
        query = f"SELECT * FROM {_quoted(self._names[table])}"
        arguments: tuple[object, ...] = ()
        if column:
            query, arguments = f"{query} WHERE {_quoted(column)} = ?", (value,)
        try:
            for row in self._connection.execute(query, arguments):
                yield dict(zip(self.tables[table], row, strict=True))
        except (sqlite3.Error, OverflowError) as error:
            raise ReadError(f"its table {table} is damaged ({error}).", hint=_AGAIN) from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def database(path: Path, what: str) -> Iterator[Database]:
    """Give an open database; its own errors become sentences.

    Parameters
    ----------
    path : Path
    what : str
        Name of the format, for messages.

    Raises
    ------
    ReadError
        If it is damaged or cut off, or a journal beside it holds what is not in it yet.
    """
    beside = path.with_name(f"{path.name}-wal")
    with suppress(OSError):
        if beside.stat().st_size:
            raise ReadError(
                f"part of the {what} file is still in {beside.name} beside it: it was copied while"
                " its program had it open.",
                hint="Close it in its program, then copy it again.",
            )
    end = time.monotonic() + _SECONDS + path.stat().st_size / _BYTES_PER_SECOND
    try:
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.text_factory = _text
            yield Database(connection)
        finally:
            connection.close()
    except (sqlite3.Error, OverflowError, MemoryError) as error:
        raise ReadError(f"the {what} file is damaged or cut off ({error}).", hint=_AGAIN) from error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
