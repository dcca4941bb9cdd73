"""Quotes: what a loan would cost, the yearly rate of payments, which debt to pay first. Of no account, and kept nowhere."""

import json
from typing import Annotated, Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from domain import quoting
from domain.advice import AdviceQuestion
from domain.quoting import Loan, ScheduleQuote
from domain.yields import ActuarialRate, EffectiveRate, InternalRate, RateQuestion, percent
from infra.http import strict_json
from infra.http.problems import documented
from infra.http.reads.questions import READERS, may, router
from infra.http.reads.reading import Desk
from infra.simulation.document import BadScenario, document

routes = router("/quotes", "quotes")
_UNREADABLE: dict[int | str, dict[str, Any]] = {
    status: said for status, said in documented(write=True).items() if status in {400, 413, 415}
}
_SIZE_MAX = 65_536  # bytes: what may be asked in so many is reckoned within a second or two
_LOAN: TypeAdapter[Loan] = TypeAdapter(Loan)
_ADVICE: TypeAdapter[AdviceQuestion] = TypeAdapter(AdviceQuestion)
_RATE: TypeAdapter[RateQuestion] = TypeAdapter(RateQuestion)
A = TypeVar("A")

# The models of the bodies, which are read from the bytes themselves: no digit is lost on the way.
BODIES: tuple[type[BaseModel], ...] = (Loan, AdviceQuestion, EffectiveRate, ActuarialRate, InternalRate)
EXAMPLES: dict[str, dict[str, Any]] = {
    "quote_schedule": {
        "principal": 1_200_000,
        "annual_rate_percent": "7.2",
        "disbursed_on": "2026-01-15",
        "instalments": 12,
    },
    "quote_apr": {
        "method": "effective",
        "advance": 600_000,
        "on": "2026-01-15",
        "payments": [{"amount": 660_000, "on": "2027-01-15"}],
    },
    "quote_advice": {
        "spare": 50_000,
        "debts": [
            {"name": "card", "balance": 300_000, "annual_rate_percent": "18.25", "minimum": 15_000},
            {"name": "car", "balance": 900_000, "annual_rate_percent": "6.5", "minimum": 20_000},
        ],
    },
}


class Apr(BaseModel):
    """A yearly rate as a percentage, to twenty digits."""

    apr_percent: str


class PayOf(BaseModel):
    """What to pay of one debt now."""

    name: str
    amount: int


class AdviceTold(BaseModel):
    """Which debt to pay first, and what following that every month costs; amounts in minor units."""

    payments: list[PayOf]
    shortfall: Annotated[int, Field(description="What is missing of the minima.")]
    interest: Annotated[int, Field(description="All that is paid until the debts are repaid.")]
    months: Annotated[int | None, Field(description="How long that takes; None: with so much a month it never is.")]
    interest_alike: Annotated[int, Field(description="The interest of paying all alike.")]
    months_alike: int | None
    interest_saved: int


def _body(operation: str, *models: type[BaseModel]) -> dict[str, Any]:
    names = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
    schema: dict[str, Any] = names[0] if len(names) == 1 else {"oneOf": names}
    return {"requestBody": {"required": True, "content": {"application/json": {
        "schema": schema, "example": EXAMPLES[operation],
    }}}}  # fmt: skip


async def _asked(request: Request, kind: TypeAdapter[A]) -> A:
    """What the body asks. Raises RequestValidationError with everything that is wrong."""
    content = await strict_json.read(request)
    if len(content) > _SIZE_MAX:
        raise RequestValidationError([{"loc": ("body",), "msg": f"it is larger than {_SIZE_MAX:,} bytes"}])
    try:
        # Digits are kept as they are written: what is read as a binary fraction is another number.
        said = document(content, "the question", number=str)
    except BadScenario as bad:
        raise RequestValidationError([{"loc": ("body",), "msg": str(bad)}]) from None
    try:
        return kind.validate_json(json.dumps(said))
    except ValidationError as invalid:
        # A place in one of several models begins with that model's tag, which stands nowhere in the body.
        tag = said.get("method")
        raise RequestValidationError(
            [
                {"loc": ("body", *(each["loc"][1:] if each["loc"][:1] == (tag,) else each["loc"])), "msg": each["msg"]}
                for each in invalid.errors(include_url=False, include_input=False)
            ]
        ) from None


@routes.post(
    "/schedule",
    operation_id="quote_schedule",
    summary="What falls due when of a loan, and what that costs a year",
    openapi_extra=_body("quote_schedule", Loan),
    responses=_UNREADABLE,
    dependencies=[may("quotes:read", READERS)],
)
async def quote_schedule(request: Request, desk: Desk) -> ScheduleQuote:
    """Every convention of lenders by its name. A debt that would grow is refused."""
    loan = await _asked(request, _LOAN)
    return await desk.long(quoting.quote, loan)


@routes.post(
    "/apr",
    operation_id="quote_apr",
    summary="The yearly rate of payments",
    openapi_extra=_body("quote_apr", EffectiveRate, ActuarialRate, InternalRate),
    responses=_UNREADABLE,
    dependencies=[may("quotes:read", READERS)],
)
async def quote_apr(request: Request, desk: Desk) -> Apr:
    """By the effective, the U.S. actuarial or the internal-rate method. Payments that no rate fits are refused."""
    question = await _asked(request, _RATE)
    return Apr(apr_percent=percent(await desk.long(question.rate)))


@routes.post(
    "/advice",
    operation_id="quote_advice",
    summary="Which of several debts to pay first, and what that saves",
    openapi_extra=_body("quote_advice", AdviceQuestion),
    responses=_UNREADABLE,
    dependencies=[may("quotes:read", READERS)],
)
async def quote_advice(request: Request, desk: Desk) -> AdviceTold:
    """Every minimum first, the rest to the dearest debt."""
    question = await _asked(request, _ADVICE)
    advised = await desk.long(question.answer)
    return AdviceTold(
        payments=[PayOf(name=name, amount=amount) for name, amount in advised.payments.items()],
        shortfall=advised.shortfall,
        interest=advised.advised.interest,
        months=advised.advised.months,
        interest_alike=advised.alike.interest,
        months_alike=advised.alike.months,
        interest_saved=advised.interest_saved,
    )
