"""What was last posted, and what was learnt since: each later correction is a step of its own, with its cause."""

from collections.abc import Callable

from domain.events import AccountMigrated, AccountUnfrozen, BalancesCorrected, DeathRecorded, Restated
from domain.money import yuan
from projections.explaining.minima import latest
from projections.explaining.reading import History
from projections.explaining.steps import Answer, Step, Told, step

CORRECTION = "5.1 Late facts"


def none_yet(told: History, what: str, section: str) -> Step:
    """Nothing of the kind yet, or since the account was taken over."""
    migrated = latest(told, AccountMigrated)
    since = f" since the account was taken over on {migrated[1].business_date}" if migrated else ""
    return step(f"{what}{since}.", section, "0.00", 0, events=[migrated[0]] if migrated else [])


def corrected(told: History, last: Step, since: Told | None, delta: Callable[[Restated], int]) -> Answer:
    """`last`, and a step for each later correction that changed it; as recorded, what they changed together."""
    steps, result = [last], last.result
    for each in told:
        event = each.event
        if not isinstance(event, Restated) or (since is not None and each.version < since.version):
            continue
        change = delta(event)
        if change:
            why, causes = _why_corrected(event, told)
            steps.append(
                step(
                    why,
                    CORRECTION,
                    f"{yuan(result)} {'+' if change > 0 else '-'} {yuan(abs(change))}",
                    result + change,
                    events=[*causes, each],
                    change_fen=change,
                )
            )
            result += change
    return Answer(steps, result - last.result)


def _why_corrected(event: Restated, told: History) -> tuple[str, list[Told]]:
    """What made a correction necessary, in words, and the event behind it where there is one."""
    if isinstance(event, BalancesCorrected) and event.cause_version is not None:
        cause = told[event.cause_version - 1]
        match cause.event:
            case DeathRecorded():
                learnt = f"that the customer died on {event.from_date}"
            case AccountUnfrozen():
                learnt = f"that the customer did not die on {event.from_date}"
            case _:
                learnt = f"what counts from {event.from_date}"
        why = (
            f"On {event.business_date} it was learnt {learnt}: what would have been charged by then, had it been known, "
            "takes the place of what was."
        )
        return why, [cause]
    if isinstance(event, BalancesCorrected):
        return f"On {event.business_date} an officer corrected it ({event.reason}), seen by a second one.", []
    return f"On {event.business_date} a newer edition of the rules was applied to all that had happened.", []
