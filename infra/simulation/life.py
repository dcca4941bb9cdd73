"""The life of a scenario's account: its facts are decided one by one, in the order given, as the service would.

A refused fact leaves nothing behind and the next one is taken. Looking at the account on a date is reading its
events up to that date, so a date shown never disturbs the life; only after the last fact does the calendar go on to
the end of the last date shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from domain.account import Account, fold
from domain.calendar import ONE_DAY
from domain.chain import GENESIS
from domain.commands import AccountCommand
from domain.decisions import decide
from domain.events import AccountEvent
from domain.recorded import Recorded
from domain.refusals import Refused
from infra.simulation.document import BadScenario
from infra.simulation.scenario import Fact, Scenario, advance
from infra.store.envelopes import End, Trace, content_hash, envelop


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fact that was refused, and why."""

    fact: Fact
    refused: Refused


@dataclass(slots=True)
class Life:
    """What became of a scenario: events and refusals in the order they came, and the day up to which it was lived."""

    scenario: Scenario
    told: list[Recorded | Refusal] = field(default_factory=list)
    recorded: Account | None = None
    chain_hash: bytes = GENESIS
    # Where the calendar has brought the account meanwhile, the events of that, which are not recorded yet, and to what day.
    account: Account | None = None
    ahead: tuple[AccountEvent, ...] = ()
    ahead_to: date = date.min

    @property
    def events(self) -> list[Recorded]:
        """Everything that happened, oldest first."""
        return [each for each in self.told if isinstance(each, Recorded)]

    @property
    def refusals(self) -> list[Refusal]:
        """Everything that was refused, in the order it was asked."""
        return [each for each in self.told if isinstance(each, Refusal)]

    @property
    def through(self) -> date:
        """The last date shown or the date of the last event, whichever is later."""
        return max([each.event.business_date for each in self.events[-1:]] + list(self.scenario.show))


def live(scenario: Scenario) -> Life:
    """Live through it. Raises BadScenario where the account itself cannot be opened and activated."""
    life = Life(scenario)
    for command in (scenario.open, scenario.activate):
        try:
            _do(life, command)
        except Refused as refused:
            raise BadScenario(f"account: {refused}") from None
    for fact in scenario.facts:
        try:
            if isinstance(fact.command, Refused):
                raise fact.command
            _come_to(life, fact.day)
            _do(life, fact.command)
        except Refused as refused:
            life.told.append(Refusal(fact, refused))
    last = scenario.lived_until
    if last > _recorded(life).business_date:
        _come_to(life, last)
        _do(life, advance(last, scenario.open))
    _end(life, last)
    return life


def _end(life: Life, day: date) -> None:
    """What ends with the last day: a hold that was not captured on it, or the patience with an account not used."""
    account = _recorded(life)
    ending = account.next_end_on()
    if ending is None or ending > day or day == date.max:
        return
    following = advance(day + ONE_DAY, life.scenario.open)
    events = decide(following, account, life.scenario.catalogue).events
    _record(life, following, tuple(event for event in events if event.business_date <= day))


def _come_to(life: Life, day: date) -> None:
    """Let the calendar do its work up to `day`, to be recorded with the next command that is not refused.

    Each command would do it for itself; but of many that are refused in a row, each would do all of it again.
    """
    if day < life.ahead_to:
        life.account, life.ahead = life.recorded, ()
    life.ahead_to = day
    account = life.account or _recorded(life)
    if day > account.business_date:
        decision = decide(advance(day, life.scenario.open), account, life.scenario.catalogue)
        life.account, life.ahead = decision.account, life.ahead + decision.events


def _recorded(life: Life) -> Account:
    if life.recorded is None:
        raise AssertionError("an account is opened before anything else is asked of it")
    return life.recorded


def _do(life: Life, command: AccountCommand) -> None:
    decision = decide(command, life.account, life.scenario.catalogue)
    _record(life, command, life.ahead + decision.events)
    life.account = life.recorded = decision.account
    life.ahead, life.ahead_to = (), date.min


def _record(life: Life, command: AccountCommand, events: tuple[AccountEvent, ...]) -> None:
    end = End(life.recorded.version if life.recorded else 0, life.chain_hash)
    recorded = envelop(command, content_hash(command), command.account_id, end, events, Trace())
    life.told += recorded
    if recorded:
        life.chain_hash = recorded[-1].chain_hash


def as_of(events: Iterable[Recorded], dates: Iterable[date]) -> Iterator[tuple[date, Account]]:
    """The account on each of the `dates`, oldest first: after the system's steps, all facts, and what ends with it."""
    waiting = list(events)
    account: Account | None = None
    read = 0
    for day in sorted(set(dates)):
        first = read
        while read < len(waiting) and waiting[read].event.business_date <= day:
            read += 1
        account = fold(account, (each.event for each in waiting[first:read]))
        seen = account.fork()
        seen.ledger.pass_time(day)
        yield day, seen
