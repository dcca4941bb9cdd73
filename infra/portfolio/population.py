"""Who the accounts of the simulated portfolio belong to: so many of each kind of people, in a fixed order.

About one person in seven has a loan, and half of those have a line of credit, too.
"""

from typing import NamedTuple

from infra.portfolio.agreements import breaks_an_agreement, keeps_an_agreement
from infra.portfolio.borrowers import (
    agrees_on_a_loan,
    loan_debits_bounce,
    prepays,
    repays_in_time,
    repays_late,
    repays_two_loans,
    settles_early,
    stops_repaying,
)
from infra.portfolio.hard_cases import disputes_purchases, pays_what_was_lost, stops_for_good
from infra.portfolio.instalments import pays_in_instalments
from infra.portfolio.people import (
    Person,
    disappears,
    hardly_buys,
    is_turned_away,
    leaves,
    loses_the_phone,
    misuses,
    pays_in_full,
    pays_late,
    pays_round_sums,
    pays_twice,
    reaches_the_limit,
    returns_goods,
    revolves,
)
from infra.portfolio.slow_banks import debits_bounce, pays_by_slow_transfer
from infra.portfolio.travellers import travels
from infra.portfolio.turning_points import appeals_a_closure, appeals_a_freeze, dies

# Of every sixty accounts each kind has as many as it has here.
SHARES: dict[Person, int] = {
    pays_in_full: 6,
    revolves: 5,
    pays_late: 4,
    misuses: 2,
    leaves: 2,
    pays_by_slow_transfer: 2,
    debits_bounce: 2,
    reaches_the_limit: 2,
    disappears: 2,
    is_turned_away: 1,
    returns_goods: 2,
    pays_twice: 2,
    pays_round_sums: 1,
    loses_the_phone: 1,
    hardly_buys: 1,
    disputes_purchases: 2,
    stops_for_good: 2,
    pays_what_was_lost: 1,
    travels: 2,
    appeals_a_freeze: 1,
    appeals_a_closure: 2,
    dies: 2,
    pays_in_instalments: 3,
    keeps_an_agreement: 1,
    breaks_an_agreement: 1,
    repays_in_time: 1,
    repays_two_loans: 1,
    repays_late: 1,
    prepays: 1,
    settles_early: 1,
    stops_repaying: 1,
    agrees_on_a_loan: 1,
    loan_debits_bounce: 1,
}
LOANS = frozenset({
    repays_in_time, repays_two_loans, repays_late, prepays, settles_early, stops_repaying, agrees_on_a_loan,
    loan_debits_bounce,
})  # fmt: skip
# Whose loans belong to somebody who has a line already, and how they live with that.
WITH_A_LINE: dict[Person, Person] = {
    repays_two_loans: pays_in_instalments,
    repays_late: pays_late,
    settles_early: leaves,
    stops_repaying: disappears,
}


class Place(NamedTuple):
    """One account of sixty: how its person lives with it, and which of the sixty is that person's first."""

    person: Person
    of: int


def _round_robin() -> tuple[Place, ...]:
    left = dict(SHARES)
    order: list[Person] = []
    while any(left.values()):
        for person in SHARES:
            if left[person]:
                left[person] -= 1
                order.append(person)
    return tuple(
        Place(each, order.index(WITH_A_LINE.get(each, each)) if each in WITH_A_LINE else at)
        for at, each in enumerate(order)
    )


# Who the accounts belong to, in turn; one of each kind comes first, so ten accounts bring every transition about.
IN_TURN = _round_robin()
