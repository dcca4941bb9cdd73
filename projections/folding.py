"""The one loop all views are folded with: it passes over what a row has seen, and a hole is loud."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol, TypeVar
from uuid import UUID

from domain.events import AccountOpened, UnpaidMinimum
from domain.recorded import Recorded


class Row(Protocol):
    """What is kept of one account: `version` is the last event that is in it."""

    version: int


R = TypeVar("R", bound=Row)


class View(Protocol[R]):
    """What a projection module offers. `step` owns the row it is given, and may return it changed."""

    def key(self, recorded: Recorded, /) -> UUID: ...

    def step(self, row: R | None, recorded: Recorded, /) -> R: ...


class Gap(Exception):  # noqa: N818 - it names a hole in what was delivered
    """An event is missing between a row and what came next. Nothing may be folded over a hole: stop, and find it."""

    def __init__(self, account_id: UUID, expected: int, got: int) -> None:
        super().__init__(f"account {account_id}: version {expected} was expected next, {got} came")
        self.account_id, self.expected, self.got = account_id, expected, got


class BeforeOpening(Exception):  # noqa: N818 - it is an answer, not an error
    """The account did not exist on the day that was asked for."""

    def __init__(self, account_id: UUID, asked: date, opened_on: date) -> None:
        super().__init__(f"account {account_id} was opened on {opened_on}; nothing is known of it on {asked}")
        self.account_id, self.asked, self.opened_on = account_id, asked, opened_on


def fold(rows: dict[UUID, R], batch: Iterable[Recorded], view: View[R]) -> None:
    """Fold `batch` into `rows`, by account; both the dictionary and its rows are changed in place.

    Versions that a row has seen are passed over, so redelivery is harmless. Raises Gap on a hole, and the rows are
    then to be thrown away.
    """
    key, step = view.key, view.step
    for recorded in batch:
        account_id = key(recorded)
        row = rows.get(account_id)
        seen = 0 if row is None else row.version
        if recorded.version <= seen:
            continue
        if recorded.version != seen + 1:
            raise Gap(account_id, seen + 1, recorded.version)
        rows[account_id] = step(row, recorded)


def opening(recorded: Recorded) -> AccountOpened:
    """The event that begins an account's history. Raises TypeError when the history begins with anything else."""
    if not isinstance(recorded.event, AccountOpened):
        raise TypeError(f"account {recorded.account_id} begins with {recorded.type}, not with account.opened")
    return recorded.event


def missed(minima: Sequence[UnpaidMinimum], day: date, grace_days: int, tolerance: int) -> list[UnpaidMinimum]:
    """The minima that were tested by `day` (on due date + grace + 1) and are still unpaid above `tolerance` fen.

    Charged-off debt (number 0) is all missed, whatever the day and the tolerance.
    """
    return [
        layer
        for layer in minima
        if layer.statement_no == 0 or ((day - layer.due_date).days > grace_days and layer.amount_fen > tolerance)
    ]


def demanded(
    minima: tuple[UnpaidMinimum, ...], since: date, day: date, grace_days: int, tolerance: int
) -> tuple[UnpaidMinimum, ...]:
    """Of the `minima` as `since` ended, those that are demanded on `day` if nothing was paid in between.

    One that is within `tolerance` fen at its due test is met by it. What is left of one that was missed before is not.
    """
    if not tolerance:
        return minima
    return tuple(
        layer
        for layer in minima
        if layer.statement_no == 0
        or layer.amount_fen > tolerance
        or not (since - layer.due_date).days <= grace_days < (day - layer.due_date).days
    )


def days_past_due(layers: Sequence[UnpaidMinimum], day: date) -> int:
    """Days from the due date of the oldest of the missed `layers` to `day`, grace included; 0 when there is none."""
    return max(0, (day - min(layer.due_date for layer in layers)).days) if layers else 0
