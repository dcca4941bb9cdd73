"""Fen-days told stretch by stretch: so many days with one balance each, and what an event says of the days before."""

from collections.abc import Iterable
from datetime import date, timedelta

from domain.events import AccountMigrated, InterestPosted, Restated
from domain.money import yuan
from projections.explaining.curve import Curve, Stretch
from projections.explaining.steps import Step, Told, step

# Of a long life the latest stretches are told one by one, what came before them in one line.
_STRETCHES_TOLD = 31


def days(curve: Curve, to: date, section: str, rule: str, does: str) -> list[Step]:
    """Fen-days stretch by stretch, beginning with what an event says of the days before."""
    stretches = curve.stretches(to)
    early, late = stretches[:-_STRETCHES_TOLD], stretches[-_STRETCHES_TOLD:]
    steps = [_taken_over(each.told, each.fen_days, section) for each in curve.carried]
    if early:
        steps.append(
            step(
                f"{len(early)} earlier stretches of days, each its balance times its days, added up.",
                section,
                f"from {early[0].begins} to {early[-1].ends - timedelta(days=1)}",
                sum(each.fen_days for each in early),
                unit="fen-days",
                events=_causes(early),
            )
        )
    return steps + [_stretch(each, section, rule, does) for each in late]


def _taken_over(told: Told, fen_days: int, section: str) -> Step:
    event = told.event
    match event:
        case InterestPosted():
            rule = f"The days before {event.business_date} were counted when interest was posted on that day."
        case AccountMigrated():
            rule = f"The days before {event.business_date} were counted where the account was taken over from."
        case Restated():
            rule = f"The days before {event.business_date} are counted as the correction of that day says."
        case _:
            rule = "The days of this purchase that a correction has counted already."
    return step(rule, section, f"{fen_days:,} fen-days", fen_days, unit="fen-days", events=[told])


def _stretch(each: Stretch, section: str, rule: str, does: str) -> Step:
    last = each.ends - timedelta(days=1)
    return step(
        rule,
        section,
        f"{each.begins} to {last}: {yuan(each.balance)} {does}, x {each.days} days",
        each.fen_days,
        unit="fen-days",
        events=each.causes,
        days_from=each.begins.isoformat(),
        days_to=last.isoformat(),
        days=each.days,
        balance_fen=each.balance,
    )


def added(parts: list[Step], fen_days: int, section: str) -> Step:
    """The fen-days of all stretches."""
    arithmetic = " + ".join(f"{each.result:,}" for each in parts) or "0"
    return step("All days together.", section, f"{arithmetic} fen-days", fen_days, unit="fen-days")


def _causes(stretches: Iterable[Stretch]) -> list[Told]:
    return [told for each in stretches for told in each.causes]
