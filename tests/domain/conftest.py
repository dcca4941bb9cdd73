"""Every run generates the same lives, so that a red law is red again; `make laws` looks further, at others each time."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "specification",
    derandomize=True,
    deadline=None,  # no test of ours is about time that passes here
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", parent=settings.get_profile("specification"), derandomize=False)
settings.load_profile("explore" if os.environ.get("LIVES") else "specification")
