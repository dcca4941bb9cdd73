"""The audit view listens to every event of every account."""

from consumers.envelope import ACCOUNT_EVENTS
from consumers.runner import Group

AUDIT = Group(name="credit.audit", topic=ACCOUNT_EVENTS, view="audit")
