"""`python -m tests.domain.elsewhere FILE`: what stored lives come to, where nothing is known but what was stored.

The file holds, one life a line, the bytes of its events with their types and versions, and a snapshot after each. One
digest a line is printed: of the account folded from its first event and from every snapshot, and of the four views.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from domain.account import fold
from domain.codec import decode, encode
from domain.events import AccountEvent
from domain.snapshot import dump, load
from projections import audit, balance, books, credit_report, folding
from tests.projections.stories import record
from tests.specification import ACCOUNT_ID

VIEWS = (balance, credit_report, audit, books)


def stored(events: Sequence[AccountEvent]) -> str:
    """A life as it is kept."""
    account, snapshots = None, []
    for event in events:
        account = fold(account, [event])
        snapshots.append(dump(account).decode())
    kept = [(event.TYPE, event.VERSION, encode(event).decode()) for event in events]
    return json.dumps({"events": kept, "snapshots": snapshots})


def digest(line: str) -> str:
    """What a stored life comes to, from its first event and from every snapshot, in the account and in the views."""
    kept = json.loads(line)
    events = [decode(type_, version, data.encode()) for type_, version, data in kept["events"]]
    found = hashlib.sha256(dump(fold(None, events)))
    for version, snapshot in enumerate(kept["snapshots"], start=1):
        begun = load(snapshot.encode())
        assert begun is not None
        found.update(dump(fold(begun, events[version:])))
    recorded = record(ACCOUNT_ID, events)
    day = events[-1].business_date
    for view in VIEWS:
        rows: dict = {}
        folding.fold(rows, recorded, view)
        found.update(repr(rows).encode())
        if view in (balance, credit_report):
            found.update(view.as_of(rows[ACCOUNT_ID], day).model_dump_json().encode())
    for entry in audit.timeline(recorded):
        found.update(entry.model_dump_json().encode())
    return found.hexdigest()


if __name__ == "__main__":
    for told in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        print(digest(told))  # noqa: T201 - what was asked for
