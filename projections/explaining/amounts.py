"""What is owed, amount by amount with the purchases behind it, what is reserved, and what may still be spent."""

from datetime import date

from domain.events import MoneyEvent
from domain.money import OWED_BUCKETS, PRINCIPAL_BUCKETS, Bucket, yuan
from projections.explaining.book import Book
from projections.explaining.minima import latest
from projections.explaining.pieces import Hold
from projections.explaining.reading import History, book_on
from projections.explaining.steps import Answer, Step, step

OWED = "1 Glossary: buckets"
HOLD = "9 Purchase decision"
_MEANS: dict[Bucket, str] = {
    "principal_billed": "Purchases that a statement has billed and that are unpaid.",
    "principal_unbilled": "Purchases that the next statement will bill.",
    "principal_planned": "Instalments that are not billed yet.",
    "principal_disputed": "Purchases that are disputed: they are not demanded while they are.",
    "interest_billed": "Interest that a statement has billed and that is unpaid.",
    "interest_unbilled": "Interest that the next statement will bill.",
    "interest_planned": "Interest carried in a plan, not billed yet.",
    "fees_billed": "Fees that a statement has billed and that are unpaid.",
    "fees_unbilled": "Fees that the next statement will bill.",
    "fees_planned": "Fees carried in a plan, not billed yet.",
}


def owed(told: History, day: date) -> Answer:
    """All that is owed, amount by amount."""
    book = book_on(told, day)
    steps = [_amount(book, bucket) for bucket in OWED_BUCKETS if book.amounts[bucket]]
    total = step(
        "What is owed is all of these together. Interest that runs up between statements is owed when it is posted.",
        OWED,
        " + ".join(yuan(each.result) for each in steps) or "0.00",
        book.owed,
    )
    recorded = latest(told, MoneyEvent)
    return Answer([*steps, total], recorded[1].owed_after.total if recorded else 0)


def _amount(book: Book, bucket: Bucket) -> Step:
    """One amount: the purchases that are unpaid of it, or what charged and paid it."""
    fen, unpaid = (
        book.amounts[bucket],
        {name: each for name, each in book.purchases.items() if each.unpaid and each.bucket == bucket},
    )
    if bucket == "principal_planned":
        plans = " + ".join(f"{yuan(plan.left)} of {name}" for name, plan in book.plans.items() if plan.left)
        return step(_MEANS[bucket], OWED, plans, fen, events=book.behind[bucket], bucket=bucket)
    if bucket not in PRINCIPAL_BUCKETS or not unpaid:
        return step(_MEANS[bucket], OWED, yuan(fen), fen, events=book.behind[bucket], bucket=bucket)
    return step(
        _MEANS[bucket],
        OWED,
        " + ".join(f"{yuan(each.unpaid)} of {_called(name)}" for name, each in unpaid.items()),
        fen,
        events=[moved for each in unpaid.values() for moved in (each.told, *(told for _, _, told in each.moves))],
        bucket=bucket,
    )


def _called(name: str) -> str:
    """A purchase by its id; an instalment by its number and its plan."""
    if not name.startswith("plan/"):
        return name
    _, plan, part, *_ = name.split("/")
    return f"the rest of {plan}" if part == "rest" else f"instalment {part} of {plan}"


def held(told: History, day: date) -> Answer:
    """Limit that is reserved for purchases that are not posted yet, hold by hold."""
    return Answer(_held(book_on(told, day)))


def _held(book: Book) -> list[Step]:
    if not book.holds:
        rule = "No limit is reserved: no hold was placed, or each was captured or given back, or its days are over."
        return [step(rule, HOLD, "0.00", 0, events=book.released)]
    open_ones = [_hold(name, each) for name, each in book.holds.items()]
    together = " + ".join(yuan(each.result) for each in open_ones)
    return [
        *open_ones,
        step("Reserved is what is left of all holds. It is no debt.", HOLD, together, book.held, events=book.released),
    ]


def _hold(name: str, each: Hold) -> Step:
    return step(
        f"Limit is reserved for a purchase from the day it is authorised to the end of {each.expires_on}; what is "
        "captured of it becomes debt, and what is given back is free again.",
        HOLD,
        "".join([yuan(each.amount), *(f" - {yuan(amount)}" for amount, _ in each.taken)]),
        each.left,
        events=[each.told, *(told for _, told in each.taken)],
        hold_id=name,
        placed_on=each.told.event.business_date.isoformat(),
        expires_on=each.expires_on.isoformat(),
    )


def available(told: History, day: date) -> Answer:
    """The limit less what is owed and reserved, plus credit."""
    book = book_on(told, day)
    credit = book.amounts["credit"]
    steps = [
        step(
            "The limit is what was last agreed, and nothing before activation, while closing or once closed.",
            OWED,
            yuan(book.limit),
            book.limit,
            events=[book.limit_told],
        ),
        *owed(told, day).steps,
    ]
    if book.holds:
        steps += _held(book)
    if credit:
        steps.append(
            step("Credit is money that we owe the customer.", OWED, yuan(credit), credit, events=book.behind["credit"])
        )
    steps.append(
        step(
            "Available is the limit less what is owed and what is reserved, plus credit; below nothing when that is more "
            "than the limit.",
            OWED,
            f"{yuan(book.limit)} - {yuan(book.owed)} - {yuan(book.held)} + {yuan(credit)}",
            book.limit - book.owed - book.held + credit,
        )
    )
    recorded = latest(told, MoneyEvent)
    after = recorded[1].owed_after if recorded else None
    return Answer(steps, book.limit - book.held - (after.total - after.credit if after else 0))
