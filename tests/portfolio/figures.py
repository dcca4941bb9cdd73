"""What is compared: every figure of an account's money, as the people's own ledger has it and as the domain does."""

from datetime import date

from domain.account import Account
from domain.events import Instalment
from infra.portfolio.ledger import Book


def of_book(book: Book, day: date) -> dict[str, object]:
    """The figures of the people's ledger on the morning of `day`, which must not be before its own."""
    book.reach(day)
    money = book.money
    return {
        "principal": money.principal,
        "disputed": money.disputed,
        "lost since": money.lost_since,
        "billed": money.billed_charges,
        "new": money.new_charges,
        "credit": money.credit,
        "minimum": money.minimum,
        "days late": money.days_late,
        "accrued": money.accrued,
        "interest": money.interest,
        "late fees": money.late_fees,
        "plan fees": money.plan_fees,
        "plan interest": money.plan_interest,
        "early fees": money.early_fees,
        "agreement": tuple(money.anew) if money.anew else None,
        "untested": tuple(money.untested),
        "plans": {
            plan_id: [tuple(each) for each in plan.instalments if any(each[:5])]
            for plan_id, plan in money.plans.items()
        },
        "waived": money.waived,
        "principal days": money.principal_days,
        "held": book.line.held,
        "available": book.available,
        "access": book.line.access,
    }


def _falls_due(each: Instalment) -> tuple[int | date | None, ...]:
    carried = each.carried_interest_fen, each.carried_fees_fen
    return (each.principal_fen, each.fee_fen, each.interest_fen, *carried, each.due_date)


def of_domain(account: Account, day: date) -> dict[str, object]:
    """The same figures of the domain's ledger; nothing but the passing of time may lie between."""
    ledger = account.ledger.fork()
    ledger.pass_time(day)
    owed = ledger.buckets
    return {
        "principal": ledger.principal,
        "disputed": ledger.disputed,
        "lost since": ledger.charged_off_due,
        "billed": {"fees": owed["fees_billed"], "interest": owed["interest_billed"]},
        "new": {"fees": owed["fees_unbilled"], "interest": owed["interest_unbilled"]},
        "credit": ledger.credit,
        "minimum": ledger.minimum_due,
        "days late": ledger.dpd,
        "accrued": ledger.accrued,
        "interest": ledger.interest_posted,
        "late fees": ledger.charges_posted
        - ledger.interest_posted
        - ledger.plan_interest_posted
        - ledger.plan_fees_posted,
        "plan fees": ledger.plan_fees_posted,
        "plan interest": ledger.plan_interest_posted,
        "early fees": ledger.settlement_fees_posted,
        "agreement": (ledger.agreement.plan_id, ledger.agreement.original_due_date) if ledger.agreement else None,
        "untested": ledger.untested,
        "plans": {
            plan_id: [each for each in map(_falls_due, plan.instalments) if any(each[:5])]
            for plan_id, plan in ledger.plans.items()
        },
        "waived": ledger.waived,
        "principal days": ledger.principal_fen_days,
        "held": account.held,
        "available": account.available,
        "access": "open" if account.access == "frozen" else account.access,
    }
