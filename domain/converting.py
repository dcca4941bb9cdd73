"""Paying in instalments: a part of a statement becomes a plan."""

from collections.abc import Iterator
from datetime import date

from domain import charges
from domain.account import Account
from domain.checks import WHY_NOT_OPEN, check_offered
from domain.commands import ConvertToPlan
from domain.events import (
    AccountEvent,
    AccountStandingChanged,
    PlanCreated,
    PlanPart,
)
from domain.lifecycle import move_standing
from domain.plans import instalments
from domain.refusals import Refused
from domain.schedules import fee_plan

Facts = Iterator[AccountEvent]


def convert_to_plan(command: ConvertToPlan, account: Account, today: date) -> Facts:
    """Billed principal of the latest statement, the oldest first, is paid in months instead, for a fee."""
    _check_convertible(command, account, today)
    ledger, amount = account.ledger, command.amount_fen
    fee_rate = ledger.terms.plan_fee[command.months]
    schedule = fee_plan(amount, command.months, fee_rate)
    yield PlanCreated(
        plan_id=command.plan_id,
        kind="conversion",
        statement_no=ledger.statement_no,
        amount_fen=amount,
        fee_rate=fee_rate,
        fee_total_fen=sum(share.fee for share in schedule),
        schedule=instalments(schedule),
        parts=tuple(PlanPart(purchase_id=name, amount_fen=fen) for name, fen in ledger.oldest_billed(amount).items()),
        minimum_lowered_fen=charges.minimum_lowered(ledger, amount),
    )
    if not ledger.billed:
        standing = move_standing("convert_away", account.standing)
        if standing is not None:
            yield AccountStandingChanged(move="convert_away", standing=standing)


def _check_convertible(command: ConvertToPlan, account: Account, today: date) -> None:
    """The first refusal that stands against it: of the account, of the statement, of what is asked for."""
    check_offered(command, account, "pay_later")
    ledger = account.ledger
    if account.access != "open":
        raise Refused(WHY_NOT_OPEN[account.access], access=account.access, reasons=list(account.reasons))
    if account.standing == "overdue":
        raise Refused("overdue", dpd=ledger.dpd, arrears=ledger.arrears)
    if not ledger.billed:
        raise Refused("nothing_billed", standing=account.standing)
    if command.statement_no not in (None, ledger.statement_no):
        raise Refused(
            "statement_not_latest", field="statement_no", asked=command.statement_no, latest=ledger.statement_no
        )
    due = ledger.untested_due
    if due is None or today > due:
        printed = account.issued[-1].due_date if account.issued else None
        raise Refused("conversion_too_late", asked=today, due_date=due or printed)
    offered = sorted(ledger.terms.plan_fee)
    if command.months not in offered:
        raise Refused("months_not_offered", field="months", asked=command.months, offered=offered)
    # Every instalment has something to pay.
    if command.amount_fen < command.months:
        raise Refused("amount_invalid", field="amount_fen", asked=command.amount_fen, lowest=command.months)
    if command.amount_fen > ledger.convertible:
        raise Refused(
            "conversion_exceeds_billed", field="amount_fen", asked=command.amount_fen, convertible=ledger.convertible
        )
