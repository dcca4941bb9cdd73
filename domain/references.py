"""What was said before, by its reference: saying it again changes nothing, and with other content it is refused.

References are remembered for ever. Those of the last months are at hand one by one; older ones are filed as text on
shelves, by a hash of their names, and nobody copies or takes them apart until a name is looked up. So a long life costs
no more than a short one.
"""

from datetime import date
from typing import Literal, NamedTuple, TypeVar, get_args
from zlib import crc32

from pydantic import TypeAdapter

from domain.events import Appealable, AppealOutcome, CodeChange, PlanKind


class Posted(NamedTuple):
    """A purchase as it was posted, and how much of it was refunded or found never to have counted since."""

    on: date
    amount: int
    merchant_id: str
    gone: int = 0
    hold_id: str = ""

    @property
    def left(self) -> int:
        """What may still be refunded or disputed of it."""
        return self.amount - self.gone


class Held(NamedTuple):
    """Limit reserved for a purchase: what of it is left, until the end of which day, and how it ended."""

    on: date
    amount: int
    merchant_id: str
    expires_on: date
    left: int
    ended: str | None = None


class Refunded(NamedTuple):
    """A refund of a purchase, from its value date."""

    on: date
    purchase_id: str
    amount: int


class Received(NamedTuple):
    """A payment from its value date; `paid_billed` is what it had paid of billed buckets, `recovered` of a loss.

    `plan_id` is the plan that it settled, and nothing else, or of which it paid so much principal early, `prepaid`.
    """

    on: date
    amount: int
    paid_billed: int
    reversed: bool = False
    recovered: int = 0
    plan_id: str = ""
    prepaid: int = 0


class Planned(NamedTuple):
    """A plan as it was made; what is left of it the ledger knows."""

    on: date
    amount: int
    months: int
    statement_no: int
    kind: PlanKind = "conversion"


class Drawn(NamedTuple):
    """A loan as it was drawn; how it falls due, and in how many months, its plan says."""

    on: date
    amount: int
    plan_id: str
    payout_token: str


class PaidOut(NamedTuple):
    """Credit that was paid out."""

    on: date
    amount: int
    payout_token: str


class Dispute(NamedTuple):
    """A dispute as it was opened, what of it is still open, and how it ended."""

    on: date
    purchase_id: str
    amount: int
    reason: str
    open: int
    outcome: Literal["upheld", "rejected", "refunded"] | None = None


class Appeal(NamedTuple):
    """An appeal as it was lodged, and how it was answered; `limit` is the highest that the answer allows."""

    on: date
    against: Appealable
    decide_by: date
    evidence_ref: str | None
    outcome: AppealOutcome | None = None
    limit: int | None = None


class ReportDispute(NamedTuple):
    """A dispute of the credit report: the months that are denied, of which loan, and how and why it was decided."""

    on: date
    months: tuple[str, ...]
    decide_by: date
    outcome: Literal["upheld", "rejected"] | None = None
    changes: tuple[CodeChange, ...] = ()
    reason: str | None = None
    plan_id: str | None = None


class Death(NamedTuple):
    """The day the customer died on, and by purchase what was bought after it and never counted."""

    on: date
    dropped: tuple[tuple[str, int], ...]


Older = tuple[str, ...]
EMPTY: Older = ("",) * 32
Reference = Posted | Held | Refunded | Received | Planned | Drawn | PaidOut | Dispute
R = TypeVar("R", Posted, Held, Refunded, Received, Planned, Drawn, PaidOut, Dispute)
_READ: dict[type[Reference], TypeAdapter[Reference]] = {kind: TypeAdapter(kind) for kind in get_args(Reference)}


def filed(older: Older, known: dict[str, R], day: date) -> Older:
    """`older`, and what of `known` counts before `day` and is not open; that is taken out of `known`.

    Neither names nor values have the signs in them that part them here.
    """
    old = [name for name, each in known.items() if each.on < day and not _is_open(each)]
    if not old:
        return older
    shelves = list(older)
    for name in old:
        each = known.pop(name)
        shelves[_shelf(name)] += f"{_head(type(each), name)}{'|'.join(map(str, each))};"
    return tuple(shelves)


def found(older: Older, kind: type[R], name: str) -> R | None:
    """What was filed last under this name."""
    shelf, head = older[_shelf(name)], _head(kind, name)
    start = shelf.rfind(head)
    if start < 0:
        return None
    start += len(head)
    values = shelf[start : shelf.index(";", start)].split("|")
    return _READ[kind].validate_python(values)  # type: ignore[return-value] # it is of the kind that reads it


def _is_open(each: Reference) -> bool:
    return (isinstance(each, Dispute) and each.outcome is None) or (isinstance(each, Held) and each.ended is None)


def _head(kind: type[Reference], name: str) -> str:
    return f";{kind.__name__}|{name}|"


def _shelf(name: str) -> int:
    return crc32(name.encode()) % len(EMPTY)
