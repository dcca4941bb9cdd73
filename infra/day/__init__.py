"""The one day job: it advances the accounts that are due, and proves from the store what it did."""

from infra.day.run import FIRST_DAY, LAST_DAY, Failure, Report, run_day

__all__ = ["FIRST_DAY", "LAST_DAY", "Failure", "Report", "run_day"]
