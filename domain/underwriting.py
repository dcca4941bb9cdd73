"""Underwriting: how much more a person may have, and every reason against it. The score itself comes from outside.

    limit = the least of the product's, the score's, and exposure_max - exposure, rounded down to the policy's step
    exposure = limits of the person's accounts that are not closed + what they owe on closed ones + other lenders' limits

An account that is closing still has its limit here: the customer may stay after all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.customer import Customer
from domain.customer_events import ConsentKind, Ground, GroundKind
from domain.money import BIGINT_MAX, Fen, PositiveFen, Rate, ceiling
from domain.refusals import Refused
from domain.terms import Token

_WHOLE = 10_000  # hundredths of a percent


class Policy(BaseModel):
    """How much the lender trusts one person with, in one version; amounts in minor units of `currency`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    version: Token
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    # The zone in which a day of a customer's own commands is counted; an account's facts have the account's.
    zone: str = "Asia/Shanghai"
    exposure_max: Fen = 20_000_000
    # Other lenders at most, ourselves not counted.
    lenders_max: Annotated[int, Field(ge=0)] = 5
    # Monthly debt service as a share of monthly income, at most.
    debt_service_max: Rate = Decimal("0.50")
    # Limits are granted in whole multiples of this.
    limit_step: PositiveFen = 10_000
    # What the customer must have agreed to before a decision, and before money is first paid out.
    consents_to_decide: tuple[ConsentKind, ...] = ("credit_check",)
    consents_to_draw: tuple[ConsentKind, ...] = ("credit_check", "credit_reporting", "loan_agreement")


STANDARD_POLICY = Policy(version="people-2026.1")


@dataclass(frozen=True, slots=True)
class Applicant:
    """A customer as whoever decides on them sees them: with what their closed accounts still owe, by account."""

    customer: Customer
    policy: Policy = STANDARD_POLICY
    owed_closed: Mapping[UUID, int] = field(default_factory=dict)

    def exposure(self, without: UUID | None = None) -> int:
        """What they have or owe here and elsewhere, in minor units; one account may be left out."""
        lines = self.customer.lines
        limits = sum(line.limit for account_id, line in lines.items() if account_id != without)
        owed = sum(fen for account_id, fen in self.owed_closed.items() if account_id != without)
        return limits + owed + sum(reported.limit for reported in self.customer.lenders.values())


class Asked(NamedTuple):
    """What is asked for, and what comes from outside with it."""

    account_id: UUID
    present_limit: int  # 0 where there is no account yet
    product_min: int
    product_max: int
    score_limit: int
    debt_service_bp: int | None


class Verdict(NamedTuple):
    """The limit that may be given (0 where there are grounds against it), and the figures it rests on."""

    limit: int
    exposure: int
    grounds: tuple[Ground, ...]


def debt_service_bp(service: int, income: int) -> int | None:
    """Debt service in hundredths of a percent of income, rounded up; None where there is no income to pay from."""
    return min(-(-service * _WHOLE // income), BIGINT_MAX) if income else None


def underwrite(asked: Asked, applicant: Applicant) -> Verdict:
    """What may be given, or every reason why nothing may, in the order of `GROUNDS`."""
    policy = applicant.policy
    exposure = applicant.exposure(without=asked.account_id)
    by_score = _down(min(asked.score_limit, asked.product_max), policy)
    limit = min(by_score, _down(max(0, policy.exposure_max - exposure), policy))
    grounds = list(_against_the_person(applicant.customer, policy))
    grounds += _debt_service(asked.debt_service_bp, policy)
    lowest = asked.product_min
    if by_score < lowest:
        grounds.append(_ground("score_limit_too_low", by_score, lowest))
    highest = policy.exposure_max + _down(-lowest, policy)  # which leaves room for the least limit that there is
    if exposure > highest:
        grounds.append(_ground("exposure_too_high", exposure, max(0, highest)))
    if not grounds and limit <= asked.present_limit:
        grounds.append(_ground("not_above_present", limit, asked.present_limit))
    return Verdict(0 if grounds else limit, exposure, tuple(grounds))


def _down(fen: int, policy: Policy) -> int:
    return fen // policy.limit_step * policy.limit_step


def check_raise(applicant: Applicant, account_id: UUID, limit: int) -> None:
    """A limit that somebody sets by hand may not take the person past `exposure_max` either."""
    exposure, highest = applicant.exposure(without=account_id), applicant.policy.exposure_max
    if exposure + limit > highest:
        raise Refused("exposure_exceeded", field="limit_fen", asked=limit, exposure=exposure, highest=highest)


def check_currency(currency: str, policy: Policy) -> None:
    """Limits of one person are added up, so they are granted in one currency."""
    if currency != policy.currency:
        raise Refused("currency_differs", field="currency", asked=currency, allowed=policy.currency)


def check_draw(applicant: Applicant) -> None:
    """Before each payout of a loan: identity and consents are there, and nothing has come to stand against the person.

    Raises Refused: `identity_unverified`, `consent_missing` with the kinds, or `not_eligible` with every ground.
    """
    customer, policy = applicant.customer, applicant.policy
    if customer.identity_verified_on is None:
        raise Refused("identity_unverified", customer_id=customer.customer_id)
    check_consents(customer, policy.consents_to_draw)
    grounds = list(_against_the_person(customer, policy))
    if customer.applications:  # a limit that was set by hand was judged by whoever set it
        grounds += _debt_service(customer.debt_service_bp, policy)
    exposure = applicant.exposure()
    if exposure > policy.exposure_max:
        grounds.append(_ground("exposure_too_high", exposure, policy.exposure_max))
    if grounds:
        numbers = {f"{each.kind}_{name}": getattr(each, name) for each in grounds for name in ("found", "bound")}
        raise Refused(
            "not_eligible",
            grounds=[each.kind for each in grounds],
            **{name: number for name, number in numbers.items() if number is not None},
        )


def check_consents(customer: Customer, needed: tuple[ConsentKind, ...]) -> None:
    """The customer must agree to all of them."""
    missing = [kind for kind in needed if not customer.agrees(kind)]
    if missing:
        raise Refused("consent_missing", field="kind", missing=missing)


def _against_the_person(customer: Customer, policy: Policy) -> Iterator[Ground]:
    if not customer.adult:
        yield _ground("not_adult")
    if customer.deceased:
        yield _ground("deceased")
    if customer.charged_off:
        yield _ground("charged_off", sum(line.charged_off for line in customer.lines.values()), 0)
    if customer.lenders_now > policy.lenders_max:
        yield _ground("too_many_lenders", customer.lenders_now, policy.lenders_max)


def _debt_service(service_bp: int | None, policy: Policy) -> Iterator[Ground]:
    highest = ceiling(policy.debt_service_max, _WHOLE)
    if service_bp is None or service_bp > highest:
        yield _ground("debt_service_too_high", service_bp, highest)


def _ground(kind: GroundKind, found: int | None = None, bound: int | None = None) -> Ground:
    return Ground(kind=kind, found=found, bound=bound)
