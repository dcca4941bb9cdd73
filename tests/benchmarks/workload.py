"""What all contenders are asked to do: accounts with twenty events of history, and purchases on them."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from threading import Barrier
from time import perf_counter
from typing import TypeVar
from uuid import UUID

from domain.account import Account
from domain.commands import AccountCommand, Activate, Actor, AdvanceTo, Open, Purchase, ReceivePayment
from domain.decisions import decide
from domain.events import AccountEvent
from domain.identity import account_id_for
from domain.refusals import Refused
from domain.terms import PAY_LATER
from infra.accounts import Accounts, Answer
from tests.benchmarks.measure import Sample

HISTORY = 20  # events of an account before anything is measured
_ACTOR = Actor(role="customer", id="bench")
_NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)  # in Shanghai
_PRICE = 12_345
T = TypeVar("T")


def account_ids(group: str, amount: int) -> list[UUID]:
    """The ids of a group of accounts; another group, other accounts."""
    return [account_id_for(f"{group}-{number}", "a-1") for number in range(amount)]


def history(group: str, number: int) -> list[AccountCommand]:
    """Two months of a life: opened, activated, purchases, two statements, both paid."""
    customer = f"{group}-{number}"
    account_id = account_id_for(customer, "a-1")
    said: list[AccountCommand] = []

    def about(day: int) -> dict[str, object]:
        at = _NOON + timedelta(days=day)
        return {"command_id": f"history-{len(said)}", "account_id": account_id, "actor": _ACTOR, "at": at}

    def buy(days: Iterable[int]) -> None:
        for day in days:
            fields = {"purchase_id": f"h-{day}", "amount_fen": _PRICE, "merchant_id": "shop-1"}
            said.append(Purchase(**about(day), **fields))  # type: ignore[arg-type] # checked by the model

    def bill_and_pay(month: int, day: int, purchases: int) -> None:
        said.append(AdvanceTo(**about(day), date=date(2026, month, 1)))  # type: ignore[arg-type] # as above
        paid = {"payment_ref": f"h-{month}", "channel": "transfer", "amount_fen": purchases * _PRICE}
        said.append(ReceivePayment(**about(day + 4), **paid))  # type: ignore[arg-type] # as above

    said.append(Open(**about(0), customer_id=customer, terms_version=PAY_LATER.version))  # type: ignore[arg-type]
    said.append(Activate(**about(0), limit_fen=5_000_000))  # type: ignore[arg-type]
    buy(range(5, 12))
    bill_and_pay(2, 27, 7)
    buy(range(36, 40))
    bill_and_pay(3, 55, 4)
    buy([64])
    return said


def purchases(accounts: Sequence[UUID], amount: int) -> list[Purchase]:
    """So many purchases, one account after the other; ids are new within the group of accounts."""
    return [
        Purchase(
            command_id=f"buy-{number}", account_id=accounts[number % len(accounts)], actor=_ACTOR,
            at=_NOON + timedelta(days=65), purchase_id=f"b-{number}", amount_fen=99, merchant_id="shop-2",
        )
        for number in range(amount)
    ]  # fmt: skip


def lives(group: str, amount: int) -> list[AccountCommand]:
    """The histories of a group of accounts, interleaved as they would happen."""
    return list(chain.from_iterable(zip(*(history(group, number) for number in range(amount)), strict=True)))


def settle(accounts: Accounts, group: str, amount: int) -> list[UUID]:
    """Have a group of accounts with their history in the store."""
    check(accounts.execute_many(lives(group, amount)))
    return account_ids(group, amount)


def check(answers: Iterable[Answer | Refused]) -> int:
    """How many answers there are. Raises the first refusal: a benchmark of refusals would say nothing."""
    said = list(answers)
    for answer in said:
        if isinstance(answer, Refused):
            raise answer
    return len(said)


def lived(commands: Iterable[AccountCommand]) -> tuple[Account, list[AccountEvent]]:
    """One account's life in memory: the account and its events."""
    account: Account | None = None
    events: list[AccountEvent] = []
    for command in commands:
        decision = decide(command, account)
        account = decision.account
        events += decision.events
    assert account is not None
    return account, events


def by_clients(
    clients: int,
    accounts: int,
    work: Sequence[T],
    do: Callable[[T], object],
    prepare: Callable[[], object] = lambda: None,
) -> Sample:
    """Let so many threads do the work, each after having prepared itself. Piece n is about account n modulo `accounts`, and an account has one thread:
    conflicts between writers are not what is measured.
    """
    shares: list[list[T]] = [[] for _ in range(clients)]
    for number, piece in enumerate(work):
        shares[number % accounts % clients].append(piece)
    together = Barrier(clients + 1)

    def client(share: Sequence[T]) -> None:
        try:
            prepare()
        except BaseException:
            together.abort()  # or the others would wait for this one for ever
            raise
        together.wait()
        for piece in share:
            do(piece)

    with ThreadPoolExecutor(clients) as threads:
        running = [threads.submit(client, share) for share in shares]
        together.wait()
        begun = perf_counter()
        for each in running:
            each.result()
        return Sample(len(work), perf_counter() - begun)
