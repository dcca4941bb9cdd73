"""The books listen to every event of every account."""

from consumers.envelope import ACCOUNT_EVENTS
from consumers.runner import Group

BOOKS = Group(name="credit.books", topic=ACCOUNT_EVENTS, view="books")
