"""What is left of each plan, instalment by instalment, and what it takes to pay it off before its end."""

from collections.abc import Iterator
from datetime import date

from domain.calendar import days_between
from domain.events import CarriedForward, MoneyEvent, PlanCreated
from domain.money import half_up_part, yuan
from projections.explaining.book import Book
from projections.explaining.minima import PLAN, latest
from projections.explaining.plans import Coming, Plan
from projections.explaining.reading import History, book_on
from projections.explaining.steps import Answer, Step, step

SETTLEMENT = "4.6 Early settlement"
_NO_PLAN = "Nothing is paid in instalments."


def planned(told: History, day: date) -> Answer:
    """The instalments that are still to come, plan by plan."""
    book = book_on(told, day)
    steps = [each for name, plan in book.plans.items() for each in _plan(book, name, plan)]
    left = [yuan(plan.left) for plan in book.plans.values()]
    total = step(
        "Planned is what is left of all plans: it is owed and uses limit, but is not demanded yet and bears no interest."
        if left
        else _NO_PLAN,
        PLAN,
        " + ".join(left) or "0.00",
        sum(plan.left for plan in book.plans.values()),
        events=book.behind["principal_planned"],
    )
    recorded = latest(told, MoneyEvent)
    return Answer([*steps, total], recorded[1].owed_after.principal_planned if recorded else 0)


def _plan(book: Book, name: str, plan: Plan) -> Iterator[Step]:
    """How a plan was made, and what is to come of it."""
    event = plan.told.event
    if isinstance(event, PlanCreated):
        *even, last = event.schedule
        yield step(
            f"So much of what statement {event.statement_no} had billed is paid in instalments: an even part of it, and of "
            "its fee, with each of the next statements; the last one takes what the division leaves.",
            PLAN,
            f"{yuan(even[0].principal_fen)} x {len(even)} + {yuan(last.principal_fen)}"
            if even
            else yuan(event.amount_fen),
            sum(each.principal_fen for each in event.schedule),
            events=[plan.told],
            plan_id=name,
            made_on=plan.made_on.isoformat(),
            months=len(event.schedule),
            fee_rate=str(event.fee_rate),
            fee_total_fen=event.fee_total_fen,
            purchases=", ".join(f"{yuan(part.amount_fen)} of {part.purchase_id}" for part in event.parts),
        )
    if isinstance(plan.as_of.event, CarriedForward):
        yield step(
            f"What was learnt or taken over on {plan.as_of.event.business_date} says what was left of the plan then.",
            PLAN,
            " + ".join(yuan(each.principal) for each in plan.coming),
            sum(each.principal for each in plan.coming),
            events=[plan.as_of],
            plan_id=name,
            made_on=plan.made_on.isoformat(),
        )
    billed_on = book.day
    for each in plan.coming:
        billed_on = book.bill_days.next_after(billed_on)
        yield _instalment(each, name, plan, billed_on)


def _instalment(each: Coming, name: str, plan: Plan, billed_on: date) -> Step:
    rule = f"Instalment {each.number} is payable with the statement of {billed_on}"
    if not each.left:
        rule = (
            f"Of instalment {each.number} nothing is left: a refund takes the last ones first, and their fees with them"
        )
    elif each.taken:
        rule += "; a refund took a part of it, since it takes the last ones first"
    return step(
        f"{rule}.",
        PLAN,
        "".join([yuan(each.principal), *(f" - {yuan(amount)}" for amount, _ in each.taken)]),
        each.left,
        events=[plan.as_of, *(told for _, told in each.taken)],
        plan_id=name,
        number=each.number,
        fee_fen=each.fee,
    )


def plan_payoff(told: History, day: date) -> Answer:
    """What it takes to pay the plans off on that day: what is left of them, and of the next fee the days used."""
    book = book_on(told, day)
    steps = [each for name, plan in book.plans.items() for each in _payoff(book, name, plan)]
    payoffs = [each.result for each in steps[2::3]]
    total = step(
        "Each plan may be paid off by itself; together they take so much." if payoffs else _NO_PLAN,
        SETTLEMENT,
        " + ".join(map(yuan, payoffs)) or "0.00",
        sum(payoffs),
    )
    return Answer([*steps, total])


def _payoff(book: Book, name: str, plan: Plan) -> Iterator[Step]:
    following = plan.coming[0]
    begins = max(plan.made_on, book.bill_days.last_by(book.day))
    ends = book.bill_days.next_after(book.day)
    used, cycle = days_between(begins, book.day), days_between(begins, ends)
    dead = book.died is not None and book.day > book.died.on
    fee = 0 if dead else half_up_part(following.fee, used, cycle)
    yield step(
        "Whoever pays a plan off pays all principal that is still to come of it.",
        SETTLEMENT,
        " + ".join(yuan(each.left) for each in plan.coming if each.left),
        plan.left,
        events=[plan.told, plan.as_of, *(told for each in plan.coming for _, told in each.taken)],
        plan_id=name,
    )
    yield step(
        "The customer died: no fee is charged after it."
        if dead
        else "Of the fee that comes next only the days used are paid, of those from one bill day, or from the conversion, to "
        "the next; later fees are not charged.",
        SETTLEMENT,
        "0.00" if dead else f"{yuan(following.fee)} x {used} / {cycle} days, rounded",
        fee,
        events=[book.died.told] if dead and book.died else [],
        plan_id=name,
        fee_fen=following.fee,
        days_from=begins.isoformat(),
        days_to=ends.isoformat(),
        days_used=used,
    )
    yield step(
        f"Plan {name} is paid off with both.",
        SETTLEMENT,
        f"{yuan(plan.left)} + {yuan(fee)}",
        plan.left + fee,
        plan_id=name,
    )
