"""The only doors to the accounts: a command comes in, what it recorded comes out.

An account is brought to life from its snapshot and the events since, and kept while there is room. What protects
against two writers is the store: the version of an account can be taken once. So a cached account may be behind the
store; whatever was decided on it is then not recorded, and a refusal is only spoken on the latest state.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from domain import snapshot
from domain.account import Account, fold
from domain.chain import GENESIS
from domain.commands import AccountCommand
from domain.decisions import Decision, decide
from domain.recorded import Recorded
from domain.refusals import Refused
from domain.terms import STANDARD, Catalogue
from infra.faults import Fault
from infra.store.envelopes import Trace, content_hash, envelop
from infra.store.event_store import Conflict, EventStore, History, Snapshot
from infra.store.group_commit import GroupCommit

__all__ = ["SNAPSHOT_EVERY", "Accounts", "Answer", "Trace"]

SNAPSHOT_EVERY = 100  # versions
_CHUNK = 1_000  # commands that execute_many decides before it appends
_ATTEMPTS = 5
_TURNS = 1_024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command led to: the events it recorded, in order, and the account's version after them.

    No events: it was done before in other words, and nothing was recorded. `repeated`: the same command had been
    recorded before, and these are the events of that first time.
    """

    account_id: UUID
    version: int
    events: tuple[Recorded, ...]
    repeated: bool = False


class _Live(NamedTuple):
    """An account in memory, and the hash that its next event continues."""

    account: Account
    chain_hash: bytes


class Accounts:
    """All accounts of one store; safe for any number of threads, and for other processes beside this one."""

    def __init__(self, store: EventStore, *, catalogue: Catalogue = STANDARD, live_max: int = 20_000) -> None:
        self._store = store
        self._catalogue = catalogue
        self._live = _LiveAccounts(live_max)
        self._commits = GroupCommit(store.append)
        # One command of an account at a time; accounts that share a lock merely wait for each other.
        self._turns = [Lock() for _ in range(_TURNS)]

    def account(self, account_id: UUID) -> Account | None:
        """The account as the store has it now; treat it as frozen. None when it was never opened."""
        known = self._live.get(account_id)
        if known is not None and self._store.versions([account_id]).get(account_id) == known.account.version:
            return known.account
        loaded = self._load([account_id]).get(account_id)
        return loaded.account if loaded else None

    def execute(self, command: AccountCommand, trace: Trace = Trace()) -> Answer:  # noqa: B008 - it is a constant
        """Do it, durably, and say what was recorded. Raises Refused; Fault where the store cannot be used.

        Saying a recorded command again returns its first answer; the same id with other content is refused.
        """
        with self._turn_of([command.account_id]):
            return self._execute(command, trace)

    def execute_many(
        self,
        commands: Iterable[AccountCommand],
        trace: Trace = Trace(),  # noqa: B008 - it is a constant
    ) -> list[Answer | Refused]:
        """The answer or the refusal of each command, in order; an account's commands are done in the given order.

        Commands are recorded by the chunk: after a Fault some may be, and saying them again is harmless.
        """
        answers: list[Answer | Refused] = []
        waiting = list(commands)
        for start in range(0, len(waiting), _CHUNK):
            chunk = waiting[start : start + _CHUNK]
            with self._turn_of(command.account_id for command in chunk):
                answers += self._execute_chunk(chunk, trace)
        return answers

    @contextmanager
    def _turn_of(self, account_ids: Iterable[UUID]) -> Iterator[None]:
        turns = [self._turns[number] for number in sorted({account_id.int % _TURNS for account_id in account_ids})]
        for turn in turns:  # always in the same order, so that no two wait for each other
            turn.acquire()
        try:
            yield
        finally:
            for turn in turns:
                turn.release()

    def _execute(self, command: AccountCommand, trace: Trace, tried: Sequence[Recorded] = ()) -> Answer:
        """The command by itself; `tried` is what an append of it that met a conflict would have recorded."""
        account_id, digest = command.account_id, content_hash(command)
        append: Callable[[Sequence[Recorded]], object] = self._commits.append
        for _ in range(_ATTEMPTS):
            if tried:
                self._live.forget([account_id])
                first = self._first_answer(command, digest, tried)
                if first is not None:
                    return first
                append = self._store.append  # alone from now on: it is nobody else's conflict
            known = self._live.get(account_id)
            live = known or self._load([account_id]).get(account_id)
            refusal = None
            try:
                decision = decide(command, live.account if live else None, self._catalogue)
            except Refused as refused:
                refusal, tried = refused, ()
            else:
                tried = _envelop(command, digest, live, decision, trace)
            if tried:
                with suppress(Conflict):
                    append(tried)
                    self._keep(
                        {account_id: _Live(_present(decision.account), tried[-1].chain_hash)}, {account_id: live}
                    )
                    return Answer(account_id, tried[-1].version, tuple(tried))
                continue
            first = self._first_answer(command, digest)
            if first is not None:
                return first
            version = live.account.version if live else 0
            if known is None or self._store.versions([account_id]).get(account_id) == version:
                if refusal is not None:
                    raise refusal
                return Answer(account_id, version, ())
            self._live.forget([account_id])  # it was behind the store, so the refusal means nothing
        raise Fault(f"Account {account_id} was written by others {_ATTEMPTS} times in a row; try again.")

    def _first_answer(self, command: AccountCommand, digest: bytes, tried: Sequence[Recorded] = ()) -> Answer | None:
        """The answer of a command that is recorded already; Refused when it was recorded with other content."""
        recorded = self._store.find_command(command.account_id, command.command_id)
        if not recorded:
            return None
        # The same hashes: what is found is what this very call recorded, only the reply was lost.
        return _again(command, digest, recorded, repeated=not tried or recorded[0].chain_hash != tried[0].chain_hash)

    def _execute_chunk(self, commands: Sequence[AccountCommand], trace: Trace) -> list[Answer | Refused]:
        before = self._latest({command.account_id for command in commands})
        pairs = [(command.account_id, command.command_id) for command in commands if command.account_id in before]
        seen = self._store.recorded_commands(pairs) if pairs else {}
        now = dict(before)
        answers: list[Answer | Refused] = []
        for command in commands:
            account_id, digest = command.account_id, content_hash(command)
            live = now.get(account_id)
            try:
                first = seen.get((account_id, command.command_id))
                if first is not None:
                    answers.append(_again(command, digest, first, repeated=True))
                    continue
                decision = decide(command, live.account if live else None, self._catalogue)
            except Refused as refused:
                answers.append(refused)
                continue
            recorded = _envelop(command, digest, live, decision, trace)
            if recorded:
                now[account_id] = _Live(_present(decision.account), recorded[-1].chain_hash)
                seen[account_id, command.command_id] = recorded
                answers.append(Answer(account_id, recorded[-1].version, tuple(recorded)))
            else:
                answers.append(Answer(account_id, live.account.version if live else 0, ()))
        new = [
            event for answer in answers if isinstance(answer, Answer) and not answer.repeated for event in answer.events
        ]
        if new:
            try:
                self._commits.append(new)
            except Conflict:
                self._live.forget(now)
                return [
                    self._one_of_chunk(command, trace, answer)
                    for command, answer in zip(commands, answers, strict=True)
                ]
        self._keep(now, before)
        return answers

    def _one_of_chunk(self, command: AccountCommand, trace: Trace, tried: Answer | Refused) -> Answer | Refused:
        """A command of a chunk whose append met a conflict, by itself."""
        try:
            return self._execute(command, trace, tried.events if isinstance(tried, Answer) else ())
        except Refused as refused:
            return refused

    def _latest(self, account_ids: set[UUID]) -> dict[UUID, _Live]:
        """The accounts as the store has them now: from memory where that is up to date."""
        live = {account_id: known for account_id in account_ids if (known := self._live.get(account_id))}
        if live:
            versions = self._store.versions(live)
            live = {key: known for key, known in live.items() if versions.get(key) == known.account.version}
        return live | self._load(account_ids - live.keys())

    def _load(self, account_ids: Iterable[UUID]) -> dict[UUID, _Live]:
        """The accounts from the store, and into memory."""
        histories = self._store.histories(account_ids) if account_ids else {}
        loaded: dict[UUID, _Live] = {}
        unreadable: list[UUID] = []
        for account_id, history in histories.items():
            start = snapshot.load(history.snapshot) if history.snapshot is not None else None
            if history.snapshot is not None and start is None:
                unreadable.append(account_id)  # of another edition of the program
            else:
                loaded[account_id] = _live(account_id, start, history)
        if unreadable:
            whole = self._store.histories(unreadable, snapshots=False)
            loaded |= {account_id: _live(account_id, None, history) for account_id, history in whole.items()}
        self._live.keep(loaded)
        return loaded

    def _keep(self, now: dict[UUID, _Live], before: dict[UUID, _Live | None] | dict[UUID, _Live]) -> None:
        """Remember accounts whose events are durable, and keep a snapshot of each that has come far enough."""
        self._live.keep(now)
        due = []
        for account_id, live in now.items():
            earlier, version = before.get(account_id), live.account.version
            if version // SNAPSHOT_EVERY > (earlier.account.version if earlier else 0) // SNAPSHOT_EVERY:
                due.append(Snapshot(account_id, version, live.chain_hash, snapshot.dump(live.account)))
        if due:
            with suppress(Fault):  # the command is done; a snapshot that is missing costs time, not truth
                self._store.save_snapshots(due)


class _LiveAccounts:
    """The accounts used last, up to a number of them."""

    def __init__(self, live_max: int) -> None:
        self._live_max = live_max
        self._live: OrderedDict[UUID, _Live] = OrderedDict()
        self._lock = Lock()

    def get(self, account_id: UUID) -> _Live | None:
        with self._lock:
            live = self._live.get(account_id)
            if live is not None:
                self._live.move_to_end(account_id)
            return live

    def keep(self, accounts: dict[UUID, _Live]) -> None:
        with self._lock:
            for account_id, live in accounts.items():
                self._live[account_id] = live
                self._live.move_to_end(account_id)
            while len(self._live) > self._live_max:
                self._live.popitem(last=False)

    def forget(self, account_ids: Iterable[UUID]) -> None:
        with self._lock:
            for account_id in account_ids:
                self._live.pop(account_id, None)


def _live(account_id: UUID, start: Account | None, history: History) -> _Live:
    account = fold(start, history.events) if history.events or start is None else start
    if account.version != history.version:
        raise Fault(f"Account {account_id} is at version {account.version}, its history at {history.version}.")
    return _Live(account, history.chain_hash)


def _envelop(
    command: AccountCommand, digest: bytes, live: _Live | None, decision: Decision, trace: Trace
) -> list[Recorded]:
    version, chain_hash = (live.account.version, live.chain_hash) if live else (0, GENESIS)
    return envelop(command, digest, version, chain_hash, decision.events, trace)


def _again(command: AccountCommand, digest: bytes, recorded: Sequence[Recorded], *, repeated: bool) -> Answer:
    """The answer that a recorded command had. Raises Refused when it asked something else."""
    if recorded[0].command_hash != digest:
        raise Refused("command_id_reused", field="command_id", asked=command.command_id)
    return Answer(command.account_id, recorded[-1].version, tuple(recorded), repeated)


def _present(account: Account | None) -> Account:
    if account is None:
        raise AssertionError("a decision with events leads to an account")
    return account
