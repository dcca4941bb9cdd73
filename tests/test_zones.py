"""A zone means the same on every machine, or it is refused."""

import json

import pytest
from pydantic import ValidationError

from domain.commands import Open
from tests.specification import ACCOUNT_ID

OPEN = {
    "command_id": "c-1",
    "account_id": str(ACCOUNT_ID),
    "actor": {"role": "officer", "id": "o-1"},
    "at": "2026-01-05T04:00:00Z",
    "customer_id": "c-1",
    "terms_version": "v-1",
}


@pytest.mark.parametrize(
    "zone", ["localtime", "posixrules", "Factory", "right/Asia/Shanghai", "posix/UTC", "asia/macau"]
)
def test_a_file_that_lies_beside_the_zones_is_none(zone):
    with pytest.raises(ValidationError, match="is not an IANA time zone, such as Asia/Shanghai") as wrong:
        Open.model_validate_json(json.dumps(OPEN | {"zone": zone}))
    assert [each["loc"] for each in wrong.value.errors()] == [("zone",)]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+8"])
def test_an_iana_zone_is_one(zone):
    assert Open.model_validate_json(json.dumps(OPEN | {"zone": zone})).zone == zone
