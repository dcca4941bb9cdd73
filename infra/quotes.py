"""Quotes as people ask for them: a JSON file of one loan or of payments, a table of many loans."""

import csv
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.advice import AdviceQuestion
from domain.quoting import Loan, LoanCase
from domain.yields import RateQuestion
from infra.simulation.document import SIZE_MAX, BadScenario, document, quoted

COLUMNS = tuple(LoanCase.model_fields)
_TOLD = 20  # wrong fields that are named; a table may have millions
_LOAN: TypeAdapter[Loan] = TypeAdapter(Loan)
_ADVICE: TypeAdapter[AdviceQuestion] = TypeAdapter(AdviceQuestion)
_RATE: TypeAdapter[RateQuestion] = TypeAdapter(RateQuestion)
Asked = TypeVar("Asked")


class BadQuestion(Exception):  # noqa: N818 - it is said to whoever wrote the file
    """The file does not say what to quote. `reasons` are sentences: the place, what is wrong, what stands there."""

    def __init__(self, reasons: list[str]) -> None:
        more = [f"and {len(reasons) - _TOLD:,} more"] if len(reasons) > _TOLD else []
        self.reasons = reasons[:_TOLD] + more
        super().__init__("; ".join(self.reasons))


def loan(file: Path) -> Loan:
    """The loan that a JSON file describes. Raises BadQuestion with every field that is wrong, or OSError."""
    return _read(file, _LOAN)


def rate_question(file: Path) -> RateQuestion:
    """The payments whose rate a JSON file asks for. Raises BadQuestion with every field that is wrong, or OSError."""
    return _read(file, _RATE)


def advice_question(file: Path) -> AdviceQuestion:
    """The debts that a JSON file asks advice on. Raises BadQuestion with every field that is wrong, or OSError."""
    return _read(file, _ADVICE)


def loan_cases(file: Path) -> list[LoanCase]:
    """The loans of a table, in its order; further columns are passed over.

    Raises BadQuestion with every field that is wrong, by its line, or OSError.
    """
    cases: list[LoanCase] = []
    bad: list[str] = []
    for line, row in _rows(file):
        try:
            cases.append(LoanCase.model_validate_strings(row))
        except ValidationError as wrong:
            bad.extend(f"line {line}: {reason}" for reason in reasons(wrong))
    if bad:
        raise BadQuestion(bad)
    return cases


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row of a table by its line, with the columns that are asked for."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        table = csv.reader(opened, strict=True)
        try:
            header = next(table, [])
            missing = [name for name in COLUMNS if header.count(name) != 1]
            if missing:
                raise BadQuestion([f"line 1: column {missing[0]} is needed once; the columns are {','.join(COLUMNS)}"])
            for cells in table:
                if len(cells) not in {0, len(header)}:
                    raise BadQuestion([f"line {table.line_num}: {len(cells)} cells under {len(header)} columns"])
                if cells:
                    row = dict(zip(header, cells, strict=True))
                    yield table.line_num, {name: row[name] for name in COLUMNS}
        except csv.Error as wrong:
            raise BadQuestion([f"line {table.line_num}: this is not a table: {wrong}"]) from None
        except UnicodeDecodeError as wrong:
            raise BadQuestion([f"after line {table.line_num}: this is not UTF-8: {wrong.reason}"]) from None


def _read(file: Path, kind: TypeAdapter[Asked]) -> Asked:
    said = read_document(file)
    try:
        return kind.validate_json(json.dumps(said))
    except ValidationError as wrong:
        raise BadQuestion(reasons(wrong, [said.get("method")])) from None


def read_document(file: Path) -> dict[str, Any]:
    """The object that a JSON file holds. Raises BadQuestion where it holds none, or OSError."""
    with file.open("rb") as opened:
        data = opened.read(SIZE_MAX + 1)
    try:
        # Digits are kept as they are written: what is read as a binary fraction is another number.
        return document(data, "the question", number=str)
    except BadScenario as bad:
        raise BadQuestion([str(bad)]) from None


def reasons(wrong: ValidationError, tags: Collection[object] = ()) -> list[str]:
    """A sentence for each wrong field. A place in one of several models begins with that model's tag, which says nothing."""
    return [_reason(error, tags) for error in wrong.errors(include_url=False)]


def _reason(error: Any, tags: Collection[object]) -> str:
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return "method: it should be 'effective', 'us_actuarial' or 'irr'"
    place = error["loc"][1:] if error["loc"] and error["loc"][0] in tags else error["loc"]
    why = str(error["msg"]).removeprefix("Value error, ")
    why = why[:1].lower() + why[1:]
    if not place:
        return why
    given = "" if error["type"] == "missing" else f" (given: {quoted(error['input'])})"
    return f"{'.'.join(map(str, place))}: {why}{given}"
