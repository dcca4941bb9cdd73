"""Why a late fee, and why something was given up: each posting on the book as it stood before it."""

from datetime import date

from domain.events import DebtWaived, LateFeePosted, Restated
from domain.money import half_up, yuan
from projections.explaining.book import Book
from projections.explaining.corrected import corrected, none_yet
from projections.explaining.minima import latest
from projections.explaining.pieces import Died
from projections.explaining.reading import History, book_before, book_on
from projections.explaining.run_up import DEATH
from projections.explaining.steps import Answer, Step, Told, step
from projections.explaining.stretches import added, days

LATE_FEE = "4.3 Due test and late fee"
CAP = "4.4 All-in cap"
WAIVER = "10 Waived debt"


def late_fee(told: History, day: date) -> Answer:
    """The last late fee, and what corrections changed since."""
    died, found = book_on(told, day).died, latest(told, LateFeePosted)
    if found is None:
        answer = corrected(told, none_yet(told, "No late fee was charged", LATE_FEE), None, _late_fee_delta)
    else:
        posting, event = found
        steps = _fee(book_before(told, posting), posting, event.statement_no)
        later = corrected(told, steps[-1], posting, _late_fee_delta)
        answer = Answer([*steps[:-1], *later.steps], event.amount_fen + (later.recorded or 0))
    return answer._replace(steps=[_no_fee_after_death(died), *answer.steps]) if died else answer


def _late_fee_delta(event: Restated) -> int:
    """What a correction changed of late fees; it counts fees of plans among them."""
    return event.late_fee_delta_fen - event.plan_fee_delta_fen


def _no_fee_after_death(died: Died) -> Step:
    rule = f"The customer died on {died.on}: whatever is missed after that day, no late fee is charged for it."
    return step(rule, DEATH, "0.00", 0, events=[died.told], date_of_death=died.on.isoformat())


def _fee(book: Book, posting: Told, statement_no: int) -> list[Step]:
    terms, billed = book.terms, book.amounts["principal_billed"]
    demand = next(each for each in book.missed() if each.statement_no == statement_no)
    base = min(demand.left, demand.principal, billed)
    share = half_up(terms.late_fee_rate, base)
    grace = f" and {terms.grace_days} days of grace" if terms.grace_days else ""
    return [
        step(
            f"The minimum of statement {statement_no} was due on {demand.due}; it was still unpaid after the due date"
            f"{grace}.",
            LATE_FEE,
            "".join([yuan(demand.demanded), *(f" - {yuan(each.amount)}" for each in demand.lowered)]),
            demand.left,
            events=[demand.told, *(each.told for each in demand.lowered)],
            statement_no=statement_no,
            due_date=demand.due.isoformat(),
            tested_on=book.test_date(demand.due).isoformat(),
            tolerance=terms.tolerance,
        ),
        step(
            "The fee is reckoned on the missed principal alone: no fee is charged on interest or on fees.",
            LATE_FEE,
            f"the least of {yuan(demand.left)} missed, {yuan(demand.principal)} of principal in that minimum, "
            f"{yuan(billed)} of billed principal unpaid",
            base,
            events=[each.told for each in book.unpaid("principal_billed")],
            principal_part_fen=demand.principal,
            principal_billed_fen=billed,
        ),
        step(
            "The fee is a share of that, rounded to the nearest fen.",
            LATE_FEE,
            f"{terms.late_fee_rate} x {yuan(base)}, rounded",
            share,
            late_fee_rate=str(terms.late_fee_rate),
        ),
        step(
            "It is at least the floor, and never more than what it is reckoned on. One fee for one statement.",
            LATE_FEE,
            f"{yuan(share)}, at least {yuan(terms.late_fee_floor)} and at most {yuan(base)}",
            min(base, max(terms.late_fee_floor, share)),
            events=[posting],
            late_fee_floor=terms.late_fee_floor,
        ),
    ]


def waived(told: History, _day: date) -> Answer:
    """What was last given up, because charges exceeded the all-in cap or by decision, and what corrections changed."""
    found = latest(told, DebtWaived)
    if found is None:
        first = none_yet(told, "Nothing was given up: charges did not exceed the all-in cap", CAP)
        return corrected(told, first, None, lambda event: event.waived_delta_fen)
    waiver, event = found
    steps = (
        _given_up(book_before(told, waiver), waiver)
        if event.reason == "cap"
        else [_given_up_by_decision(event, waiver)]
    )
    later = corrected(told, steps[-1], waiver, lambda event: event.waived_delta_fen)
    total = event.fees_fen + event.interest_fen + event.principal_fen + event.refunded_fen
    return Answer([*steps[:-1], *later.steps], total + (later.recorded or 0))


def _given_up(book: Book, waiver: Told) -> list[Step]:
    cap = book.terms.cap_annual
    parts = days(book.principal, book.day, CAP, "All principal of each day counts, billed or not.", "of principal")
    fen_days, room = book.principal.fen_days(book.day), book.cap_room
    over = max(0, book.charged - book.waived - room)
    fees = min(over, book.amounts["fees_unbilled"])
    of_interest = min(over - fees, book.amounts["interest_unbilled"])
    back = over - fees - of_interest
    return [
        *parts,
        added(parts, fen_days, CAP),
        step(
            "All charges together may not exceed this yearly rate on the principal of each day, rounded down.",
            CAP,
            f"{cap} x {fen_days:,} fen-days / 365 days, rounded down",
            room,
            cap_annual=str(cap),
        ),
        step(
            "Interest, late fees and fees of plans charged so far, but for the price of paying early, less what was given up "
            "before.",
            CAP,
            f"{yuan(book.charged)} - {yuan(book.waived)}",
            book.charged - book.waived,
            events=[*book.charges, *book.waivers],
            charged_fen=book.charged,
            waived_before_fen=book.waived,
        ),
        step("What exceeds the cap is given up.", CAP, f"{yuan(book.charged - book.waived)} - {yuan(room)}", over),
        step(
            "Fees that are not billed yet are given up first, then interest that is not; the rest, which was paid or "
            "billed already, is given back as credit.",
            CAP,
            f"{yuan(fees)} fees + {yuan(of_interest)} interest + {yuan(back)} given back",
            fees + of_interest + back,
            events=[waiver],
            fees_fen=fees,
            interest_fen=of_interest,
            refunded_fen=back,
        ),
    ]


def _given_up_by_decision(event: DebtWaived, waiver: Told) -> Step:
    return step(
        f"It was given up by decision ({event.reason}), out of what was posted and unpaid: billed before unbilled.",
        WAIVER,
        f"{yuan(event.fees_fen)} fees + {yuan(event.interest_fen)} interest + {yuan(event.principal_fen)} principal",
        event.fees_fen + event.interest_fen + event.principal_fen,
        events=[waiver],
        fees_fen=event.fees_fen,
        interest_fen=event.interest_fen,
        principal_fen=event.principal_fen,
    )
