"""A plan as it goes on: what falls due next, what is left of it, and what refunds take out of it.

Whatever schedule it was made with, its next instalment is payable on the next bill day, and the rest is planned.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.calendar import ONE_DAY, BillDays, add_months, days_30e, days_between
from domain.events import Instalment, PlanLeft
from domain.money import Amounts, half_up, half_up_part
from domain.schedules import Schedule, Scheme, evenly, loan


def instalments(schedule: Schedule) -> tuple[Instalment, ...]:
    """The instalments of a schedule, numbered from 1; each is due with the statement of its turn."""
    return tuple(
        Instalment(number=number, principal_fen=share.principal, fee_fen=share.fee)
        for number, share in enumerate(schedule, start=1)
    )


def drawn(plan_id: str, made_on: date, amount: int, months: int, annual_rate: Decimal, scheme: Scheme) -> PlanLeft:
    """The plan of a loan: due monthly on the day of the month on which it was drawn, clipped to the month's end."""
    due_dates = [add_months(made_on, number) for number in range(1, months + 1)]
    return PlanLeft(
        plan_id=plan_id,
        kind="draw",
        made_on=made_on,
        instalments=_dated(loan(scheme, amount, annual_rate, made_on, due_dates), due_dates, first=1),
        parts=(),
        annual_rate=annual_rate,
        scheme=scheme,
    )


def due_on(plan: PlanLeft, number: int) -> date:
    """When the instalment of that number is due, where instalments have due dates; number 0 is when the plan was made."""
    return add_months(plan.made_on, number)


def _dated(schedule: Schedule, due_dates: list[date], first: int) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(
            number=number, principal_fen=share.principal, fee_fen=0, interest_fen=share.interest, due_date=due_date
        )
        for number, (share, due_date) in enumerate(zip(schedule, due_dates, strict=True), start=first)
    )


def restructured(
    plan_id: str, made_on: date, kinds: tuple[int, int, int], months: int, rate: Decimal, *, dated: bool
) -> PlanLeft:
    """The plan of an agreement: principal, interest and fees (`kinds`) each evenly, the last instalment takes the rest.

    `rate` is a year's, on the principal that is left, a twelfth of it for each instalment. A loan's instalments are due
    monthly from the agreement on, those of a line with its next statements.
    """
    principal, interest, fees = (evenly(amount, months) for amount in kinds)
    to_come = [
        Instalment(
            number=at + 1,
            principal_fen=principal[at],
            fee_fen=0,
            due_date=add_months(made_on, at + 1) if dated else None,
            carried_interest_fen=interest[at],
            carried_fees_fen=fees[at],
        )
        for at in range(months)
    ]
    return PlanLeft(
        plan_id=plan_id,
        kind="restructuring",
        made_on=made_on,
        instalments=tuple(_bearing(to_come, rate)),
        parts=(),
        annual_rate=rate,
    )


def _bearing(to_come: list[Instalment], rate: Decimal) -> list[Instalment]:
    """Instalments of an agreement, each with a twelfth of a year's interest on the principal that is left before it."""
    left, bearing = sum(each.principal_fen for each in to_come), []
    for each in to_come:
        bearing.append(each.model_copy(update={"interest_fen": half_up(Fraction(rate) / 12, left)}))
        left -= each.principal_fen
    return bearing


def principal_left(plan: PlanLeft) -> int:
    """The principal of all instalments that are still to come."""
    return sum(each.principal_fen for each in plan.instalments)


def left_of(plan: PlanLeft) -> Amounts:
    """What is planned of it, by bucket: its principal, and what a restructured one carries of interest and fees."""
    return {
        "principal_planned": principal_left(plan),
        "interest_planned": sum(each.carried_interest_fen for each in plan.instalments),
        "fees_planned": sum(each.carried_fees_fen for each in plan.instalments),
    }


def due_next(plan: PlanLeft) -> Instalment:
    """The instalment that the next bill day makes payable; it has principal, since a plan without any is over."""
    return plan.instalments[0]


def due_before(plan: PlanLeft) -> date | None:
    """When the instalment before its next one was due; None before its first, and where statements say it."""
    following = due_next(plan)
    return due_on(plan, following.number - 1) if following.due_date and following.number > 1 else None


def without_next(plan: PlanLeft) -> PlanLeft | None:
    """The plan once its next instalment became payable; None when it is over."""
    return _going_on(plan.model_copy(update={"instalments": plan.instalments[1:]}))


def planned_of(plan: PlanLeft, purchase_id: str) -> int:
    """What a refund of the purchase finds in the plan: what of it was converted, as far as instalments are to come."""
    converted = sum(part.amount_fen for part in plan.parts if part.purchase_id == purchase_id)
    return min(converted, principal_left(plan))


def taken_back(plan: PlanLeft, purchase_id: str, amount: int) -> PlanLeft | None:
    """The plan less `amount` of one purchase: from the last instalment backwards, and one that is empty has no fee.

    What an agreement bears, it bears on what is left then.
    """
    left, instalments_left = amount, list(plan.instalments)
    for at, each in reversed(list(enumerate(plan.instalments))):
        taken = min(left, each.principal_fen)
        left -= taken
        principal = each.principal_fen - taken
        fee = each.fee_fen if principal else 0
        instalments_left[at] = each.model_copy(update={"principal_fen": principal, "fee_fen": fee})
    parts = (
        part.model_copy(update={"amount_fen": part.amount_fen - amount}) if part.purchase_id == purchase_id else part
        for part in plan.parts
    )
    kept = tuple(part for part in parts if part.amount_fen)
    if plan.kind == "restructuring":
        instalments_left = _bearing(instalments_left, plan.annual_rate)
    return _going_on(plan.model_copy(update={"instalments": tuple(instalments_left), "parts": kept}))


def _going_on(plan: PlanLeft) -> PlanLeft | None:
    return plan if any(left_of(plan).values()) else None


def fee_run_up(plan: PlanLeft, today: date, bill_days: BillDays) -> int:
    """What of the next instalment's fee has run up: by days, from the last bill day, or from the conversion, to the next."""
    return _part_of_cycle(due_next(plan).fee_fen, plan, today, bill_days)


def _part_of_cycle(amount: int, plan: PlanLeft, today: date, bill_days: BillDays) -> int:
    begins = max(plan.made_on, bill_days.last_before(today + ONE_DAY))
    ends = bill_days.next_after(today)
    return half_up_part(amount, days_between(begins, today), days_between(begins, ends))


def interest_run_up(plan: PlanLeft, principal: int, day: date, bill_days: BillDays) -> int:
    """What of a loan's next interest has run up on so much of its principal by `day`: from the last due date on.

    An annuity's months have thirty days, and its interest of a month is never exceeded; else days are counted. Of a
    restructured plan it is the part of the cycle that is over; 0 for a plan that bears none.
    """
    following = due_next(plan)
    if plan.scheme is None and following.due_date is None:
        return _part_of_cycle(following.interest_fen, plan, day, bill_days) if following.interest_fen else 0
    begins = due_on(plan, following.number - 1)
    if plan.scheme is None:
        used, whole = days_between(begins, day), days_between(begins, due_on(plan, following.number))
        return half_up_part(following.interest_fen, max(0, used), whole)
    days = days_30e(begins, day) if plan.scheme == "annuity" else days_between(begins, day)
    return min(following.interest_fen, half_up(Fraction(plan.annual_rate) * max(0, days) / 360, principal))


def prepaid(plan: PlanLeft, principal: int) -> PlanLeft | None:
    """A loan of which so much was paid early: on the dates that are left the rest falls due by the same scheme."""
    left = principal_left(plan) - principal
    if plan.scheme is None or not left:
        return None
    first = due_next(plan).number
    due_dates = [due_on(plan, first + at) for at in range(len(plan.instalments))]
    schedule = loan(plan.scheme, left, plan.annual_rate, due_on(plan, first - 1), due_dates)
    return plan.model_copy(update={"instalments": _dated(schedule, due_dates, first)})


def slice_of(plan_id: str, part: int | str) -> str:
    """The name under which an instalment that became payable is kept with the purchases; none of theirs is like it."""
    return f"plan/{plan_id}/{part}"
