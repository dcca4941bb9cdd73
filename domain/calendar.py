"""Dates of credit: business dates, bill days and months. An instant becomes a date only in the account's zone."""

import calendar
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The IANA time zone `name`. Raises ZoneInfoNotFoundError or ValueError when there is none."""
    return ZoneInfo(name)


def business_date(instant: datetime, zone: str) -> date:
    """The date of an aware `instant` in the account's zone: 2026-02-10T16:00:00Z is 11 February in Shanghai."""
    return instant.astimezone(zone_named(zone)).date()


@lru_cache(maxsize=8192)  # asked for after every event, for few different days
def add_months(day: date, months: int, anchor_day: int | None = None) -> date:
    """`day` moved by whole months, on the original day of the month, clipped to the month's end.

    `anchor_day` is that original day where `day` was clipped before: 31 January, 28 February, **31** March.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor_day or day.day, last))


@lru_cache(maxsize=8192)  # asked for after every event, for few different days
def next_bill_day(after: date, bill_day: int) -> date:
    """The first bill day strictly after `after`; `bill_day` is 1 to 28, so every month has it."""
    in_month = after.replace(day=bill_day)
    return in_month if in_month > after else add_months(in_month, 1)


class BillDays(NamedTuple):
    """The day of the month on which an account is billed; where it moved, from which date, and the day before that.

    `agreed_on` is when the move was agreed, and `last` the last bill day by then: where it moves twice in one cycle, that
    was neither of the two days.
    """

    day: int
    moved_on: date | None = None
    before: int = 0
    agreed_on: date = date.min
    last: date = date.min

    def falls_on(self, day: date) -> bool:
        """Whether `day` is a bill day."""
        return day.day == (self.day if self.moved_on is None or day >= self.moved_on else self.before)

    def next_after(self, day: date) -> date:
        """The first bill day strictly after `day`."""
        if self.moved_on is None or day >= self.moved_on:
            return next_bill_day(day, self.day)
        as_before = next_bill_day(day, self.before)
        return as_before if as_before < self.moved_on else next_bill_day(self.moved_on - ONE_DAY, self.day)

    def last_before(self, day: date) -> date:
        """The last bill day strictly before `day`."""
        last = _last_bill_day(day, self.day)
        if self.moved_on is None or last >= self.moved_on:
            return last
        last = _last_bill_day(min(day, self.moved_on), self.before)
        return self.last if last <= self.agreed_on and self.last < day else last

    def moved(self, to: int, from_date: date, today: date) -> "BillDays":
        """Another day from `from_date` on; a move that had not come yet by `today` is given up for it."""
        still_before = self.moved_on is not None and self.moved_on > today
        before = self.before if still_before else self.day
        return BillDays(to, from_date, before, today, self.last_before(today + ONE_DAY))


def _last_bill_day(before: date, bill_day: int) -> date:
    in_month = before.replace(day=bill_day)
    return in_month if in_month < before else add_months(in_month, -1)


def month_end(day: date) -> date:
    """The last day of the month that `day` is in."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def days_between(start: date, end: date) -> int:
    """Whole days from `start` to `end`; negative when `end` is earlier."""
    return (end - start).days
