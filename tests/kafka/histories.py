"""Small histories to send through Kafka: what they mean is beside the point, their order is not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from domain.chain import GENESIS, instant_text, link
from domain.codec import encode
from domain.events import AccountActivated, PurchasePosted
from domain.identity import account_id_for
from domain.recorded import Recorded

DAY = date(2026, 2, 10)
BEGIN = datetime(2026, 2, 10, 4, tzinfo=UTC)


def history(account: int | UUID, length: int, after: int = 0, trace: str = "") -> list[Recorded]:
    """`length` events of one account, following its first `after`."""
    account_id = account_id_for(f"c-{account}", "a-1") if isinstance(account, int) else account
    recorded, previous = [], GENESIS
    for version in range(after + 1, after + length + 1):
        event = (
            AccountActivated(business_date=DAY, limit_fen=500_000)
            if version == 1
            else PurchasePosted(
                business_date=DAY, purchase_id=f"p-{version}", amount_fen=version, merchant_id="m-1", forced=False,
                credit_applied_fen=0,
            )
        )  # fmt: skip
        data, at, command_id = encode(event), BEGIN + timedelta(seconds=version), f"c-{version}"
        previous = link(
            previous, account_id, version, event.TYPE, 1, instant_text(at), command_id, "customer:c-1", data
        )
        recorded.append(
            Recorded(
                aggregate_id=account_id, version=version, position=0, recorded_at=at, command_id=command_id,
                command_index=0, command_hash=bytes(range(32)), correlation_id="", causation_id=f"c-{version}",
                traceparent=trace, actor="customer:c-1", type=event.TYPE, type_version=1, data=data,
                chain_hash=previous, event=event,
            )
        )  # fmt: skip
    return recorded


def histories(accounts: int, length: int, after: int = 0) -> list[Recorded]:
    """Histories of several accounts, interleaved."""
    each = [history(account, length, after) for account in range(accounts)]
    return [event for events in zip(*each, strict=True) for event in events]


def positioned(events: Sequence[Recorded], first: int = 1) -> list[Recorded]:
    """The same events with positions, for tests that go without a store."""
    return [replace(event, position=position) for position, event in enumerate(events, first)]
