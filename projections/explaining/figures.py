"""The table of contents: every figure that can be explained, and how to ask for it."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

from domain.events import AccountEvent
from projections.explaining import amounts, charges, instalments, interest, minima, payoff, run_up
from projections.explaining.reading import History, book_on, history
from projections.explaining.steps import Answer, Explanation


class Figure(NamedTuple):
    """What a figure means, who explains it, and what is asked for next."""

    means: str
    explain: Callable[[History, date], Answer]
    see: tuple[str, ...] = ()


FIGURES: dict[str, Figure] = {
    "minimum": Figure("What the latest statement demanded, as printed.", minima.minimum, ("minimum_due",)),
    "minimum_due": Figure("What statements still demand, due or not yet.", minima.minimum_due, ("minimum", "arrears")),
    "arrears": Figure("What was demanded and missed.", minima.arrears, ("dpd",)),
    "dpd": Figure("Days past due.", minima.dpd, ("arrears",)),
    "interest": Figure(
        "The interest last posted, of days or of an instalment, as corrected since.",
        interest.interest,
        ("accrued", "run_up"),
    ),
    "accrued": Figure("Interest of the days since, not posted yet.", interest.accrued, ("interest",)),
    "run_up": Figure(
        "What has run up of the interest of loans' next instalments, not owed yet.", run_up.run_up, ("planned",)
    ),
    "late_fee": Figure("The last late fee, as corrected since.", charges.late_fee, ("dpd",)),
    "waived": Figure("What was last given up under the all-in cap, as corrected since.", charges.waived),
    "owed": Figure("All that is owed, amount by amount.", amounts.owed, ("accrued",)),
    "planned": Figure(
        "What is paid in instalments and not payable yet, plan by plan.",
        instalments.planned,
        ("plan_payoff", "minimum"),
    ),
    "plan_payoff": Figure("What it takes to pay the plans off on that day.", payoff.plan_payoff, ("planned", "run_up")),
    "held": Figure("Limit reserved for purchases that are not posted yet, hold by hold.", amounts.held, ("available",)),
    "available": Figure("The limit less what is owed and reserved, plus credit.", amounts.available, ("owed", "held")),
}


class UnknownFigure(Exception):  # noqa: N818 - it is said to whoever asked
    """Nothing of this name can be explained; its text names what can."""

    def __init__(self, asked: str) -> None:
        super().__init__(f"{asked!r} is no figure that can be explained; there are: {', '.join(FIGURES)}")
        self.asked = asked


def explain(events: Iterable[AccountEvent], figure: str, day: date) -> Explanation:
    """How `figure` came about as of the end of `day`; `events` are all of the account's, from its first.

    Raises UnknownFigure, and ValueError where nothing had been opened by then.
    """
    found = FIGURES.get(figure)
    if found is None:
        raise UnknownFigure(figure)
    told = history(events, day)
    terms = book_on(told[:1], day).terms
    answer = found.explain(told, day)
    return Explanation(
        figure=figure,
        means=found.means,
        as_of=day,
        currency=terms.currency,
        steps=tuple(answer.steps),
        recorded=answer.recorded,
        see=found.see,
    )
