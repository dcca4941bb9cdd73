"""The balance view listens to every event of every account."""

from consumers.envelope import ACCOUNT_EVENTS
from consumers.runner import Group

BALANCE = Group(name="credit.balance", topic=ACCOUNT_EVENTS, view="balance")
