"""Why so much is demanded, what is still to pay of it, and since when it is late."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from domain.calendar import days_between
from domain.events import (
    AccountBilled,
    AccountChargedOff,
    AccountMigrated,
    CarriedForward,
    MoneyEvent,
    PlanBroken,
    PlanCreated,
    UnpaidMinimum,
)
from domain.money import PRINCIPAL_BUCKETS, ceiling, yuan
from projections.explaining.book import Book
from projections.explaining.pieces import Demand, Purchase
from projections.explaining.reading import History, book_before, book_on
from projections.explaining.steps import Answer, Step, Told, step

STATEMENT = "4.2 Statement and minimum"
PLAN = "4.5 Instalment plans"
DELINQUENCY = "6 Delinquency"
E = TypeVar("E")


def minimum(told: History, day: date) -> Answer:
    """What the latest statement demanded, as it was printed."""
    found = latest(told, AccountBilled)
    if found is None:
        migrated = book_on(told, day).migrated
        since = f"since the account was taken over on {migrated.event.business_date}" if migrated else "yet"
        rule = f"No statement was issued {since}."
        return Answer([step(rule, STATEMENT, "0.00", 0, events=[migrated])])
    billed, event = found
    return Answer(_printed(book_before(told, billed), billed), event.minimum_fen)


def _printed(book: Book, billed: Told) -> list[Step]:
    """The rulebook's five lines, in its order, on the book as it stood before the statement."""
    terms, amounts = book.terms, book.amounts
    interest, fees = amounts["interest_unbilled"], amounts["fees_unbilled"]
    instalments = [each for each in book.unpaid("principal_unbilled") if each.instalment]
    forward, charges, due = book.demanded, interest + fees, sum(each.unpaid for each in instalments)
    balance = book.payable
    unpaid = [each for bucket in PRINCIPAL_BUCKETS for each in book.unpaid(bucket)]
    rest = max(0, balance - forward - charges - due)
    share = ceiling(terms.minimum_ratio, rest)
    wanted = forward + charges + due + share
    demanded = min(balance, max(terms.minimum_floor, wanted))
    open_demands = [each for each in book.demands if each.left]
    new = [each.unpaid for each in instalments]
    behind_charges = [*book.behind["fees_billed"], *book.behind["interest_billed"], *book.new_charges]
    return [
        step(
            "The balance is everything that was billed before and is unpaid, and everything new.",
            STATEMENT,
            _sum(yuan(fen) for bucket, fen in amounts.items() if fen and bucket.endswith("billed")),
            balance,
            events=[*behind_charges, *(each.told for each in unpaid)],
        ),
        step(
            "What earlier statements demanded and is still unpaid is brought forward.",
            STATEMENT,
            _sum(yuan(each.left) for each in open_demands),
            forward,
            events=[each.told for each in open_demands],
        ),
        step(
            "New interest and new fees are demanded in full.",
            STATEMENT,
            f"{yuan(interest)} + {yuan(fees)}",
            charges,
            events=book.new_charges,
            interest_fen=interest,
            fees_fen=fees,
        ),
        *(_in_full(each) for each in instalments),
        step(
            "The rest is what of the balance was neither demanded before nor is demanded in full.",
            STATEMENT,
            " - ".join(yuan(each) for each in (balance, forward, charges, *new)),
            rest,
            events=[each.told for each in unpaid if not each.instalment],
        ),
        step(
            "Of the rest a share is demanded, rounded up to a whole fen.",
            STATEMENT,
            f"{terms.minimum_ratio} x {yuan(rest)}, rounded up",
            share,
            minimum_ratio=str(terms.minimum_ratio),
        ),
        step(
            "The minimum is all of these together, at least the floor, and never more than the balance.",
            STATEMENT,
            f"{_sum(yuan(each) for each in (forward, charges, *new, share))}, "
            f"at least {yuan(terms.minimum_floor)} and at most {yuan(balance)}",
            demanded,
            events=[billed],
            minimum_floor=terms.minimum_floor,
            balance_fen=balance,
        ),
    ]


def _in_full(instalment: Purchase) -> Step:
    return step(
        "An instalment that became payable is demanded in full; its interest and its fee are among the new ones.",
        PLAN,
        yuan(instalment.unpaid),
        instalment.unpaid,
        events=[instalment.told, *(told for _, _, told in instalment.moves)],
    )


def minimum_due(told: History, day: date) -> Answer:
    """What statements still demand: each one's own minimum less what was paid of it."""
    book = book_on(told, day)
    demands = book.missed() if book.lost else [each for each in book.demands if each.left or each is book.demands[-1]]
    steps = [_own(book, each) for each in demands]
    total = step(
        "What is still to pay is what is left of each of them.",
        STATEMENT,
        _sum(yuan(each.left) for each in demands if each.left),
        book.demanded,
    )
    # The last event could not know yet that a test after it would forgive what is within tolerance.
    found = latest(told, MoneyEvent)
    last = found[1].business_date if found else day
    forgiven = [each for each in _carried(told) if each.amount_fen <= book.terms.tolerance and _tested(book, each)]
    recorded = [
        each for each in _carried(told) if book.lost or each not in forgiven or book.test_date(each.due_date) <= last
    ]
    return Answer([*steps, total], sum(each.amount_fen for each in recorded))


def _own(book: Book, demand: Demand) -> Step:
    """What is left of one statement's own minimum, and what lowered it."""
    event = demand.told.event
    first = f"{yuan(demand.demanded)}"
    rule = (
        f"Statement {demand.statement_no} demanded its minimum less what was brought forward; whatever pays what was "
        "billed lowers it, the oldest first."
    )
    if isinstance(event, AccountBilled):
        forward = event.minimum_fen - event.own_minimum_fen
        first = f"{yuan(event.minimum_fen)} - {yuan(forward)}" if forward else first
    if isinstance(event, CarriedForward):
        what = "takeover" if isinstance(event, AccountMigrated) else "correction"
        rule = (
            f"Of statement {demand.statement_no} the {what} of {event.business_date} left {first} to pay; "
            "whatever pays what was billed lowers it, the oldest first."
        )
    elif isinstance(event, PlanBroken):
        rest = event.principal_fen + event.interest_fen + event.fees_fen
        first = f"{yuan(demand.demanded - rest)} + {yuan(rest)}"
        rule = (
            f"The agreement was broken on {event.business_date}: with what was missed of statement {demand.statement_no} all "
            f"that was left of it is due, since {demand.due} as if there had been no agreement."
        )
    elif isinstance(event, AccountChargedOff):
        rule = f"The debt was charged off on {event.business_date}: all that is owed is due, and it stays owed."
    if any(isinstance(each.told.event, PlanCreated) for each in demand.lowered):
        rule += " What is paid in instalments instead is demanded with those."
    met = [each for each in demand.lowered if each.met]
    if met:
        rule += f" What was left at its due test was within the tolerance of {yuan(book.terms.tolerance)}: it is met."
    return step(
        rule,
        STATEMENT,
        "".join([first, *(f" - {yuan(each.amount)}" for each in demand.lowered)]),
        demand.left,
        events=[demand.told, *(each.told for each in demand.lowered)],
        statement_no=demand.statement_no,
        due_date=demand.due.isoformat(),
        own_minimum_fen=demand.demanded,
    )


def arrears(told: History, day: date) -> Answer:
    """What was demanded and missed."""
    book = book_on(told, day)
    missed = book.missed()
    if not missed:
        return Answer([_nothing_missed(book, "0.00")], 0)
    total = step(
        "The arrears are what is left of the minima that were missed.",
        DELINQUENCY,
        _sum(yuan(each.left) for each in missed),
        sum(each.left for each in missed),
    )
    steps = [part for each in missed for part in (_own(book, each), _late(book, each))]
    recorded = sum(each.amount_fen for each in _recorded_missed(book, told))
    return Answer([*steps, total], recorded)


def dpd(told: History, day: date) -> Answer:
    """How many days late the oldest missed minimum is."""
    book = book_on(told, day)
    recorded = max([0, *(days_between(each.due_date, book.day) for each in _recorded_missed(book, told))])
    missed = book.missed()
    if not missed:
        return Answer([_nothing_missed(book, "0", days=True)], recorded)
    oldest = missed[0]
    return Answer([_own(book, oldest), _late(book, oldest)], recorded)


def _late(book: Book, demand: Demand) -> Step:
    grace, tolerance = book.terms.grace_days, book.terms.tolerance
    resumed = None
    if book.lost is not None:
        resumed = (
            "Of charged-off debt the days past due go on from the due date that was missed, until all of it is repaid."
        )
    elif isinstance(demand.told.event, PlanBroken):
        resumed = (
            f"An instalment of the agreement was missed on {demand.told.event.business_date}: days past due count from what "
            "was due before it was made, as if they had never been suspended."
        )
    if resumed is not None:
        return step(
            resumed,
            DELINQUENCY,
            f"from {demand.due} to {book.day}",
            book.days_late(demand),
            unit="days",
            events=[demand.told],
            due_date=demand.due.isoformat(),
            unpaid_fen=demand.left,
            as_of=book.day.isoformat(),
        )
    days_of_grace = f", and {grace} days of grace later" if grace else ""
    above = f", by more than {yuan(tolerance)}" if tolerance else ""
    return step(
        f"A minimum is on time until the end of its due date{days_of_grace}. Statement {demand.statement_no}'s was still "
        f"unpaid{above} the day after, on {book.test_date(demand.due)}: days past due count from the due date.",
        DELINQUENCY,
        f"from {demand.due} to {book.day}",
        book.days_late(demand),
        unit="days",
        events=[demand.told],
        due_date=demand.due.isoformat(),
        grace_days=grace,
        tested_on=book.test_date(demand.due).isoformat(),
        tolerance=tolerance,
        unpaid_fen=demand.left,
        as_of=book.day.isoformat(),
    )


def _nothing_missed(book: Book, arithmetic: str, *, days: bool = False) -> Step:
    waiting = [each for each in book.demands if each.left]
    rule = "Nothing that was demanded is missed."
    if waiting:
        rule += f" {yuan(waiting[0].left)} is to pay by {waiting[0].due}."
    return step(
        rule,
        DELINQUENCY,
        arithmetic,
        0,
        unit="days" if days else "fen",
        events=[each.told for each in waiting],
        grace_days=book.terms.grace_days,
        tolerance=book.terms.tolerance,
    )


def latest(told: History, kind: type[E]) -> tuple[Told, E] | None:
    """The last event of a kind."""
    return next(((each, each.event) for each in reversed(told) if isinstance(each.event, kind)), None)


def _carried(told: History) -> Sequence[UnpaidMinimum]:
    """The unpaid minima as the last event that moved money carries them."""
    found = latest(told, MoneyEvent)
    return found[1].unpaid_minima_after if found else ()


def _recorded_missed(book: Book, told: History) -> list[UnpaidMinimum]:
    above = [each for each in _carried(told) if each.amount_fen > book.terms.tolerance or book.lost]
    return [each for each in above if _tested(book, each) or book.lost]


def _tested(book: Book, each: UnpaidMinimum) -> bool:
    return book.test_date(each.due_date) <= book.day


def _sum(amounts: Iterable[str]) -> str:
    return " + ".join(amounts) or "0.00"
