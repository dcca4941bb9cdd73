"""Whether one account may borrow, and how much: its limit, what is held of it, freezes, appeals, and its end.

No money moves in here. It shares no decision with the domain, so that the two may be compared.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from domain.commands import (
    AccountCommand,
    Activate,
    Authorize,
    ChangeLimit,
    DecideAppeal,
    Decline,
    ForceClose,
    Freeze,
    LodgeAppeal,
    RecordDeath,
    Reinstate,
    ReleaseHold,
    RequestClosure,
    Unfreeze,
    WithdrawClosure,
)


@dataclass(slots=True)
class Hold:
    """Limit that a merchant reserved: when, how much, what of it is left, and the last day on which it stands."""

    on: date
    amount: int
    left: int
    until: date


@dataclass(slots=True)
class Appeal:
    """What somebody asked to be looked at again, and the answer, once there is one."""

    against: str
    outcome: str = ""


@dataclass(slots=True)
class Line:
    """What an account may borrow. Access is pending, open, closing or closed; open it may be frozen all the same."""

    hold_days: int
    limit: int = 0
    access: str = "pending"
    frozen_for: set[str] = field(default_factory=set)  # reasons that people gave; the calendar's are not in here
    holds: dict[str, Hold] = field(default_factory=dict)
    appeals: dict[str, Appeal] = field(default_factory=dict)
    closure_appeal: str = ""  # the latest against the closure that stands

    @property
    def held(self) -> int:
        """What is reserved of the limit."""
        return sum(hold.left for hold in self.holds.values())

    @property
    def open_holds(self) -> dict[str, Hold]:
        """Those of which something is left."""
        return {hold_id: hold for hold_id, hold in self.holds.items() if hold.left}

    @property
    def may_close(self) -> bool:
        """Whether nothing but money stands in the way of somebody who wants to leave."""
        return not self.held and "legal_order" not in self.frozen_for

    @property
    def over(self) -> bool:
        """Closed, and nobody has asked for that to be undone without being told no."""
        appeal = self.appeals.get(self.closure_appeal)
        return self.access == "closed" and (appeal is None or appeal.outcome == "rejected")

    def reach(self, day: date) -> bool:
        """Holds end with their last day; says whether one did that was left."""
        ended = [hold for hold in self.holds.values() if hold.left and hold.until < day]
        for hold in ended:
            hold.left = 0
        return bool(ended)

    def capture(self, hold_id: str, amount: int, *, final: bool) -> Hold:
        """A purchase takes what it can of its hold; the final one gives the rest back."""
        hold = self.holds[hold_id]
        hold.left = 0 if final else max(0, hold.left - amount)
        return hold

    def close(self) -> None:
        """The end, by whatever way: nothing is reserved any more."""
        self.access = "closed"
        self.closure_appeal = ""
        for hold in self.holds.values():
            hold.left = 0

    def decide(self, command: AccountCommand, today: date) -> None:
        """What a command that was accepted means for the line."""
        match command:
            case Activate() | ChangeLimit():
                self.access = "open" if self.access == "pending" else self.access
                self.limit = command.limit_fen
            case Authorize():
                until = today + timedelta(days=self.hold_days)
                self.holds.setdefault(command.hold_id, Hold(today, command.amount_fen, command.amount_fen, until))
            case ReleaseHold():
                self.holds[command.hold_id].left = 0
            case Freeze() | Unfreeze() | RecordDeath():
                self._freeze(command)
            case LodgeAppeal() | DecideAppeal():
                self._hear(command)
            case RequestClosure() | WithdrawClosure() | ForceClose() | Decline() | Reinstate():
                self._end_or_go_on(command)
            case _:
                pass

    def _freeze(self, command: Freeze | Unfreeze | RecordDeath) -> None:
        match command:
            case Freeze():
                self.frozen_for.add(command.reason)
            case Unfreeze():
                self.frozen_for.discard(command.reason)
            case RecordDeath():
                self.frozen_for.add("deceased")

    def _hear(self, command: LodgeAppeal | DecideAppeal) -> None:
        if isinstance(command, LodgeAppeal):
            self.appeals.setdefault(command.appeal_id, Appeal(command.against))
            if command.against == "closure":
                self.closure_appeal = command.appeal_id
            return
        appeal = self.appeals[command.appeal_id]
        if appeal.outcome:
            return
        appeal.outcome = command.outcome
        if appeal.outcome != "rejected" and appeal.against != "closure":
            self.frozen_for.discard(appeal.against)
            if command.limit_fen is not None and self.access == "open":
                self.limit = command.limit_fen

    def _end_or_go_on(self, command: RequestClosure | WithdrawClosure | ForceClose | Decline | Reinstate) -> None:
        match command:
            case RequestClosure():
                self.access = "closing" if self.access == "open" else self.access
            case WithdrawClosure():
                self.access = "open"
            case ForceClose() | Decline():
                if self.access != "closed":
                    self.close()
            case Reinstate():
                self.access, self.limit = "open", command.limit_fen
