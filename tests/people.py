"""The words in which customers are specified: given what was told of a person, when something is asked, then.

    given(*KNOWN).when(apply_for_line(score=800_000)).then(event(ApplicationGranted, limit_fen=800_000))

A person has accounts; what happens to those is told by the words of `specification`, with the account's number before
them: `on(1, buy("p1", 5_000))`. Account 1 grows from `application-1`. What an account means to its customer follows by
itself, as it does at the door.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, Self
from uuid import UUID

from domain.account import Account
from domain.customer import Customer, evolve
from domain.customer_commands import (
    AcknowledgeNotice,
    Apply,
    ApplyForMore,
    CustomerCommand,
    EstablishAge,
    GiveConsent,
    ReportLender,
    SetContactPreference,
    VerifyIdentity,
    WithdrawConsent,
)
from domain.customer_decisions import about, decide_for_customer, follow
from domain.decisions import decide
from domain.events import AnyEvent
from domain.identity import account_id_for
from domain.refusals import Refused
from domain.terms import PAY_LATER, Catalogue, Terms, catalogue
from domain.underwriting import STANDARD_POLICY, Applicant, Policy
from tests.specification import FIRST_DAY, OFFICER, Asked, instant

PERSON = "customer-1"


class AskedOfPerson(NamedTuple):
    """Something asked of the person on a day; without one, on the day of what came before."""

    kind: type[CustomerCommand]
    on: str | None
    fields: dict[str, Any]
    published: Catalogue = catalogue(PAY_LATER)


class AskedOfAccount(NamedTuple):
    """Something asked of one of the person's accounts."""

    number: int
    asked: Asked


def account(number: int = 1) -> UUID:
    """The id of the person's account of that number."""
    return account_id_for(PERSON, f"application-{number}")


def on(number: int, asked: Asked) -> AskedOfAccount:
    return AskedOfAccount(number, asked)


def consent(kind: str, on: str | None = None) -> AskedOfPerson:
    return AskedOfPerson(GiveConsent, on, {"kind": kind, "evidence_ref": "form-1"})


def withdraw_consent(kind: str, on: str | None = None) -> AskedOfPerson:
    return AskedOfPerson(WithdrawConsent, on, {"kind": kind})


def verify_identity(on: str | None = None) -> AskedOfPerson:
    return AskedOfPerson(VerifyIdentity, on, {"evidence_ref": "check-1"})


def establish_age(adult: bool = True, on: str | None = None) -> AskedOfPerson:  # noqa: FBT001, FBT002 - it reads well
    return AskedOfPerson(EstablishAge, on, {"adult": adult, "evidence_ref": "check-2"})


def report_lender(lender: str, limit: int, reported_on: str = FIRST_DAY, on: str | None = None) -> AskedOfPerson:
    said = {"lender": lender, "limit_fen": limit, "reported_on": date.fromisoformat(reported_on)}
    return AskedOfPerson(ReportLender, on, said)


def apply_for_line(
    number: int = 1,
    score: int = 5_000_000,
    income: int = 1_000_000,
    service: int = 100_000,
    on: str | None = None,
    agreed: Terms = PAY_LATER,
    **fields: Any,
) -> AskedOfPerson:
    said = {
        "application_ref": f"application-{number}", "terms_version": agreed.version, "score_limit_fen": score,
        "monthly_income_fen": income, "monthly_debt_service_fen": service,
    }  # fmt: skip
    return AskedOfPerson(Apply, on, said | fields, catalogue(agreed))


def apply_for_more(
    number: int = 1, score: int = 5_000_000, on: str | None = None, ref: str = "more-1", **fields: Any
) -> AskedOfPerson:
    said = {
        "application_ref": ref, "account_id": account(number), "score_limit_fen": score,
        "monthly_income_fen": 1_000_000, "monthly_debt_service_fen": 100_000,
    }  # fmt: skip
    return AskedOfPerson(ApplyForMore, on, said | fields)


def acknowledge(notice_id: str, on: str | None = None) -> AskedOfPerson:
    return AskedOfPerson(AcknowledgeNotice, on, {"notice_id": notice_id})


def prefer(subject: str, channel: str | None, on: str | None = None) -> AskedOfPerson:
    return AskedOfPerson(SetContactPreference, on, {"subject": subject, "channel": channel})


# Told in the past tense: a person about whom everything is known that a decision and a first draw need.
KNOWN = (
    consent("credit_check"),
    consent("credit_reporting"),
    consent("loan_agreement"),
    verify_identity(),
    establish_age(),
)


class Life:
    """One person's life, and what was last asked of them or of one of their accounts."""

    def __init__(self, policy: Policy = STANDARD_POLICY) -> None:
        self.policy = policy
        self.customer = Customer(PERSON)
        self.accounts: dict[UUID, Account] = {}
        self.events: list[AnyEvent] = []
        self.account_events: list[AnyEvent] = []
        self.refusal: Refused | None = None
        self._asked = 0
        self._day = FIRST_DAY

    @property
    def applicant(self) -> Applicant:
        closed = {account_id for account_id, line in self.customer.lines.items() if line.closed}
        return Applicant(self.customer, self.policy, {each: self.accounts[each].ledger.owed for each in closed})

    def given(self, *history: AskedOfPerson | AskedOfAccount) -> Self:
        for each in history:
            self.ask(each)
            assert self.refusal is None, f"the history itself was refused: {self.refusal}"
        return self

    def when(self, *asked: AskedOfPerson | AskedOfAccount) -> Self:
        self.events, self.account_events, self.refusal = [], [], None
        for each in asked:
            if self.refusal is None:
                self.ask(each)
        return self

    def then(self, *expected: AnyEvent) -> Self:
        """The customer's events, each known by the fields it states."""
        assert self.refusal is None, f"it was refused: {self.refusal}"
        _compare(self.events, expected)
        return self

    def and_the_account(self, *expected: AnyEvent) -> Self:
        _compare(self.account_events, expected)
        return self

    def refused(self, reason: str, **numbers: Any) -> Self:
        assert self.refusal is not None, f"expected to be refused: {reason}"
        assert (self.refusal.reason, self.refusal.numbers) == (reason, numbers)
        assert self.events == self.account_events == []
        return self

    def nothing_happened(self) -> Self:
        return self.then().and_the_account()

    def is_known_by(self, **figures: Any) -> Self:
        found = {name: getattr(self.customer, name) for name in figures}
        assert found == figures
        return self

    def command(self, each: AskedOfPerson | AskedOfAccount) -> Any:
        """The command that it is, as the next one of this life."""
        self._asked += 1
        asked = each if isinstance(each, AskedOfPerson) else each.asked
        self._day = asked.on or self._day
        whom = {"customer_id": PERSON} if isinstance(each, AskedOfPerson) else {"account_id": account(each.number)}
        said = {"command_id": f"c-{self._asked}", "at": instant(self._day), "actor": OFFICER, **asked.fields}
        return asked.kind(**whom, **said)

    def ask(self, each: AskedOfPerson | AskedOfAccount) -> None:
        command = self.command(each)
        try:
            if isinstance(each, AskedOfPerson):
                self._decide_for_customer(command, each.published)
            else:
                self._decide(command, each.asked.published)
        except Refused as refused:
            self.refusal = refused

    def _decide_for_customer(self, command: Any, published: Catalogue) -> None:
        account_id = about(command)
        known = self.accounts.get(account_id) if account_id else None
        decision = decide_for_customer(command, self.applicant, known, published)
        self.customer = decision.customer
        self.events += decision.events
        self.account_events += decision.account_events
        if account_id and decision.account:
            self.accounts[account_id] = decision.account

    def _decide(self, command: Any, published: Catalogue) -> None:
        account_id = command.account_id
        before = self.accounts.get(account_id)
        decision = decide(command, before, published, self.applicant)
        if decision.account is None or not decision.events:
            return
        fact = follow(account_id, before, decision.account, decision.events, self.applicant)
        self.accounts[account_id] = decision.account
        self.account_events += decision.events
        if fact is not None:
            self.customer = evolve(self.customer, fact)
            self.events.append(fact)


def given(*history: AskedOfPerson | AskedOfAccount, policy: Policy = STANDARD_POLICY) -> Life:
    """A person with this history; what was asked in it must not have been refused."""
    return Life(policy).given(*history)


def event(kind: type[AnyEvent], /, **stated: Any) -> AnyEvent:
    """An expected event, known by the fields it states."""
    unknown = stated.keys() - kind.model_fields.keys()
    assert not unknown, f"{kind.TYPE} has no field {unknown}"
    return kind.model_construct(set(stated), **stated)


def _compare(happened: list[AnyEvent], expected: tuple[AnyEvent, ...]) -> None:
    assert [each.TYPE for each in happened] == [each.TYPE for each in expected]
    for one, stated in zip(happened, expected, strict=True):
        wrong: Mapping[str, Any] = {
            name: (getattr(one, name), getattr(stated, name))
            for name in stated.model_fields_set
            if getattr(one, name) != getattr(stated, name)
        }
        assert not wrong, f"{one.TYPE}: (is, expected) {wrong}"
