"""What several decisions check before they record anything; each refuses with its reason and the numbers."""

from datetime import date, timedelta

from domain.account import Account
from domain.commands import Command
from domain.money import FEN_MAX
from domain.refusals import Reason, Refused

WHY_NOT_OPEN: dict[str, Reason] = {
    "pending": "not_activated",
    "frozen": "account_frozen",
    "closing": "account_closing",
    "closed": "account_closed",
}


def check_same(reason: Reason, field: str, reference: str, known: object, asked: object) -> None:
    """A reference that was used before must come with the content of that first time."""
    if known != asked:
        raise Refused(reason, field=field, reference=reference, first=known, asked=asked)


def check_value_date(account: Account, value_date: date | None, today: date, field: str = "value_date") -> date:
    """The day from which a fact counts: today, or an earlier one within the terms' bound and not before activation."""
    if value_date is None:
        return today
    furthest = today - timedelta(days=account.ledger.terms.backdate_days_max)
    earliest = max(furthest, account.activated_on or today)
    if not earliest <= value_date <= today:
        raise Refused("value_date_not_allowed", field=field, asked=value_date, earliest=earliest, latest=today)
    return value_date


def check_four_eyes(command: Command) -> None:
    """What cannot be taken back lightly needs two people, and two different ones."""
    if command.second_actor is None or command.second_actor == command.actor:
        raise Refused("second_actor_needed", field="second_actor", actor=str(command.actor))


def check_bound(amount: int, on_top_of: int) -> None:
    """An amount on top of what is there must stay within the bound of money."""
    # Each amount alone is bounded at the door; their sum must stay writable too.
    if amount + on_top_of > FEN_MAX:
        raise Refused("amount_invalid", field="amount_fen", asked=amount, highest=FEN_MAX - on_top_of)
