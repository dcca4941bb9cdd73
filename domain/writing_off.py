"""Booking a debt as a loss by decision, and taking back what was booked in error; both need two people."""

from collections.abc import Iterator

from domain import charges
from domain.account import Account
from domain.commands import UndoWriteOff, WriteOff
from domain.delinquency import CHARGED_OFF, booked, lifted
from domain.events import AccountEvent, WriteOffUndone
from domain.lifecycle import move_standing
from domain.refusals import Refused

Facts = Iterator[AccountEvent]


def write_off(command: WriteOff, account: Account) -> Facts:
    """Book all that is owed as a loss before the days past due would; it stays owed."""
    standing = move_standing("write_off", account.standing)
    if standing is None:
        return
    # Credit may pay the last interest and what is planned, and the cap may give it up: then nothing is left to lose.
    ledger = account.ledger
    yield from charges.run_up(ledger)
    if ledger.owed == min(ledger.credit, ledger.planned):
        raise Refused("nothing_owed", standing=account.standing)
    yield from booked(account, command.reason, standing)


def undo_write_off(command: UndoWriteOff, account: Account) -> Facts:
    """It was an error: buckets stay as they are, minima return, interest goes on from today; the gap costs nothing."""
    after = account.ledger.fork()
    if after.charged_off_due is not None:
        after.undo_charge_off()
    overdue = next(after.missed(), None) is not None
    trigger = "undo_write_off_overdue" if overdue else "undo_write_off_billed" if after.billed else "undo_write_off"
    standing = move_standing(trigger, account.standing)
    if standing is not None:
        yield WriteOffUndone(reason=command.reason, recovered_fen=account.recovered, standing=standing)
        if CHARGED_OFF in account.frozen_since:
            yield lifted(account, CHARGED_OFF, None)
