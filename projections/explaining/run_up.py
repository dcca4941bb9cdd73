"""Why so much interest comes with an instalment, and what of it has run up where its plan is paid, or ends, before."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from domain.calendar import days_30e, days_between
from domain.events import InstalmentPosted, InterestPosted, PaymentReceived
from domain.money import half_up, half_up_part, yuan
from projections.explaining.book import Book
from projections.explaining.minima import PLAN
from projections.explaining.plans import Plan
from projections.explaining.reading import History, book_on
from projections.explaining.schedules import by_months, due_on
from projections.explaining.steps import Answer, Step, Told, step

SETTLEMENT = "4.6 Early settlement"
AGREEMENT = "4.7 Restructuring"
DEATH = "7 Access: death"


def run_up(told: History, day: date) -> Answer:
    """What of the next instalments' interest has run up, plan by plan."""
    book = book_on(told, day)
    plans = [(name, plan) for name, plan in book.plans.items() if plan.coming[0].interest]
    steps = [each for name, plan in plans for each in run_up_of(book, name, plan, plan.left)]
    parts = [each.result for each in steps if each.parameters.get("run_up_of")]
    total = step(
        "So much has run up of the interest of the instalments that come next. It is not owed before it is posted: with "
        "the statement before their due dates, or where a plan is paid or ends before."
        if parts
        else "No interest of an instalment runs up.",
        PLAN,
        " + ".join(map(yuan, parts)) or "0.00",
        sum(parts),
    )
    return Answer([*steps, total])


def of_instalment(book: Book, told: History, posting: Told, event: InterestPosted) -> list[Step]:
    """A posting of a plan's interest on the book before it: of the whole instalment, or what had run up of it."""
    name = event.plan_id or ""
    plan = book.plans[name]
    # What comes after it on that day says what it was posted for.
    after = [each.event for each in told[posting.version :] if each.event.business_date == event.business_date]
    for each in after:
        if isinstance(each, InstalmentPosted) and (each.plan_id, each.number) == (name, event.number):
            return list(_whole(book, name, plan, posting))
        if isinstance(each, PaymentReceived) and each.plan_id == name:
            return list(run_up_of(book, name, plan, each.prepaid_fen or plan.left, posting))
    return list(run_up_of(book, name, plan, plan.left, posting))


def _whole(book: Book, name: str, plan: Plan, posting: Told) -> Iterator[Step]:
    """The interest of an instalment that becomes payable."""
    following = plan.coming[0]
    begins = None if following.due is None else due_on(plan.made_on, following.number - 1)
    said: dict[str, int | str] = {"plan_id": name, "number": following.number, "annual_rate": str(plan.annual_rate)}
    if by_months(plan.scheme) or begins is None or following.due is None:
        rule, share = "a twelfth of the yearly rate, whatever the days of the month", "/ 12"
    else:
        days = days_between(begins, following.due)
        rule, share = "the yearly rate by days, of which a year has 360", f"/ 360 x {days} days"
        said |= {"days_from": begins.isoformat(), "days_to": following.due.isoformat(), "days": days}
    yield step(
        f"Instalment {following.number} of {name} comes with interest on the principal that was left before it: {rule}, "
        "rounded to the nearest fen.",
        AGREEMENT if plan.kind == "restructuring" else PLAN,
        f"{plan.annual_rate} {share} x {yuan(plan.left)}, rounded",
        following.interest,
        events=[plan.as_of, posting],
        said=said,
    )
    yield from _until_death(book, name, plan, following.interest, posting)


def run_up_of(book: Book, name: str, plan: Plan, principal: int, posting: Told | None = None) -> Iterator[Step]:
    """What of the next instalment's interest has run up on so much of the plan's principal."""
    yield from _by(book, name, plan, principal, book.day, posting)
    yield from _until_death(book, name, plan, run_up_by(book, plan, principal, book.day), posting)


def _by(book: Book, name: str, plan: Plan, principal: int, day: date, posting: Told | None) -> Iterator[Step]:
    following, result = plan.coming[0], run_up_by(book, plan, principal, day)
    begins, used, whole = _days(book, plan, day)
    yield step(
        "Interest runs since the due date before, or since the plan was made; months have thirty days."
        if plan.scheme == "annuity"
        else "Interest runs since the bill day before, or since the plan was made."
        if following.due is None
        else "Interest runs since the due date before, or since the plan was made, day by day.",
        SETTLEMENT,
        f"from {begins} to {day}",
        used,
        unit="days",
        events=[plan.as_of],
        plan_id=name,
    )
    of_the_whole = f"{yuan(following.interest)} x {used} / {whole} days, rounded"
    by_rate = f"{plan.annual_rate} x {used} / 360 x {yuan(principal)}, rounded, at most {yuan(following.interest)}"
    yield step(
        f"Of the interest of instalment {following.number} so much has run up, rounded to the nearest fen; it is never more "
        "than the instalment's.",
        SETTLEMENT,
        by_rate if plan.scheme else of_the_whole,
        result,
        events=[posting],
        # The steps of one plan end with this, or with what death leaves of it.
        said={} if _dead(book) else {"run_up_of": name},
        number=following.number,
        principal_fen=principal,
        annual_rate=str(plan.annual_rate),
    )


def run_up_by(book: Book, plan: Plan, principal: int, day: date) -> int:
    """So much of the next instalment's interest has run up by `day` on that principal, were nobody to die."""
    following = plan.coming[0]
    _, used, whole = _days(book, plan, day)
    if plan.scheme is None:
        return half_up_part(following.interest, used, whole)
    return min(following.interest, half_up(Fraction(plan.annual_rate) * used / 360, principal))


def _days(book: Book, plan: Plan, day: date) -> tuple[date, int, int]:
    """Since when the next interest runs, for how many days by `day`, and of how many."""
    following = plan.coming[0]
    if following.due is None:
        begins = max(plan.made_on, book.bill_days.last_by(day))
        return begins, days_between(begins, day), days_between(begins, book.bill_days.next_after(day))
    begins = plan.begins()
    used = days_30e(begins, day) if plan.scheme == "annuity" else days_between(begins, day)
    return begins, max(0, used), days_between(begins, following.due)


def _dead(book: Book) -> bool:
    return book.died is not None and book.day > book.died.on


def _until_death(book: Book, name: str, plan: Plan, amount: int, posting: Told | None) -> Iterator[Step]:
    """After a death no more than had run up by then; of a line's agreement nothing."""
    if book.died is None or not _dead(book):
        return
    on, died = book.died
    by_then = run_up_by(book, plan, plan.left, on) if plan.coming[0].due is not None else 0
    yield step(
        "The customer died: no more of an instalment's interest is charged than had run up by then.",
        DEATH,
        f"the lesser of {yuan(amount)} and {yuan(by_then)}",
        min(amount, by_then),
        events=[died, posting],
        run_up_of=name,
        date_of_death=on.isoformat(),
    )
