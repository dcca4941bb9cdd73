"""What is left of each plan, instalment by instalment, with the days on which they are billed and due."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.events import CarriedForward, MoneyEvent, PaymentReceived, PlanCreated
from domain.money import PLANNED_BUCKETS, yuan
from domain.schedules import Scheme
from projections.explaining.book import Book
from projections.explaining.minima import PLAN, latest
from projections.explaining.payoff import NO_PLAN
from projections.explaining.plans import Plan
from projections.explaining.reading import History, book_on
from projections.explaining.run_up import AGREEMENT
from projections.explaining.schedules import Coming, lent
from projections.explaining.steps import Answer, Step, step

_TOTAL = (
    "Planned is what is left of all plans: it is owed and uses limit, but is not demanded yet and bears no interest."
)
_OF_LOANS = (
    "Planned is what is left of all plans: it is owed and uses limit, but is not demanded yet. The interest of instalments to "
    "come is not owed yet, and not in it."
)


def planned(told: History, day: date) -> Answer:
    """The instalments that are still to come, plan by plan."""
    book = book_on(told, day)
    steps = [each for name, plan in book.plans.items() for each in _plan(book, name, plan)]
    left = [yuan(plan.owed) for plan in book.plans.values()]
    costs = any(each.interest for plan in book.plans.values() for each in plan.coming)
    total = step(
        (_OF_LOANS if costs else _TOTAL) if left else NO_PLAN,
        PLAN,
        " + ".join(left) or "0.00",
        sum(plan.owed for plan in book.plans.values()),
        events=[each for bucket in PLANNED_BUCKETS for each in book.behind[bucket]],
    )
    recorded = latest(told, MoneyEvent)
    after = recorded[1].owed_after if recorded else None
    return Answer([*steps, total], sum(getattr(after, bucket) for bucket in PLANNED_BUCKETS) if after else 0)


def _plan(book: Book, name: str, plan: Plan) -> Iterator[Step]:
    """How a plan was made, and what is to come of it."""
    event, as_of = plan.told.event, plan.as_of.event
    if isinstance(event, PlanCreated):
        yield _made(name, plan, event)
    if isinstance(as_of, CarriedForward | PaymentReceived):
        yield step(
            f"A part of it was paid before it was due, on {as_of.business_date}: on the dates that are left the rest falls due "
            "as before."
            if isinstance(as_of, PaymentReceived)
            else f"What was learnt or taken over on {as_of.business_date} says what was left of the plan then.",
            PLAN,
            " + ".join(yuan(each.principal) for each in plan.coming),
            sum(each.principal for each in plan.coming),
            events=[plan.as_of],
            plan_id=name,
            made_on=plan.made_on.isoformat(),
        )
    billed_on = book.day
    for each in plan.coming:
        if each.due is None:
            billed_on = book.bill_days.next_after(billed_on)
            when = f"is payable with the statement of {billed_on}"
        else:
            when = f"is due on {each.due} and billed on {each.due - timedelta(days=book.terms.bill_lead_days)}"
        yield _instalment(each, name, plan, when)


def _made(name: str, plan: Plan, event: PlanCreated) -> Step:
    *even, last = event.schedule
    said: dict[str, int | str] = {"plan_id": name, "made_on": plan.made_on.isoformat(), "months": len(event.schedule)}
    if event.kind == "conversion":
        return step(
            f"So much of what statement {event.statement_no} had billed is paid in instalments: an even part of it, and of "
            "its fee, with each of the next statements; the last one takes what the division leaves.",
            PLAN,
            f"{yuan(even[0].principal_fen)} x {len(even)} + {yuan(last.principal_fen)}"
            if even
            else yuan(event.amount_fen),
            sum(each.principal_fen for each in event.schedule),
            events=[plan.told],
            said=said,
            fee_rate=str(event.fee_rate),
            fee_total_fen=event.fee_total_fen,
            purchases=", ".join(f"{yuan(part.amount_fen)} of {part.purchase_id}" for part in event.parts),
        )
    said["annual_rate"] = str(event.annual_rate)
    if event.scheme is not None:
        whole = lent(event.scheme, event.annual_rate, event.amount_fen, plan.made_on, range(1, len(event.schedule) + 1))
        first, final = (yuan(each.principal + each.interest) for each in (whole[0], whole[-1]))
        said["interest_in_all_fen"] = sum(each.interest for each in whole)
        return step(
            f"So much was lent on {plan.made_on}, and is repaid monthly: {_SCHEMES[event.scheme]}",
            PLAN,
            f"{yuan(event.amount_fen)} in {len(whole)} payments, {first} the first and {final} the last",
            event.amount_fen,
            events=[plan.told],
            said=said,
        )
    return step(
        f"On {plan.made_on} all that was owed became one plan, by agreement: its principal, interest and fees each in even "
        "parts, the last one takes what the division leaves. Only its principal bears, a twelfth of the yearly rate an "
        "instalment.",
        AGREEMENT,
        " + ".join(yuan(fen) for fen in event.taken.values()),
        sum(event.taken.values()),
        events=[plan.told],
        said=said,
    )


_SCHEMES: dict[Scheme, str] = {
    "annuity": "the same payment each month, of which interest takes a twelfth of the yearly rate on what is left; the last "
    "one takes the rest.",
    "equal_principal": "an even part of it each month, with interest by days on what is left; the last one takes the rest.",
    "interest_only": "only interest by days, and all of it with the last instalment.",
}


def _instalment(each: Coming, name: str, plan: Plan, when: str) -> Step:
    rule = f"Instalment {each.number} {when}"
    if not each.owed and plan.scheme is None:
        rule = (
            f"Of instalment {each.number} nothing is left: a refund takes the last ones first, and their fees with them"
        )
    elif each.taken:
        rule += "; a refund took a part of it, since it takes the last ones first"
    if each.interest:
        rule += f", with interest of {yuan(each.interest)} that is not owed yet"
    carried = [fen for fen in (each.carried_interest, each.carried_fees) if fen]
    said: dict[str, int | str] = {"plan_id": name, "number": each.number}
    if plan.kind == "conversion":
        said["fee_fen"] = each.fee
    else:
        said |= {"interest_fen": each.interest}
    if carried:
        said |= {"carried_interest_fen": each.carried_interest, "carried_fees_fen": each.carried_fees}
    return step(
        f"{rule}.",
        AGREEMENT if plan.kind == "restructuring" else PLAN,
        "".join([yuan(each.principal), *(f" - {yuan(amount)}" for amount, _ in each.taken)])
        + "".join(f" + {yuan(fen)}" for fen in carried),
        each.owed,
        events=[plan.as_of, *(told for _, told in each.taken)],
        said=said,
    )
