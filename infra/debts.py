"""What a person owes on a day, by the accounts that the store knows of them."""

from datetime import date

from domain.account import Account, fold
from domain.advice import Debt
from domain.debts import debts_of
from domain.refusals import Refused
from infra.accounts import Accounts
from infra.faults import Fault
from infra.store.event_store import EventStore


def accounts_of(customer_id: str, on: date | None, store: EventStore) -> dict[str, Account]:
    """The person's accounts by id as they were after the events of `on` and before; as they are, where no day is said.

    Raises Fault where nothing is known of them, and Refused where they had died by then.
    """
    customer = Accounts(store).customer(customer_id)
    if not customer.version:
        raise Fault(f"Nothing is known of a customer {customer_id}: check the id.")
    found: dict[str, Account] = {}
    histories = store.load_many(customer.lines)
    for account_id in customer.lines:
        events = [each.event for each in histories[account_id] if on is None or each.event.business_date <= on]
        if events:
            found[str(account_id)] = fold(None, events)
    if any(account.death is not None for account in found.values()):
        raise Refused("customer_deceased", customer_id=customer_id)
    return found


def owed_on(day: date, accounts: dict[str, Account]) -> list[Debt]:
    """The debts of all accounts on `day`, which is not before the last event of any."""
    return [debt for name, account in accounts.items() for debt in debts_of(name, account, day)]
