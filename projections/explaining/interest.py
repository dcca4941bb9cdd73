"""Why so much interest: the running total by days, less what of it was posted before; of instalments see `run_up`."""

from datetime import date

from domain.events import InterestPosted
from domain.money import half_up_sum, yuan
from projections.explaining.book import Book
from projections.explaining.corrected import corrected, none_yet
from projections.explaining.minima import PLAN, latest
from projections.explaining.pieces import AtRate
from projections.explaining.reading import History, book_before, book_on
from projections.explaining.run_up import DEATH, of_instalment
from projections.explaining.steps import Answer, Step, Told, step
from projections.explaining.stretches import added, days

INTEREST = "4.1 Revolving interest"
_BEARS = {
    "after_due": "What a statement billed and was not paid by its due date bears interest for each day from the due date "
    "on, on what was unpaid at the end of the day.",
    "from_posting": "Where a statement was not paid in full by its due date, its purchases bear interest for each day "
    "from their posting on, and its instalments from the due date on, on what was unpaid at the end of the day.",
}
_PENALTY = (
    "Principal of a loan that was not paid by its due date bears a raised rate for each day from the due date on, on what "
    "was unpaid at the end of the day. Overdue interest bears nothing."
)


def interest(told: History, _day: date) -> Answer:
    """The interest that was last posted, of days or of an instalment, and what corrections changed since."""
    found = latest(told, InterestPosted)
    if found is None:
        first = none_yet(told, "No interest was posted", INTEREST)
        return corrected(told, first, None, lambda event: event.interest_delta_fen)
    posting, event = found
    before = book_before(told, posting)
    steps = of_instalment(before, told, posting, event) if event.kind == "plan" else running(before, [posting])
    later = corrected(told, steps[-1], posting, lambda event: event.interest_delta_fen)
    return Answer([*steps[:-1], *later.steps], event.amount_fen + (later.recorded or 0))


def accrued(told: History, day: date) -> Answer:
    """The interest that has run up by the day before and is not posted yet; of loans, on what is overdue."""
    return Answer(running(book_on(told, day), []))


def running(book: Book, posting: list[Told]) -> list[Step]:
    """The running total of interest by `book.day`, less what was posted before."""
    rate, before = book.bearing_rate, book.interest_posted
    section, rule = (PLAN, _PENALTY) if book.lends else (INTEREST, _BEARS[book.terms.interest_method])
    parts = days(book.bearing, book.day, section, rule, "bears")
    fen_days = book.bearing.fen_days(book.day)
    earlier = [each for each in book.earlier if each.fen_days]
    charged = half_up_sum([*((each.daily_rate, each.fen_days) for each in earlier), (rate, fen_days)])
    return [
        *(_at_an_earlier_rate(each) for each in earlier),
        *parts,
        *_no_day_after_death(book),
        added(parts, fen_days, section),
        _all_so_far(book, earlier, fen_days, charged),
        step(
            "What was posted of it before is taken off; the difference is new.",
            section,
            f"{yuan(charged)} - {yuan(before)}",
            charged - before,
            events=[*book.postings, *posting],
            posted_before_fen=before,
        ),
    ]


def _all_so_far(book: Book, earlier: list[AtRate], fen_days: int, charged: int) -> Step:
    terms = book.terms
    if book.lends:
        return step(
            "All of it so far is the yearly rate, raised, for a day of a year of 360, times all fen-days, rounded once to the "
            "nearest fen.",
            PLAN,
            f"{terms.annual_rate} x {terms.penalty_multiplier} / 360 x {fen_days:,} fen-days, rounded",
            charged,
            annual_rate=str(terms.annual_rate),
            penalty_multiplier=str(terms.penalty_multiplier),
        )
    products = [f"{each.daily_rate} x {each.fen_days:,}" for each in earlier] + [f"{terms.daily_rate} x {fen_days:,}"]
    return step(
        "All interest so far is the daily rate times all fen-days, rounded once to the nearest fen.",
        INTEREST,
        f"{' + '.join(products)} fen-days, rounded",
        charged,
        daily_rate=str(terms.daily_rate),
        interest_method=terms.interest_method,
    )


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
