"""How the rows of each view lie in PostgreSQL: columns, and the way in and out. One description a view."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from domain.codec import decode
from domain.events import Owed, UnpaidMinimum
from domain.money import BUCKETS
from domain.recorded import Recorded
from projections import audit, balance, books, credit_report
from projections.audit import AuditRow
from projections.balance import BalanceRow
from projections.books import BooksRow, Difference
from projections.chart import LEDGER_ACCOUNTS
from projections.folding import Row, View
from projections.payments import Paid
from projections.report_row import Corrected, Denied, ReportMonth, ReportRow, Turn

R = TypeVar("R", bound=Row)
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Additions(Generic[R]):
    """A second table: what a row has gathered since it was loaded is added to it.

    With a `key`, what is there already under the same values of those columns is replaced; without one the table only
    grows. Where the key is an account, one of its loans and a month, what is before the months that a row says that it is
    `kept_from`, by loan, is let go.
    """

    table: str
    columns: tuple[str, ...]
    values: Callable[[R], Iterator[Values]]
    key: tuple[str, ...] = ()
    kept_from: Callable[[R], Iterable[tuple[str, date]]] | None = None


@dataclass(frozen=True)
class Layout(Generic[R]):
    """One view in PostgreSQL: a table of one row an account, keyed by its first column, and what is added beside it.

    `name` is also the table's, without its generation: see `of_generation`. `load` and `values` keep the order of
    `columns`.
    """

    name: str
    view: View[R]
    columns: tuple[str, ...]
    load: Callable[[Values], R]
    values: Callable[[R], Values]
    additions: Additions[R] | None = None


def of_generation(table: str, generation: int) -> str:
    """The name of a view's table in one of its generations."""
    return f"{table}_g{generation}"


# Which generation of a view is read.
SERVING = "SELECT generation FROM view_generations WHERE view = %s AND state = 'serving'"


def _load_minima(stored: list[dict[str, Any]]) -> tuple[UnpaidMinimum, ...]:
    return tuple(
        UnpaidMinimum(
            statement_no=each["statement_no"],
            due_date=date.fromisoformat(each["due_date"]),
            amount_fen=each["amount_fen"],
        )
        for each in stored
    )


def _minima_text(minima: Sequence[UnpaidMinimum]) -> str:
    return "[" + ",".join([each.model_dump_json() for each in minima]) + "]"


def _array(members: Iterable[object]) -> str:
    # Members are dates and closed words, so nothing needs quoting.
    return "{" + ",".join(map(str, members)) + "}"


_OPENING = (
    "account_id", "version", "customer_id", "product", "currency", "zone", "terms_version", "grace_days",
    "tolerance_fen", "opened_on", "business_date", "activated_on", "closed_on", "close_kind", "limit_fen",
)  # fmt: skip
_AFTER_BUCKETS = (
    "minimum_due_fen", "unpaid_minima", "statement_no", "statement_on", "statement_balance_fen",
    "statement_minimum_fen", "statement_due_date", "payments", "access", "standing", "status",
    "freeze_reasons", "next_event_on", "held_fen",
)  # fmt: skip


def _load_balance(values: Values) -> BalanceRow:
    row = BalanceRow(*values[:15])
    row.owed = Owed(**dict(zip(BUCKETS, values[15:26], strict=True)))
    row.minimum_due_fen = values[26]
    row.unpaid_minima = _load_minima(values[27])
    row.statement_no, row.statement_on, row.statement_balance_fen, row.statement_minimum_fen = values[28:32]
    row.statement_due_date, row.payments = values[32], _TUPLES["payments"].validate_python(values[33])
    row.access, row.standing, row.status = values[34:37]
    row.freeze_reasons = tuple(values[37])
    row.next_event_on, row.held_fen = values[38:40]
    return row


def _balance_values(row: BalanceRow) -> Values:
    owed = row.owed
    return (
        row.account_id, row.version, row.customer_id, row.product, row.currency, row.zone, row.terms_version,
        row.grace_days, row.tolerance_fen, row.opened_on, row.business_date, row.activated_on, row.closed_on,
        row.close_kind, row.limit_fen,
        owed.principal_billed, owed.principal_unbilled, owed.principal_planned, owed.principal_disputed,
        owed.interest_billed, owed.interest_unbilled, owed.interest_planned,
        owed.fees_billed, owed.fees_unbilled, owed.fees_planned, owed.credit,
        row.minimum_due_fen, _minima_text(row.unpaid_minima), row.statement_no, row.statement_on,
        row.statement_balance_fen, row.statement_minimum_fen, row.statement_due_date, _tuples(row.payments), row.access,
        row.standing, row.status, _array(row.freeze_reasons), row.next_event_on, row.held_fen,
    )  # fmt: skip


_REPORT = (
    "account_id", "version", "product", "currency", "zone", "grace_days", "tolerance_fen", "opened_on",
    "business_date", "activated_on", "standing", "owed_fen", "unpaid_minima", "due_dates", "missed_on",
    "billed_on", "morning_dpd", "paid_off_on", "paid_off_dpd", "payments", "turns", "disputes", "corrections",
    "history", "grades", "open_month", "loans",
)  # fmt: skip
_TUPLES: dict[str, TypeAdapter[Any]] = {
    "payments": TypeAdapter(tuple[Paid, ...]),
    "turns": TypeAdapter(tuple[Turn, ...]),
    "disputes": TypeAdapter(tuple[Denied, ...]),
    "corrections": TypeAdapter(tuple[Corrected, ...]),
}


_LOANS = TypeAdapter(dict[str, ReportRow])


def _load_report(values: Values) -> ReportRow:
    *values, loans = values  # type: ignore[assignment] # a list does as well
    row = ReportRow(*values)
    row.loans = _LOANS.validate_json(loans)
    row.unpaid_minima = _load_minima(values[12])
    row.due_dates = tuple(values[13])
    for at, (name, kind) in enumerate(_TUPLES.items(), start=19):
        setattr(row, name, kind.validate_python(values[at]) if values[at] else ())
    return row


def _report_values(row: ReportRow) -> Values:
    return (
        row.account_id, row.version, row.product, row.currency, row.zone, row.grace_days, row.tolerance_fen,
        row.opened_on, row.business_date, row.activated_on, row.standing, row.owed_fen,
        _minima_text(row.unpaid_minima), _array(row.due_dates), row.missed_on, row.billed_on, row.morning_dpd,
        row.paid_off_on, row.paid_off_dpd, _tuples(row.payments), _tuples(row.turns), _tuples(row.disputes),
        _tuples(row.corrections), row.history, row.grades, row.open_month,
        # Their months lie in a table of their own, and a loan has no loans.
        _LOANS.dump_json(row.loans, exclude={"__all__": {"months", "loans"}}).decode() if row.loans else "{}",
    )  # fmt: skip


def _tuples(many: Sequence[tuple[Any, ...]]) -> str:
    """As JSON, by position: names would be most of it."""
    return json.dumps(many, default=str, separators=(",", ":")) if many else "[]"


MONTHS: Additions[ReportRow] = Additions(
    table="credit_report_months",
    columns=(
        "account_id", "month", "code", "days_past_due", "past_due_fen", "missed_minima", "balance_fen",
        "oldest_missed_due", "last_payment_on", "last_payment_fen", "account_status", "payment_rating",
        "thirty_days_late_fen", "first_delinquency", "plan_id",
    ),
    values=lambda row: (
        (
            m.account_id, m.month, m.code, m.days_past_due, m.past_due_fen, m.missed_minima, m.balance_fen,
            m.oldest_missed_due, m.last_payment_on, m.last_payment_fen, m.status, m.rating, m.thirty_days_late_fen,
            m.first_delinquency, m.plan_id,
        )
        for each in (row, *row.loans.values())
        for m in each.months
    ),
    key=("account_id", "plan_id", "month"),
    kept_from=lambda row: (
        (each.plan_id, first) for each in (row, *row.loans.values()) if (first := each.kept_from()) is not None
    ),
)  # fmt: skip


def load_month(values: Values) -> ReportMonth:
    """A closed month from the columns of `MONTHS`."""
    return ReportMonth(*values)


EVENTS: Additions[AuditRow] = Additions(
    table="audit_events",
    columns=(
        "account_id", "version", "position", "recorded_at", "business_date", "command_id", "command_index",
        "command_hash", "correlation_id", "causation_id", "traceparent", "actor", "type", "type_version", "data",
        "chain_hash",
    ),
    values=lambda row: (
        (
            e.account_id, e.version, e.position, e.recorded_at, e.event.business_date, e.command_id,
            e.command_index, e.command_hash, e.correlation_id, e.causation_id, e.traceparent, e.actor, e.type,
            e.type_version, e.data, e.chain_hash,
        )
        for e in row.arrived
    ),
)  # fmt: skip


def load_event(values: Values) -> Recorded:
    """An audited event from the columns of `EVENTS`. Raises domain.codec.Unreadable for bytes of a newer program."""
    account_id, version, position, recorded_at, _business_date, *middle, type_, type_version, data, chain = values
    command_id, command_index, command_hash, correlation_id, causation_id, traceparent, actor = middle
    return Recorded(
        aggregate_id=account_id,
        version=version,
        position=position,
        recorded_at=recorded_at,
        command_id=command_id,
        command_index=command_index,
        command_hash=command_hash,
        correlation_id=correlation_id,
        causation_id=causation_id,
        traceparent=traceparent,
        actor=actor,
        type=type_,
        type_version=type_version,
        data=data,
        chain_hash=chain,
        event=decode(type_, type_version, data),
    )


_DIFFERENCE = ("differs_in_version", "differs_on", "differs_in_bucket", "differs_posted_fen", "differs_said_fen")
_NO_DIFFERENCE: Values = (None,) * len(_DIFFERENCE)


def _load_books(values: Values) -> BooksRow:
    row = BooksRow(*values[:4])
    row.posted = dict(zip(BUCKETS, values[4:15], strict=True))
    row.today = values[15]
    row.difference = None if values[16] is None else Difference(*values[16:])
    return row


def _books_values(row: BooksRow) -> Values:
    difference = row.difference or _NO_DIFFERENCE
    head = (row.account_id, row.version, row.currency, row.business_date)
    return (*head, *row.posted.values(), json.dumps(row.today), *difference)


DAYS: Additions[BooksRow] = Additions(
    table="books_days",
    columns=("account_id", "business_date", *LEDGER_ACCOUNTS),
    values=lambda row: (
        (row.account_id, day, *(posted.get(account) for account in LEDGER_ACCOUNTS)) for day, posted in row.days.items()
    ),
    key=("account_id", "business_date"),
)
BALANCE: Layout[BalanceRow] = Layout(
    name="balance",
    view=balance,
    columns=(*_OPENING, *BUCKETS, *_AFTER_BUCKETS),
    load=_load_balance,
    values=_balance_values,
)
CREDIT_REPORT: Layout[ReportRow] = Layout(
    name="credit_report",
    view=credit_report,
    columns=_REPORT,
    load=_load_report,
    values=_report_values,
    additions=MONTHS,
)
AUDIT: Layout[AuditRow] = Layout(
    name="audit",
    view=audit,
    columns=("account_id", "version", "chain_hash", "opened_on", "business_date"),
    load=lambda values: AuditRow(*values),
    values=lambda row: (row.account_id, row.version, row.chain_hash, row.opened_on, row.business_date),
    additions=EVENTS,
)
BOOKS: Layout[BooksRow] = Layout(
    name="books",
    view=books,
    columns=("account_id", "version", "currency", "business_date", *BUCKETS, "today", *_DIFFERENCE),
    load=_load_books,
    values=_books_values,
    additions=DAYS,
)
VIEWS: tuple[Layout[Any], ...] = (BALANCE, CREDIT_REPORT, AUDIT, BOOKS)
