"""The only doors to accounts and customers: a command comes in, what it recorded comes out.

An account is brought to life from its snapshot and the events since, a customer from their events, and both are kept
while there is room. What protects against two writers is the store: a version can be taken once. So what is in memory may
be behind the store; whatever was decided on it is then not recorded, and a refusal is only spoken on the latest state.

What is reserved for an account changes in its customer's history, too, in the same append. So of two applications of one
person at once only one can be recorded as it was decided; the other is decided again, on what the first one left.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from random import uniform
from threading import Lock
from time import sleep
from typing import NamedTuple, overload
from uuid import UUID

from domain.account import Account
from domain.commands import AccountCommand
from domain.customer import Customer, evolve
from domain.customer_commands import AnyCustomerCommand, CustomerCommand
from domain.customer_decisions import about, decide_for_customer, follow, may_matter
from domain.decisions import decide
from domain.recorded import AnyRecorded, Recorded
from domain.refusals import Refused
from domain.terms import STANDARD, Catalogue
from domain.underwriting import STANDARD_POLICY, Policy
from infra.asking import (
    Answer,
    AnyAnswer,
    AnyAsked,
    CustomerAnswer,
    Request,
    account_of,
    again,
    answer_of,
    bucket_of,
    customers_of,
    names_of,
    whom,
)
from infra.faults import Fault
from infra.live import SNAPSHOT_EVERY, Desk, Live, LiveCustomer, Memory
from infra.store.envelopes import End, Trace, content_hash, envelop, envelop_for_customer
from infra.store.event_store import Conflict, EventStore
from infra.store.group_commit import GroupCommit
from infra.telemetry.traces import span

__all__ = ["SNAPSHOT_EVERY", "Accounts", "Answer", "CustomerAnswer", "Request", "Trace"]

_CHUNK = 1_000  # commands that execute_many decides before it appends
_TURNS = 1_024
_ATTEMPTS = 20
_PAUSE = 0.002  # seconds; doubled with each further attempt, and chance says how much of it is waited


class _Outcome(NamedTuple):
    """What one command comes to: the events to append, in order, and whom they leave how."""

    answer: AnyAnswer
    recorded: Sequence[AnyRecorded] = ()
    accounts: Mapping[UUID, Live] = {}
    customers: Mapping[str, LiveCustomer] = {}


class Accounts:
    """All accounts and customers of one store; safe for any number of threads, and for other processes beside this one."""

    def __init__(
        self,
        store: EventStore,
        *,
        catalogue: Catalogue = STANDARD,
        policy: Policy = STANDARD_POLICY,
        live_max: int = 20_000,
    ) -> None:
        self._store = store
        self._catalogue, self._policy = catalogue, policy
        self._memory = Memory(store, live_max)
        self._commits = GroupCommit(store.append)
        # One command of a person at a time; people that share a lock merely wait for each other.
        self._turns = [Lock() for _ in range(_TURNS)]

    def account(self, account_id: UUID) -> Account | None:
        """The account as the store has it now; treat it as frozen. None when it was never opened."""
        live = self._memory.latest([account_id]).get(account_id)
        return live.account if live else None

    def customer(self, customer_id: str) -> Customer:
        """The customer as the store has them now; of version 0 where nothing is known of them."""
        return self._memory.latest_customers([customer_id])[customer_id].customer

    @overload
    def execute(self, command: AccountCommand, trace: Trace = ...) -> Answer: ...
    @overload
    def execute(self, command: AnyCustomerCommand, trace: Trace = ...) -> CustomerAnswer: ...
    def execute(self, command: AnyAsked, trace: Trace = Trace()) -> AnyAnswer:  # noqa: B008 - it is a constant
        """Do it, durably, and say what was recorded. Raises Refused; Fault where the store cannot be used.

        Saying a recorded command again returns its first answer; the same id with other content is refused.
        """
        with self._turn_of([command]):
            return self._execute(Request(command, trace))

    @overload
    def execute_many(self, commands: Iterable[AccountCommand], trace: Trace = ...) -> list[Answer | Refused]: ...
    @overload
    def execute_many(self, commands: Iterable[AnyAsked], trace: Trace = ...) -> list[AnyAnswer | Refused]: ...
    def execute_many(
        self,
        commands: Iterable[AnyAsked],
        trace: Trace = Trace(),  # noqa: B008 - it is a constant
    ) -> Sequence[AnyAnswer | Refused]:
        """The answer or the refusal of each command, in order; an account's commands are done in the given order.

        Commands are recorded by the chunk: after a Fault some may be, and saying them again is harmless.
        """
        return self.execute_all([Request(command, trace) for command in commands])

    def execute_all(self, requests: Sequence[Request]) -> list[AnyAnswer | Refused]:
        """As `execute_many`, for commands that each came from somewhere else."""
        answers: list[AnyAnswer | Refused] = []
        for start in range(0, len(requests), _CHUNK):
            chunk = requests[start : start + _CHUNK]
            with self._turn_of(request.command for request in chunk):
                answers += self._execute_chunk(chunk)
        return answers

    @contextmanager
    def _turn_of(self, commands: Iterable[AnyAsked]) -> Iterator[None]:
        turns = [self._turns[number] for number in sorted({bucket_of(command) % _TURNS for command in commands})]
        for turn in turns:  # always in the same order, so that no two wait for each other
            turn.acquire()
        try:
            yield
        finally:
            for turn in turns:
                turn.release()

    def _execute(self, request: Request, tried: Sequence[AnyRecorded] = ()) -> AnyAnswer:
        """The command by itself; `tried` is what an append of it that met a conflict would have recorded."""
        command = request.command
        digest = content_hash(command)
        append: Callable[[Sequence[AnyRecorded]], object] = self._commits.append
        for attempt in range(_ATTEMPTS):
            desk = Desk(self._memory, self._policy, checked=bool(tried))
            if tried:
                first = self._first_answer(command, digest, tried)
                if first is not None:
                    return first
                append = self._store.append  # alone from now on: it is nobody else's conflict
                sleep(uniform(0, _PAUSE * 2 ** min(attempt, 6)) if attempt else 0)  # noqa: S311 - no secret
            refusal = None
            try:
                outcome = self._decide(desk, request, digest)
            except Refused as refused:
                refusal, outcome = refused, _Outcome(answer_of(command, (), 0))
            tried = outcome.recorded
            if tried:
                with suppress(Conflict):
                    append(tried)
                    desk.put(outcome.accounts, outcome.customers)
                    desk.keep()
                    return outcome.answer
                desk.forget()
                continue
            first = self._first_answer(command, digest)
            if first is not None:
                return first
            if desk.up_to_date():
                if refusal is not None:
                    raise refusal
                return outcome.answer
            # What it was decided on was behind the store, so the refusal means nothing.
        raise Fault(f"{whom(command)} was written by others {_ATTEMPTS} times in a row; try again.")

    def _first_answer(self, command: AnyAsked, digest: bytes, tried: Sequence[AnyRecorded] = ()) -> AnyAnswer | None:
        """The answer of a command that is recorded already; Refused when it was recorded with other content."""
        names = names_of(command)
        return again(command, digest, names, self._store.recorded_commands(names), tried)

    def _execute_chunk(self, requests: Sequence[Request]) -> list[AnyAnswer | Refused]:
        desk, seen = self._lay_out([request.command for request in requests])
        answers: list[AnyAnswer | Refused] = []
        told: list[Sequence[AnyRecorded]] = []
        for request in requests:
            command = request.command
            digest = content_hash(command)
            recorded: Sequence[AnyRecorded] = ()
            try:
                names = names_of(command)
                answer = again(command, digest, names, seen)
                if answer is None:
                    outcome = self._decide(desk, request, digest)
                    answer, recorded = outcome.answer, outcome.recorded
                    if recorded:
                        desk.put(outcome.accounts, outcome.customers)
                        seen[names[0]] = recorded
                answers.append(answer)
            except Refused as refused:
                answers.append(refused)
            told.append(recorded)
        new = [event for recorded in told for event in recorded]
        if new:
            try:
                self._commits.append(new)
            except Conflict:
                desk.forget()
                return [self._one_of_chunk(*each) for each in zip(requests, told, strict=True)]
        desk.keep()
        return answers

    def _lay_out(self, commands: Sequence[AnyAsked]) -> tuple[Desk, dict[tuple[UUID, str], Sequence[AnyRecorded]]]:
        """What the commands of a chunk will be decided on, and what of them is recorded already: a query for each."""
        desk = Desk(self._memory, self._policy, checked=True)
        account_ids = {account_id for command in commands if (account_id := account_of(command)) is not None}
        desk.lay_out(account_ids)
        desk.lay_out_customers(set(customers_of(commands, desk)))
        names = [
            name
            for command in commands
            if isinstance(command, CustomerCommand) or desk.account(command.account_id) is not None
            for name in names_of(command)
        ]
        return desk, dict(self._store.recorded_commands(names)) if names else {}

    def _one_of_chunk(self, request: Request, tried: Sequence[AnyRecorded]) -> AnyAnswer | Refused:
        """A command of a chunk whose append met a conflict, by itself."""
        try:
            return self._execute(request, tried)
        except Refused as refused:
            return refused

    def _decide(self, desk: Desk, request: Request, digest: bytes) -> _Outcome:
        """What a command comes to, on what is on the desk; nothing there is changed. Raises Refused."""
        with span("decide", request.trace.traceparent, {"credit.command": request.command.DO}):
            return self._decided(desk, request, digest)

    def _decided(self, desk: Desk, request: Request, digest: bytes) -> _Outcome:
        command, trace, if_version = request
        if isinstance(command, CustomerCommand):
            _check_version(if_version, desk.customer(command.customer_id).customer.version)
            return self._decide_for_customer(desk, command, digest, trace)
        live = desk.account(command.account_id)
        before = live.account if live else None
        _check_version(if_version, before.version if before else 0)
        asked = before is not None and command.ASKS_THE_CUSTOMER
        applicant = desk.applicant(before.customer_id, latest=True) if before is not None and asked else None
        decision = decide(command, before, self._catalogue, applicant)
        version = before.version if before else 0
        if not decision.events:
            return _Outcome(Answer(command.account_id, version, ()))
        after = _present(decision.account)
        recorded = envelop(command, digest, command.account_id, live.end if live else End(), decision.events, trace)
        answer = Answer(command.account_id, after.version, tuple(recorded))
        accounts = {command.account_id: Live(after, recorded[-1].chain_hash)}
        if not may_matter(before, after):
            return _Outcome(answer, recorded, accounts)
        fact = follow(command.account_id, before, after, decision.events, desk.applicant(after.customer_id))
        if fact is None:
            return _Outcome(answer, recorded, accounts)
        person = desk.customer(after.customer_id)
        told = envelop_for_customer(command, digest, after.customer_id, person.end, [fact], trace)
        followed = LiveCustomer(evolve(person.customer, fact), told[-1].chain_hash)
        return _Outcome(answer, [*recorded, *told], accounts, {after.customer_id: followed})

    def _decide_for_customer(self, desk: Desk, command: AnyCustomerCommand, digest: bytes, trace: Trace) -> _Outcome:
        customer_id, account_id = command.customer_id, about(command)
        person = desk.customer(customer_id)
        live = desk.account(account_id) if account_id is not None else None
        before = live.account if live else None
        decision = decide_for_customer(command, desk.applicant(customer_id), before, self._catalogue)
        told = envelop_for_customer(command, digest, customer_id, person.end, decision.events, trace)
        if not told:
            return _Outcome(answer_of(command, (), person.customer.version))
        customers = {customer_id: LiveCustomer(decision.customer, told[-1].chain_hash)}
        recorded: list[Recorded] = []
        accounts: dict[UUID, Live] = {}
        if account_id is not None and decision.account_events:
            end = live.end if live else End()
            recorded = envelop(command, digest, account_id, end, decision.account_events, trace)
            accounts[account_id] = Live(_present(decision.account), recorded[-1].chain_hash)
        everything: list[AnyRecorded] = [*told, *recorded]
        return _Outcome(answer_of(command, everything, decision.customer.version), everything, accounts, customers)


def _check_version(if_version: int | None, version: int) -> None:
    if if_version is not None and if_version != version:
        raise Refused("version_differs", asked=if_version, version=version)


def _present(account: Account | None) -> Account:
    if account is None:
        raise AssertionError("a decision with events leads to an account")
    return account
