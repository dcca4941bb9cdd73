"""One run of a day: every account that is due is asked to advance, in chunks; who cannot is named and set aside.

Nothing that a run rests on is kept beside the store, only how it went, for whoever watches: a run that was killed is
simply run again. What it had advanced is not due any more, and an account that was asked for the same day since the
same version is asked under the same command id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from domain.calendar import ONE_DAY
from domain.commands import EARLIEST, LATEST, SYSTEM, AdvanceTo
from domain.refusals import Refused
from infra.accounts import Accounts, Answer, Trace
from infra.day.schedule import Due, Schedule, Told, day_connection
from infra.day.totals import Totals, day_prefix, totals_in_store
from infra.faults import Fault

# Days whose noon is an instant that a command may have, in every zone.
FIRST_DAY, LAST_DAY = EARLIEST.date() + ONE_DAY, LATEST.date() - 2 * ONE_DAY
_CHUNK = 1_000  # accounts that are asked at once, and recorded in one transaction
_WORDS = 300  # characters kept of what an account raised


class Failure(NamedTuple):
    """An account that could not be advanced, and what it raised."""

    account_id: UUID
    error: str


@dataclass(slots=True)
class Report:
    """What a run did, account by account, what it recorded, and what the store says of that.

    `due` is the sum of the five counts after it. `day` is what all runs of this day have recorded so far.
    """

    date: date
    run: str
    due: int = 0
    advanced: int = 0
    nothing_to_do: int = 0
    already_past: int = 0
    done_by_another_run: int = 0
    failed: list[Failure] = field(default_factory=list)
    still_due: int = 0
    recorded: Totals = field(default_factory=Totals)
    control: Totals = field(default_factory=Totals)
    day: Totals = field(default_factory=Totals)
    differences: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nobody failed and the store agrees."""
        return not self.failed and not self.differences

    def as_json(self) -> dict[str, Any]:
        """All of it; amounts in minor units."""
        recorded = self.recorded.as_json()
        return {
            "date": self.date.isoformat(),
            "run": self.run,
            "due": self.due,
            "advanced": self.advanced,
            "nothing_to_do": self.nothing_to_do,
            "already_past": self.already_past,
            "done_by_another_run": self.done_by_another_run,
            "failed": [{"account_id": str(each.account_id), "error": each.error} for each in self.failed],
            "still_due": self.still_due,
            "events": recorded["events"],
            "money": recorded["money"],
            "control": self.control.as_json(),
            "day": self.day.as_json(),
            "differences": self.differences,
        }


def run_day(
    day: date,
    accounts: Accounts,
    writer_url: str,
    *,
    chunk: int = _CHUNK,
    told: Told = lambda _what, _done, _total: None,
) -> Report:
    """Advance every account that is due on `day` and report what that recorded.

    Raises ValueError for a day outside the calendar, and Fault where the store cannot be used; a run that broke off
    is run again.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"{day} is not between {FIRST_DAY} and {LAST_DAY}")
    with day_connection(writer_url) as connection:
        schedule = Schedule(connection)
        schedule.follow(told)
        report = Report(day, run=f"day-run:{day}:{uuid4().hex}", due=schedule.count(day))
        connection.execute("INSERT INTO day_runs (run, day) VALUES (%s, %s)", (report.run, day))
        run = _Run(report, accounts, schedule)
        asked = 0
        for due in schedule.due(day, chunk):
            run.advance([_command(each, day) for each in due])
            asked += len(due)
            told("advancing accounts", asked, report.due)
        report.due = asked
        schedule.follow(told)
        report.still_due = schedule.count(day)
        report.control = totals_in_store(connection, day, report.run)
        report.day = totals_in_store(connection, day)
        report.differences = list(report.recorded.differences(report.control))
        connection.execute(_ENDED, (*_counts(report), report.run))
    return report


_ENDED = """
    UPDATE day_runs SET ended_at = clock_timestamp(), advanced = %s, failed = %s, still_due = %s, differences = %s
    WHERE run = %s"""


def _counts(report: Report) -> tuple[int, int, int, int]:
    return report.advanced, len(report.failed), report.still_due, len(report.differences)


def _command(due: Due, day: date) -> AdvanceTo:
    command_id = f"{day_prefix(day)}{due.since_version}"
    return AdvanceTo(command_id=command_id, account_id=due.account_id, actor=SYSTEM, at=due.noon(day), date=day)


class _Run:
    """The accounts of one run, and what became of each."""

    def __init__(self, report: Report, accounts: Accounts, schedule: Schedule) -> None:
        self._report = report
        self._accounts = accounts
        self._schedule = schedule
        # The correlation id tells this run's events from those of another one.
        self._trace = Trace(correlation_id=report.run)

    def advance(self, commands: Sequence[AdvanceTo]) -> None:
        """Ask all of them at once; where that raises, each half by itself, down to the account that raised."""
        try:
            answers = self._accounts.execute_many(commands, self._trace)
        except Exception as error:
            if isinstance(error, Fault) and not self._schedule.answers():
                raise
            if len(commands) == 1:
                self._set_aside(commands[0].account_id, error)
                return
            middle = len(commands) // 2
            self.advance(commands[:middle])
            self.advance(commands[middle:])
            return
        for command, answer in zip(commands, answers, strict=True):
            self._count(command.account_id, answer)

    def _count(self, account_id: UUID, answer: Answer | Refused) -> None:
        report = self._report
        if isinstance(answer, Refused):
            if answer.reason == "time_backwards":
                report.already_past += 1
            else:
                report.failed.append(Failure(account_id, str(answer)))
        elif not answer.events:
            report.nothing_to_do += 1
        elif answer.events[0].correlation_id != report.run:
            report.done_by_another_run += 1
        else:
            report.advanced += 1
            report.recorded.add(answer.events)

    def _set_aside(self, account_id: UUID, error: Exception) -> None:
        """Name the account. Raises a Fault on if it is not the account's own: the next one would meet it, too."""
        if isinstance(error, Fault) and self._can_be_read(account_id):
            raise error
        words = " ".join(f"{type(error).__name__}: {error}".split())
        self._report.failed.append(Failure(account_id, words[:_WORDS]))

    def _can_be_read(self, account_id: UUID) -> bool:
        try:
            self._accounts.account(account_id)
        except Exception:  # noqa: BLE001 - whatever it is, it is this account's
            return False
        return True
