"""The credit report view listens to every event of every account."""

from consumers.envelope import ACCOUNT_EVENTS
from consumers.runner import Group

CREDIT_REPORT = Group(name="credit.credit-report", topic=ACCOUNT_EVENTS, view="credit_report")
