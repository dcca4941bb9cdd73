"""Who the accounts of the simulated portfolio belong to: so many of each kind of people, in a fixed order."""

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

# Of every fifty accounts each kind has as many as it has here.
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
}


def _round_robin() -> tuple[Person, ...]:
    left = dict(SHARES)
    order: list[Person] = []
    while any(left.values()):
        for person in SHARES:
            if left[person]:
                left[person] -= 1
                order.append(person)
    return tuple(order)


# Who the accounts belong to, in turn; one of each kind comes first, so ten accounts bring every transition about.
IN_TURN = _round_robin()
