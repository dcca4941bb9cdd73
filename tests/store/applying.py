"""A program that applies for one person from several threads: `python -m tests.store.applying URL NAME FIRST COUNT`.

It says `ready`, waits for a line on its standard input, sends its applications at once, and prints what became of each:
the reference, the limit that was granted (0 where it was refused), and how many events of the account came with it.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from infra.accounts import Accounts
from infra.store.event_store import EventStore
from tests.store.portfolio import application


def main(url: str, name: str, first: int, count: int) -> None:
    with EventStore(url) as store, ThreadPoolExecutor(count) as pool:
        accounts, together = Accounts(store), Barrier(count)
        accounts.customer(name)  # so that all of them begin with a memory that others will overtake

        def apply(number: int) -> str:
            command = application(name, f"application-{number}")
            together.wait()
            answer = accounts.execute(command)
            limit = answer.granted.limit_fen if answer.granted else 0
            return f"{command.application_ref} {limit} {len(answer.account_events)}"

        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write("\n".join(pool.map(apply, range(first, first + count))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
