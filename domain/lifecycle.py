"""The two state machines, declared once: may the account borrow (access), and how does its debt stand (standing).

Each row names a trigger and says for every state what follows: another state (or the same one again, with an
event), `nothing` (accepted, no event), `never` (cannot arise), or the reason it is refused with. The diagrams, the
exhaustive test, the command line and the decisions all read these tables. Conditions and numbers belong to the
decisions; replay never asks: events carry the state they lead to.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, get_args

from transitions import Machine

from domain.events import Access, Standing, Status
from domain.refusals import Reason, Refused


class Refuse(NamedTuple):
    """The outcome of a trigger that is refused, with its reason."""

    reason: Reason


Outcome = str | Refuse
NOTHING, NEVER = "nothing", "never"
NO_MOVE = Refuse("no_such_move")
NOT_ACTIVATED = Refuse("not_activated")
NOT_FROZEN = Refuse("not_frozen")
NOT_CHARGED_OFF = Refuse("not_charged_off")
NOTHING_BILLED = Refuse("nothing_billed")
ACCESS_STATES: tuple[str, ...] = get_args(Access)
STANDING_STATES: tuple[str, ...] = get_args(Standing)


class Row(NamedTuple):
    """One trigger of a table: what it does in each state, in the order of the states, and what it means."""

    trigger: str
    outcomes: tuple[Outcome, ...]
    meaning: str


# pending, open, frozen, closing, closed
ACCESS_TABLE: tuple[Row, ...] = (
    Row("activate", ("open", NOTHING, NO_MOVE, NO_MOVE, NO_MOVE), "the limit is granted"),
    Row("migrate", ("open", NOTHING, NO_MOVE, NO_MOVE, NO_MOVE), "a living account is taken over, limit and debt"),
    Row("decline", ("closed", NO_MOVE, NO_MOVE, NO_MOVE, NOTHING), "the application ends without a limit"),
    Row("freeze", (NOT_ACTIVATED, "frozen", "frozen", "closing", "closed"), "a person sets a new freeze reason"),
    Row("freeze_by_system", (NOT_ACTIVATED, "frozen", "frozen", "closing", NOTHING), "the system sets a new one"),
    Row("freeze_again", (NEVER, NEVER, NOTHING, NOTHING, NOTHING), "the reason stands already"),
    Row("lift", (NEVER, NEVER, "frozen", "closing", "closed"), "a reason is lifted, others remain"),
    Row("lift_last", (NEVER, NEVER, "open", "closing", "closed"), "the last reason is lifted"),
    Row("lift_absent", (NOT_ACTIVATED, NOT_FROZEN, NOT_FROZEN, NOT_FROZEN, NOT_FROZEN), "no such reason"),
    Row("request_closure", (NOT_ACTIVATED, "closed", "closed", NOTHING, NOTHING), "the customer leaves"),
    Row(
        "request_closure_blocked",
        (NOT_ACTIVATED, "closing", "closing", NOTHING, NOTHING),
        "the customer leaves, but something stands in the way",
    ),
    Row("withdraw_closure", (NO_MOVE, NO_MOVE, NO_MOVE, "open", Refuse("account_closed")), "the customer stays"),
    Row(
        "withdraw_closure_frozen",
        (NO_MOVE, NO_MOVE, NO_MOVE, "frozen", Refuse("account_closed")),
        "the customer stays, freeze reasons remain",
    ),
    Row("obstacles_gone", (NEVER, NEVER, NEVER, "closed", NEVER), "nothing stands in the way of closure any more"),
    Row("recover", (NEVER, NEVER, "closed", "closed", NOTHING), "charged-off debt was fully repaid"),
    Row(
        "force_close",
        (NO_MOVE, "closed", "closed", "closed", NOTHING),
        "closed at once, debt or not; or for inactivity",
    ),
    Row("reinstate", (NO_MOVE, NO_MOVE, NO_MOVE, NO_MOVE, "open"), "a closure by force or for inactivity is undone"),
    Row(
        "reinstate_frozen",
        (NO_MOVE, NO_MOVE, NO_MOVE, NO_MOVE, "frozen"),
        "it is undone, freeze reasons remain",
    ),
)

# clear, billed, paid, overdue, charged_off
STANDING_TABLE: tuple[Row, ...] = (
    Row("issue", ("billed", "billed", "billed", "overdue", NEVER), "a statement is issued"),
    Row("settle", (NEVER, "paid", NOTHING, NEVER, NEVER), "nothing billed is left"),
    Row("miss", (NEVER, "overdue", NEVER, "overdue", NOTHING), "a minimum was not paid in time"),
    Row("cure", (NEVER, NOTHING, NOTHING, "billed", NOTHING), "no minimum is missed any more"),
    Row(
        "convert_away",
        (NOTHING_BILLED, "clear", NOTHING_BILLED, Refuse("overdue"), Refuse("charged_off")),
        "a conversion to instalments took all that was billed",
    ),
    Row(
        "restructure",
        (NOTHING_BILLED, "billed", NOTHING_BILLED, "billed", Refuse("charged_off")),
        "what cannot be paid as billed becomes a new plan",
    ),
    Row("write_off_by_dpd", (NEVER, NEVER, NEVER, "charged_off", NOTHING), "the days past due reach the bound"),
    Row(
        "write_off",
        ("charged_off", "charged_off", "charged_off", "charged_off", NOTHING),
        "booked as a loss by decision; refused where nothing is owed",
    ),
    Row("recover", (NEVER, NEVER, NEVER, NEVER, "paid"), "the loss is fully repaid"),
    Row(
        "undo_write_off",
        (NOT_CHARGED_OFF, NOT_CHARGED_OFF, NOT_CHARGED_OFF, NOT_CHARGED_OFF, "clear"),
        "it was booked in error, and nothing is billed",
    ),
    Row(
        "undo_write_off_billed",
        (NOT_CHARGED_OFF, NOT_CHARGED_OFF, NOT_CHARGED_OFF, NOT_CHARGED_OFF, "billed"),
        "it was booked in error, and no minimum is missed",
    ),
    Row(
        "undo_write_off_overdue",
        (NOT_CHARGED_OFF, NOT_CHARGED_OFF, NOT_CHARGED_OFF, NOT_CHARGED_OFF, "overdue"),
        "it was booked in error, and a minimum is missed",
    ),
    Row("reopen", ("billed", NOTHING, "billed", NOTHING, NOTHING), "a correction finds something billed still owed"),
    Row("reopen_charged_off", (NEVER, NEVER, "charged_off", NEVER, NOTHING), "what had repaid a loss was returned"),
    Row("reopen_overdue", ("overdue", "overdue", "overdue", NOTHING, NOTHING), "a correction finds a minimum missed"),
)


def _machine(states: tuple[str, ...], table: tuple[Row, ...]) -> Machine:
    """The moves of a table as a `transitions` machine. It has no model: no account is ever attached to it."""
    machine = Machine(model=None, states=list(states), initial=states[0], auto_transitions=False)
    for row in table:
        for source, outcome in zip(states, row.outcomes, strict=True):
            if outcome in states:
                machine.add_transition(row.trigger, source, outcome)
    return machine


ACCESS_MACHINE = _machine(ACCESS_STATES, ACCESS_TABLE)
STANDING_MACHINE = _machine(STANDING_STATES, STANDING_TABLE)


def _lookup(machine: Machine, states: tuple[str, ...], table: tuple[Row, ...]) -> Mapping[tuple[str, str], Outcome]:
    """What the machine and the table answer, as one immutable mapping: a hundred times faster than asking it."""
    answers: dict[tuple[str, str], Outcome] = {}
    for row in table:
        for source, outcome in zip(states, row.outcomes, strict=True):
            moves = machine.get_transitions(row.trigger, source)
            answers[row.trigger, source] = str(moves[0].dest) if moves else outcome
    return MappingProxyType(answers)


_ACCESS = _lookup(ACCESS_MACHINE, ACCESS_STATES, ACCESS_TABLE)
_STANDING = _lookup(STANDING_MACHINE, STANDING_STATES, STANDING_TABLE)


class Impossible(Exception):  # noqa: N818 - the name says what it is
    """A move was fired that the tables say can never arise: a defect of this program."""


def _ask(answers: Mapping[tuple[str, str], Outcome], trigger: str, state: str, **numbers: object) -> str | None:
    outcome = answers[trigger, state]
    if outcome == NOTHING:
        return None
    if outcome == NEVER:
        message = f"{trigger} was fired in {state}"
        raise Impossible(message)
    if isinstance(outcome, Refuse):
        raise Refused(outcome.reason, **numbers)
    return outcome


def move_access(trigger: str, state: Access) -> Access | None:
    """The access that `trigger` leads to from `state`; None when nothing is to be recorded. May refuse."""
    return _ask(_ACCESS, trigger, state, access=state)  # type: ignore[return-value] # the table holds only Access


def move_standing(trigger: str, state: Standing) -> Standing | None:
    """The standing that `trigger` leads to from `state`; None when nothing is to be recorded."""
    return _ask(_STANDING, trigger, state, standing=state)  # type: ignore[return-value] # only Standing in the table


def headline(access: Access, standing: Standing) -> Status:
    """The one word for everyone else; it hides debt, so whoever needs the debt reads `standing` and the buckets."""
    if access == "closed":
        return "closed"
    if access in ("frozen", "closing"):
        return "frozen"
    if standing in ("overdue", "charged_off"):
        return "overdue"
    if standing == "billed":
        return "billed"
    if standing == "paid":
        return "paid"
    return "activated" if access == "open" else "pending"
