"""What a loan account owes: reckoned as any other, but for when it is billed, what is overdue costs, and paying early."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from infra.portfolio.plans import Plan, months_after, rounded
from infra.portfolio.reckoning import Reckoning


@dataclass(slots=True)
class LoanReckoning(Reckoning):
    """The money of an account of which loans are drawn."""

    drawn_on: date | None = None  # when the last plan was made

    @property
    def accrued(self) -> int:
        """Penalty that is not posted yet: overdue principal bears the raised rate, and a year has 360 days."""
        rate = Fraction(self.agreement.annual_rate) * Fraction(self.agreement.penalty_multiplier) / 360
        return rounded(rate * self.fen_days) - self.interest

    def _next_bill_day(self, after: date) -> date:
        """Some days before an instalment is due; where none is to come, before the day of the month of the last draw."""
        lead = timedelta(days=self.agreement.due_days)
        due_dates = [plan.instalments[0].due for plan in self.plans.values()]
        days = [due - lead for due in due_dates if due is not None]
        if not days and self.drawn_on is not None:
            months = (after.year - self.drawn_on.year) * 12 + after.month - self.drawn_on.month
            days = [months_after(self.drawn_on, months + ahead) - lead for ahead in range(3)]
        return min((day for day in days if day > after), default=date.max)

    def draw(self, plan_id: str, plan: Plan) -> None:
        """The day of the month is remembered, too."""
        Reckoning.draw(self, plan_id, plan)
        self.drawn_on = plan.made_on

    def agree(self, plan_id: str, plan: Plan) -> None:
        """The agreement's instalments are due on dates of their own."""
        Reckoning.agree(self, plan_id, plan)
        self.drawn_on = plan.made_on

    def receive(self, amount: int) -> None:
        """A payment finds the penalty of the days before it; with no principal left the last of it waits for its bill day."""
        if self.principal:
            self._post_interest()
            self._use_credit()
        self.pay(amount)
