"""What an explanation is: steps, each with its rule, parameters, events, arithmetic and result."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, computed_field

from domain.events import (
    AccountChargedOff,
    AccountEvent,
    AccountMigrated,
    BalancesCorrected,
    DebtWaived,
    Event,
    InstalmentPosted,
    PlanBroken,
    PlanSettledEarly,
)

Unit = Literal["fen", "fen-days", "days"]
_NOTHING: Mapping[str, int | str] = MappingProxyType({})
_REFERENCES = ("purchase_id", "payment_ref", "refund_id", "plan_id", "hold_id", "statement_no")
_AMOUNTS = ("amount_fen", "balance_fen", "limit_fen", "missed_fen", "owed_fen", "principal_fen")
# Where the amount of an event is several of its own together.
_SUMMED: dict[type[Event], tuple[str, ...]] = {
    DebtWaived: ("fees_fen", "interest_fen", "refunded_fen"),
    InstalmentPosted: ("principal_fen", "interest_fen", "fees_fen"),
    PlanBroken: ("principal_fen", "interest_fen", "fees_fen"),
    PlanSettledEarly: ("principal_fen", "interest_fen", "fee_fen"),
}


class Told(NamedTuple):
    """An event and its version: which one of the account's events it is."""

    version: int
    event: AccountEvent


class Mentioned(BaseModel):
    """An event that a step rests on; an event that is about no money has no amount."""

    model_config = ConfigDict(frozen=True)

    version: int
    date: date
    type: str
    reference: Annotated[
        str, Field(description="The purchase, payment, plan, hold or statement it is about, or empty.")
    ]
    amount_fen: int | None


class Step(BaseModel):
    """One rule applied once."""

    model_config = ConfigDict(frozen=True)

    rule: Annotated[str, Field(description="What the agreement says, in the customer's words.")]
    section: Annotated[str, Field(description="Where the rulebook says it.")]
    parameters: dict[str, int | str]
    events: tuple[Mentioned, ...]
    arithmetic: str
    result: int
    unit: Unit


class Explanation(BaseModel):
    """How one figure of one day came about; the last step's result is the figure."""

    model_config = ConfigDict(frozen=True)

    figure: str
    means: Annotated[str, Field(description="What the figure is, in one sentence.")]
    as_of: date
    currency: str
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    recorded: Annotated[int | None, Field(description="The figure as the events themselves carry it, where they do.")]
    see: Annotated[tuple[str, ...], Field(description="Figures that are asked for next.")] = ()

    @computed_field  # type: ignore[prop-decorator] # pydantic's own way to say so
    @property
    def result(self) -> int:
        """The figure."""
        return self.steps[-1].result

    @computed_field  # type: ignore[prop-decorator] # as above
    @property
    def unit(self) -> Unit:
        """What the figure counts."""
        return self.steps[-1].unit

    @computed_field  # type: ignore[prop-decorator] # as above
    @property
    def agrees(self) -> bool:
        """Whether what was recorded is what is reckoned here."""
        return self.recorded is None or self.recorded == self.result


class Answer(NamedTuple):
    """A figure's steps, and the figure as the events carry it, where they do."""

    steps: Sequence[Step]
    recorded: int | None = None


def step(
    rule: str,
    section: str,
    arithmetic: str,
    result: int,
    *,
    unit: Unit = "fen",
    events: Iterable[Told | None] = (),
    said: Mapping[str, int | str] = _NOTHING,
    **parameters: int | str,
) -> Step:
    """A step; its events are named in the order of their versions, each once. `said` are parameters, too."""
    known = {told.version: told for told in events if told is not None}
    return Step(
        rule=rule,
        section=section,
        parameters={**said, **parameters},
        events=tuple(mention(known[version]) for version in sorted(known)),
        arithmetic=arithmetic,
        result=result,
        unit=unit,
    )


def mention(told: Told) -> Mentioned:
    """The event, as a step names it."""
    event = told.event
    found = (said for name in _REFERENCES if (said := getattr(event, name, None)) is not None)
    return Mentioned(
        version=told.version,
        date=event.business_date,
        type=event.TYPE,
        reference=str(next(found, "")),
        amount_fen=_amount(event),
    )


def _amount(event: AccountEvent) -> int | None:
    summed = _SUMMED.get(type(event))
    if summed is not None:
        return sum(int(getattr(event, name)) for name in summed)
    if isinstance(event, BalancesCorrected):
        return sum(event.deltas.values()) - 2 * event.deltas.get("credit", 0)
    if isinstance(event, AccountChargedOff):
        return sum(event.amounts.values())
    if isinstance(event, AccountMigrated):
        return event.balances.total
    return next((getattr(event, name) for name in _AMOUNTS if hasattr(event, name)), None)
