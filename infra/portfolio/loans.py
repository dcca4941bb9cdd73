"""Loans of the people's own ledger: how an amount lent falls due, what of a month has run up, and what is paid early.

Written from the rulebook, sharing no arithmetic with the domain, so that the two may be compared.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from infra.portfolio.plans import Instalment, Plan, months_after, rounded


def lent(day: date, amount: int, months: int, annual_rate: Decimal, scheme: str) -> Plan:
    """A loan as it is drawn: due monthly on that day of the month."""
    rate = Fraction(annual_rate)
    plan = Plan(day, (Instalment(amount),), "loan", rate=rate, scheme=scheme)
    return replace(plan, instalments=_spread(plan, amount, months))


def _spread(plan: Plan, amount: int, months: int) -> tuple[Instalment, ...]:
    """So much in the months after those that are gone, by the plan's scheme; the last one takes what is left."""
    dates = [months_after(plan.made_on, plan.gone + month) for month in range(months + 1)]
    level = _level(amount, plan.rate / 12, months) if plan.scheme == "annuity" else 0
    instalments: list[Instalment] = []
    for month, (since, due) in enumerate(pairwise(dates), start=1):
        left = amount - sum(each.principal for each in instalments)
        if plan.scheme == "annuity":
            interest = rounded(left * plan.rate / 12)
            part = min(left, level - interest)
        else:
            interest = rounded(left * plan.rate / 360 * (due - since).days)
            part = amount // months if plan.scheme == "equal_principal" else 0
        instalments.append(Instalment(left if month == months else part, interest=interest, due=due))
    return tuple(instalments)


def _level(amount: int, monthly: Fraction, months: int) -> int:
    """The payment of which so many are worth the amount: each is worth a month's interest less than the one before."""
    worth, one = Fraction(0), Fraction(1)
    for _ in range(months):
        one /= 1 + monthly
        worth += one
    return rounded(amount / worth)


def run_up(plan: Plan, principal: int, day: date) -> int:
    """What on so much of the principal has run up by `day` of the next instalment's interest, and never more than that.

    An annuity's months have thirty days each. An agreement has one interest for all of its month, whatever is paid.
    """
    following = plan.instalments[0]
    if plan.kind == "agreement":
        return plan.share_by(day, (plan.begins, months_after(plan.made_on, plan.gone + 1)), following.interest)
    days = _thirties(day) - _thirties(plan.begins) if plan.scheme == "annuity" else (day - plan.begins).days
    return min(following.interest, rounded(principal * plan.rate / 360 * max(0, days)))


def _thirties(day: date) -> int:
    """Days since the year 0, of months that have thirty."""
    return (day.year * 12 + day.month) * 30 + min(day.day, 30)


def prepaid(plan: Plan, amount: int) -> Plan:
    """The loan of which so much was paid before it was due; the rest is spread anew over the dates that are left."""
    return replace(plan, instalments=_spread(plan, plan.left - amount, len(plan.instalments)))
