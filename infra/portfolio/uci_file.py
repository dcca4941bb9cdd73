"""The data set "Default of credit card clients" as it lies in its file: 25 columns, newest month first.

UCI Machine Learning Repository, data set 350, doi 10.24432/C55S3H, licence CC BY 4.0; whole New Taiwan dollars.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from infra.faults import Fault

MONTHS = 6  # April to September 2005
WHOLE = 30_000  # accounts in the file as it was published
COLUMNS = ("ID", *(f"X{number}" for number in range(1, 24)), "Y")
_LIMIT, _LATE, _BALANCES, _PAYMENTS, _DEFAULT = 1, 6, 12, 18, 24  # where each begins, counted from 0
_CODES = range(-2, 10)
_PLAIN = re.compile(r"-?[0-9]{1,10}")
_PLAIN_ROW = re.compile(r"-?[0-9]{1,10}(?:,-?[0-9]{1,10}){24}")
# What a spreadsheet makes of 200000 read as 2e+05. Other mantissas would be rounded figures, so they are refused.
_SCIENTIFIC = re.compile(r"(-?[1-9])\.00E\+0([56])")


class Row(NamedTuple):
    """One account: whole dollars, April first. A negative balance is in credit; `late` are the bank's own codes."""

    number: int
    limit: int
    balances: tuple[int, ...]
    payments: tuple[int, ...]
    late: tuple[int, ...]

    @property
    def opening(self) -> int:
        """What was owed before April's payment: it leads to April's balance without an invented purchase."""
        return self.balances[0] + self.payments[0]

    @property
    def net(self) -> tuple[int, ...]:
        """For each month after April what was bought and charged, less what was refunded."""
        return tuple(
            self.balances[month] - (self.balances[month - 1] - self.payments[month]) for month in range(1, MONTHS)
        )


def read(file: Path, accounts: int | None = None) -> Sequence[Row]:
    """Every row of `file`, in the order of the ids, which count from 1 without a gap.

    Raises Fault naming line, column and value when anything is not as it must be; `accounts`, where it is given, is
    how many there must be.
    """
    lines = _lines(file)
    if not lines or lines[0] != ",".join(COLUMNS):
        raise _wrong(file, 1, "ID", lines[0] if lines else "", f"the header must be {COLUMNS[0]},X1..X23,{COLUMNS[-1]}")
    rows = [_row(file, number, line) for number, line in enumerate(lines[1:], start=1)]
    if not rows:
        raise _wrong(file, 2, "ID", "", "the file ends before the first account")
    if accounts is not None and len(rows) != accounts:
        raise _wrong(file, len(lines), "ID", str(rows[-1].number), f"the last account must be {accounts}")
    return rows


def _lines(file: Path) -> Sequence[str]:
    try:
        text = file.read_bytes().decode("ascii")
    except OSError as unreadable:
        raise Fault(f"{file} cannot be read: {unreadable.strerror}.") from unreadable
    except UnicodeDecodeError as odd:
        before = odd.object[: odd.start]
        line, column = before.count(b"\n") + 1, before[before.rfind(b"\n") + 1 :].count(b",")
        value = odd.object[odd.start : odd.start + 1].hex()
        name = COLUMNS[min(column, len(COLUMNS) - 1)]
        raise _wrong(file, line, name, f"0x{value}", "a byte that is not ASCII") from odd
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def _row(file: Path, number: int, line: str) -> Row:
    plain = _PLAIN_ROW.fullmatch(line)
    cells = [int(cell) for cell in line.split(",")] if plain else _cells(file, number + 1, line)
    if cells[0] != number:
        why = "appears a second time" if 0 < cells[0] < number else f"comes where {number} is missing"
        raise _wrong(file, number + 1, "ID", str(cells[0]), f"this id {why}")
    for column, why in _out_of_bounds(cells):
        raise _wrong(file, number + 1, COLUMNS[column], str(cells[column]), why)
    return Row(
        number,
        cells[_LIMIT],
        tuple(cells[_BALANCES:_PAYMENTS][::-1]),
        tuple(cells[_PAYMENTS:_DEFAULT][::-1]),
        tuple(cells[_LATE:_BALANCES][::-1]),
    )


def _cells(file: Path, line_number: int, line: str) -> list[int]:
    texts = line.split(",")
    cells = []
    for column, text in zip(COLUMNS, texts, strict=False):
        cell = _whole(text)
        if cell is None:
            raise _wrong(file, line_number, column, text, "not a whole number")
        cells.append(cell)
    if len(texts) < len(COLUMNS):
        why = f"the row ends after {len(texts)} of {len(COLUMNS)} columns"
        raise _wrong(file, line_number, COLUMNS[len(texts)], "", why)
    if len(texts) > len(COLUMNS):
        raise _wrong(file, line_number, "after Y", texts[len(COLUMNS)], f"the row has {len(texts)} columns")
    return cells


def _whole(text: str) -> int | None:
    """The whole number that a cell says exactly; None for anything else."""
    if _PLAIN.fullmatch(text):
        return int(text)
    scientific = _SCIENTIFIC.fullmatch(text)
    return int(scientific[1]) * 10 ** int(scientific[2]) if scientific else None


def _out_of_bounds(cells: Sequence[int]) -> Iterator[tuple[int, str]]:
    if cells[_LIMIT] <= 0:
        yield _LIMIT, "a limit is above 0"
    for column in range(_LATE, _BALANCES):
        if cells[column] not in _CODES:
            yield column, f"a repayment status is {_CODES[0]} to {_CODES[-1]}"
    for column in range(_PAYMENTS, _DEFAULT):
        if cells[column] < 0:
            yield column, "a payment is not negative"
    if cells[_DEFAULT] not in {0, 1}:
        yield _DEFAULT, "default is 0 or 1"


def _wrong(file: Path, line: int, column: str, value: str, why: str) -> Fault:
    shown = value if len(value) <= 40 else f"{value[:40]}..."
    return Fault(
        f"{file}, line {line}, column {column}, value {shown!r}: {why}. Nothing was imported; mend the file and try again."
    )
