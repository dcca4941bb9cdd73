"""Why so much interest, why a late fee, why something was given up: each posting on the book as it stood before it."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from domain.events import (
    AccountMigrated,
    AccountUnfrozen,
    BalancesCorrected,
    DeathRecorded,
    DebtWaived,
    InterestPosted,
    LateFeePosted,
    Restated,
)
from domain.money import half_up, half_up_sum, yuan
from projections.explaining.book import Book
from projections.explaining.curve import Curve, Stretch
from projections.explaining.minima import latest
from projections.explaining.pieces import AtRate, Died
from projections.explaining.reading import History, book_before, book_on
from projections.explaining.steps import Answer, Step, Told, step

INTEREST = "4.1 Revolving interest"
LATE_FEE = "4.3 Due test and late fee"
CAP = "4.4 All-in cap"
WAIVER = "10 Waived debt"
CORRECTION = "5.1 Late facts"
DEATH = "7 Access: death"
# Of a long life the latest stretches are told one by one, what came before them in one line.
_STRETCHES_TOLD = 31
_BEARS = {
    "after_due": "What a statement billed and was not paid by its due date bears interest for each day from the due date "
    "on, on what was unpaid at the end of the day.",
    "from_posting": "Where a statement was not paid in full by its due date, its purchases bear interest for each day "
    "from their posting on, and its instalments from the due date on, on what was unpaid at the end of the day.",
}


def interest(told: History, _day: date) -> Answer:
    """The interest that was last posted, and what corrections changed since."""
    found = latest(told, InterestPosted)
    if found is None:
        first = _none(told, "No interest was posted", INTEREST)
        return _corrected(told, first, None, lambda event: event.interest_delta_fen)
    posting, event = found
    steps = _run_up(book_before(told, posting), [posting])
    later = _corrected(told, steps[-1], posting, lambda event: event.interest_delta_fen)
    return Answer([*steps[:-1], *later.steps], event.amount_fen + (later.recorded or 0))


def _none(told: History, what: str, section: str) -> Step:
    """Nothing of the kind yet, or since the account was taken over."""
    migrated = latest(told, AccountMigrated)
    since = f" since the account was taken over on {migrated[1].business_date}" if migrated else ""
    return step(f"{what}{since}.", section, "0.00", 0, events=[migrated[0]] if migrated else [])


def accrued(told: History, day: date) -> Answer:
    """The interest that has run up by the day before and is not posted yet."""
    return Answer(_run_up(book_on(told, day), []))


def _run_up(book: Book, posting: list[Told]) -> list[Step]:
    """The running total of interest by `book.day`, less what was posted before."""
    rate, before = book.terms.daily_rate, book.interest_posted
    parts = _days(book.bearing, book.day, INTEREST, _BEARS[book.terms.interest_method], "bears")
    fen_days = book.bearing.fen_days(book.day)
    earlier = [each for each in book.earlier if each.fen_days]
    charged = half_up_sum([*((each.daily_rate, each.fen_days) for each in earlier), (rate, fen_days)])
    products = [f"{each.daily_rate} x {each.fen_days:,}" for each in earlier] + [f"{rate} x {fen_days:,}"]
    return [
        *(_at_an_earlier_rate(each) for each in earlier),
        *parts,
        *_no_day_after_death(book),
        _added(parts, fen_days, INTEREST),
        step(
            "All interest so far is the daily rate times all fen-days, rounded once to the nearest fen.",
            INTEREST,
            f"{' + '.join(products)} fen-days, rounded",
            charged,
            daily_rate=str(rate),
            interest_method=book.terms.interest_method,
        ),
        step(
            "What was posted of it before is taken off; the difference is new.",
            INTEREST,
            f"{yuan(charged)} - {yuan(before)}",
            charged - before,
            events=[*book.postings, *posting],
            posted_before_fen=before,
        ),
    ]


def _no_day_after_death(book: Book) -> list[Step]:
    if book.died is None:
        return []
    on, told = book.died
    rule, arithmetic = "The customer died: no day from the date of death on bears interest.", f"none from {on} on"
    return [step(rule, DEATH, arithmetic, 0, unit="fen-days", events=[told], date_of_death=on.isoformat())]


def _at_an_earlier_rate(each: AtRate) -> Step:
    return step(
        "Days before the rate changed keep the rate that they had.",
        INTEREST,
        f"{each.fen_days:,} fen-days at {each.daily_rate}",
        each.fen_days,
        unit="fen-days",
        events=[each.told],
        daily_rate=str(each.daily_rate),
    )


def _days(curve: Curve, to: date, section: str, rule: str, does: str) -> list[Step]:
    """Fen-days stretch by stretch, beginning with what an event says of the days before."""
    stretches = curve.stretches(to)
    early, late = stretches[:-_STRETCHES_TOLD], stretches[-_STRETCHES_TOLD:]
    steps = [_taken_over(each.told, each.fen_days, section) for each in curve.carried]
    if early:
        steps.append(
            step(
                f"{len(early)} earlier stretches of days, each its balance times its days, added up.",
                section,
                f"from {early[0].begins} to {early[-1].ends - timedelta(days=1)}",
                sum(each.fen_days for each in early),
                unit="fen-days",
                events=_causes(early),
            )
        )
    return steps + [_stretch(each, section, rule, does) for each in late]


def _taken_over(told: Told, fen_days: int, section: str) -> Step:
    event = told.event
    match event:
        case InterestPosted():
            rule = f"The days before {event.business_date} were counted when interest was posted on that day."
        case AccountMigrated():
            rule = f"The days before {event.business_date} were counted where the account was taken over from."
        case Restated():
            rule = f"The days before {event.business_date} are counted as the correction of that day says."
        case _:
            rule = "The days of this purchase that a correction has counted already."
    return step(rule, section, f"{fen_days:,} fen-days", fen_days, unit="fen-days", events=[told])


def _stretch(each: Stretch, section: str, rule: str, does: str) -> Step:
    last = each.ends - timedelta(days=1)
    return step(
        rule,
        section,
        f"{each.begins} to {last}: {yuan(each.balance)} {does}, x {each.days} days",
        each.fen_days,
        unit="fen-days",
        events=each.causes,
        days_from=each.begins.isoformat(),
        days_to=last.isoformat(),
        days=each.days,
        balance_fen=each.balance,
    )


def _added(parts: list[Step], fen_days: int, section: str) -> Step:
    arithmetic = " + ".join(f"{each.result:,}" for each in parts) or "0"
    return step("All days together.", section, f"{arithmetic} fen-days", fen_days, unit="fen-days")


def late_fee(told: History, day: date) -> Answer:
    """The last late fee, and what corrections changed since."""
    died, found = book_on(told, day).died, latest(told, LateFeePosted)
    if found is None:
        answer = _corrected(told, _none(told, "No late fee was charged", LATE_FEE), None, _late_fee_delta)
    else:
        posting, event = found
        steps = _fee(book_before(told, posting), posting, event.statement_no)
        later = _corrected(told, steps[-1], posting, _late_fee_delta)
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
        first = _none(told, "Nothing was given up: charges did not exceed the all-in cap", CAP)
        return _corrected(told, first, None, lambda event: event.waived_delta_fen)
    waiver, event = found
    steps = (
        _given_up(book_before(told, waiver), waiver)
        if event.reason == "cap"
        else [_given_up_by_decision(event, waiver)]
    )
    later = _corrected(told, steps[-1], waiver, lambda event: event.waived_delta_fen)
    total = event.fees_fen + event.interest_fen + event.principal_fen + event.refunded_fen
    return Answer([*steps[:-1], *later.steps], total + (later.recorded or 0))


def _given_up(book: Book, waiver: Told) -> list[Step]:
    cap = book.terms.cap_annual
    parts = _days(book.principal, book.day, CAP, "All principal of each day counts, billed or not.", "of principal")
    fen_days = book.principal.fen_days(book.day)
    numerator, denominator = cap.as_integer_ratio()
    room = numerator * fen_days // (denominator * 365)
    over = max(0, book.charged - book.waived - room)
    fees = min(over, book.amounts["fees_unbilled"])
    of_interest = min(over - fees, book.amounts["interest_unbilled"])
    back = over - fees - of_interest
    return [
        *parts,
        _added(parts, fen_days, CAP),
        step(
            "All charges together may not exceed this yearly rate on the principal of each day, rounded down.",
            CAP,
            f"{cap} x {fen_days:,} fen-days / 365 days, rounded down",
            room,
            cap_annual=str(cap),
        ),
        step(
            "Interest, late fees and fees of plans charged so far, less what was given up before.",
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


def _corrected(told: History, last: Step, since: Told | None, delta: Callable[[Restated], int]) -> Answer:
    """`last`, and a step for each later correction that changed it; as recorded, what they changed together."""
    steps, result = [last], last.result
    for each in told:
        event = each.event
        if not isinstance(event, Restated) or (since is not None and each.version < since.version):
            continue
        change = delta(event)
        if change:
            why, causes = _why_corrected(event, told)
            steps.append(
                step(
                    why,
                    CORRECTION,
                    f"{yuan(result)} {'+' if change > 0 else '-'} {yuan(abs(change))}",
                    result + change,
                    events=[*causes, each],
                    change_fen=change,
                )
            )
            result += change
    return Answer(steps, result - last.result)


def _why_corrected(event: Restated, told: History) -> tuple[str, list[Told]]:
    """What made a correction necessary, in words, and the event behind it where there is one."""
    if isinstance(event, BalancesCorrected) and event.cause_version is not None:
        cause = told[event.cause_version - 1]
        match cause.event:
            case DeathRecorded():
                learnt = f"that the customer died on {event.from_date}"
            case AccountUnfrozen():
                learnt = f"that the customer did not die on {event.from_date}"
            case _:
                learnt = f"what counts from {event.from_date}"
        why = (
            f"On {event.business_date} it was learnt {learnt}: what would have been charged by then, had it been known, "
            "takes the place of what was."
        )
        return why, [cause]
    if isinstance(event, BalancesCorrected):
        return f"On {event.business_date} an officer corrected it ({event.reason}), seen by a second one.", []
    return f"On {event.business_date} a newer edition of the rules was applied to all that had happened.", []


def _causes(stretches: Iterable[Stretch]) -> list[Told]:
    return [told for each in stretches for told in each.causes]
