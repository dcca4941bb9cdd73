"""Who people are, over HTTP: told to whoever needs to know, masked for others, exported whole, and erased."""

from base64 import b64encode

import psycopg
import pytest

from infra.settings import Settings
from infra.store.roles import role_url
from infra.vault.masters import Masters
from tests.http.living import Living
from tests.projections.stories import noon
from tests.vault.conftest import ZHANG

SAID = ZHANG.model_dump(mode="json")
MASKED = {
    "names": ["张**", "Z************"],
    "identity_number": "1****************X",
    "cards": ["****4567"],
    "telephones": ["138****1234", "+86****4567"],
    "address": "****",
    "email": "s******@example.com",
    "notes": "****",
}
SHOWN = set(SAID)


@pytest.fixture(scope="module")
def living(new_database, bootstrap_servers, key_of, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CREDIT_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        service = Living(new_database(), bootstrap_servers, key_of)
        yield service
        service.stop()


@pytest.fixture
def someone(living, request):
    """Somebody of whom it is known who they are."""
    ask = living.someone(request.node.name[:40].replace("[", "-").replace("]", ""))
    ask.place = f"/customers/{ask.customer_id}/personal-data"

    def told(method, path, body=None, by="service", **more):
        return living.run(ask.ask(method, path, body, by, **more))

    ask.told = told
    ask.granted_now = lambda: living.run(ask.granted())
    assert told("PUT", ask.place, SAID).status_code == 200
    return ask


def shown(response):
    assert response.status_code == 200, response.text
    return {name: value for name, value in response.json().items() if name in SHOWN}


def problem(response):
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def test_it_is_told_to_whoever_needs_to_know_and_masked_for_others(living, someone, key_of):
    for by in ("service", "officer", "customer"):
        response = someone.told("GET", someone.place, by=by)
        assert shown(response) == SAID
        assert response.json()["masked"] is False
    without = key_of(living.url, "officer", "clerk", scopes=("customers:read", "personal:write"))
    for response in (
        someone.told("GET", someone.place, **without),
        someone.told("PUT", someone.place, SAID, **without),
    ):
        assert shown(response) == MASKED
        assert response.json()["masked"] is True
    assert shown(someone.told("GET", someone.place)) == SAID


def test_what_is_left_out_is_not_known_any_more(someone):
    assert shown(someone.told("PUT", someone.place, {"email": "z@example.com"}))["names"] == []
    held = shown(someone.told("GET", someone.place))
    assert [name for name in SHOWN if held[name]] == ["email"]


def test_nobody_is_known_before_it_is_said_who_they_are(living):
    ask = living.someone("unknown")
    place = "/customers/c-unknown"
    assert problem(living.run(ask.ask("GET", f"{place}/personal-data"))) == (404, "personal_data_unknown")
    assert problem(living.run(ask.ask("GET", f"{place}/export", by="officer"))) == (404, "customer_unknown")


def test_everything_that_is_wrong_is_said_and_nothing_of_it_quoted(someone):
    wrong = {"names": ["张三丰\u0007"], "cards": ["6222 0202"], "email": "sanfeng", "nickname": "Laozhang"}
    response = someone.told("PUT", someone.place, wrong)
    assert problem(response) == (422, "parameter_invalid")
    assert {each["pointer"] for each in response.json()["errors"]} == {
        "#/names/0", "#/cards/0", "#/email", "#/nickname",
    }  # fmt: skip
    for said in ("张三丰", "6222 0202", "sanfeng", "Laozhang"):
        assert said not in response.text
    assert problem(someone.told("PUT", someone.place, b'{"names":[],"names":[]}')) == (422, "json_key_repeated")
    assert shown(someone.told("GET", someone.place)) == SAID


def test_whoever_is_erased_is_gone_for_good(someone):
    erased = someone.told("DELETE", someone.place, by="officer")
    assert erased.status_code == 200
    assert someone.told("DELETE", someone.place, by="officer").json() == erased.json()
    for response in (
        someone.told("GET", someone.place),
        someone.told("PUT", someone.place, SAID),
        someone.told("PUT", someone.place, {}),
    ):
        assert problem(response) == (410, "person_erased")
        assert response.json()["erased_at"].startswith(erased.json()["erased_at"][:19])
    export = someone.told("GET", f"/customers/{someone.customer_id}/export", by="officer").json()
    assert (export["personal_data"], export["erased_at"]) == (None, erased.json()["erased_at"])


def test_whoever_owes_is_not_erased_before_they_are_done(someone):
    account = someone.granted_now()
    refused = someone.told("DELETE", someone.place, by="officer")
    assert problem(refused) == (409, "accounts_open")
    assert refused.json()["accounts"] == [account.removeprefix("/accounts/")]
    assert shown(someone.told("GET", someone.place)) == SAID
    assert someone.told("POST", f"{account}/closure", by="officer").status_code == 201
    assert someone.told("DELETE", someone.place, by="officer").status_code == 200


def test_all_that_is_held_about_a_person_is_one_document(living, someone, key_of):
    account = someone.granted_now()
    buys = {"merchant_id": "m-1", "amount_fen": 20_000}
    someone.at = noon("2026-01-10").isoformat()
    assert someone.told("POST", f"{account}/purchases", buys).status_code == 201
    someone.at = noon("2026-02-06").isoformat()
    assert someone.told("POST", f"{account}/payments", {"amount_fen": 5_000, "channel": "transfer"}).status_code == 201
    living.show()
    someone.told("GET", someone.place, by="auditor")
    export = someone.told("GET", f"/customers/{someone.customer_id}/export", by="customer").json()
    assert {name: export["personal_data"][name] for name in SHOWN} == SAID
    person = someone.told("GET", f"/customers/{someone.customer_id}").json()
    assert export["customer"] == person
    assert [each["version"] for each in export["customer_events"]] == list(range(1, person["version"] + 1))
    (held,) = export["accounts"]
    assert f"/accounts/{held['account_id']}" == account
    assert held["balance"] == someone.told("GET", f"{account}/balance").json()
    assert held["credit_report"] == someone.told("GET", f"{account}/credit-report").json()
    assert held["statements"] == someone.told("GET", f"{account}/statements").json()["data"] != []
    assert [each["version"] for each in held["events"]] == list(range(1, held["balance"]["version"] + 1))
    looks = [(each["role"], each["method"], each["route"], each["outcome"]) for each in export["looked_at"]]
    place = "/customers/{customer_id}"
    assert ("service", "PUT", f"{place}/personal-data", "allowed") in looks
    assert ("auditor", "GET", f"{place}/personal-data", "allowed") in looks
    assert ("customer", "GET", f"{place}/export", "allowed") in looks
    # Which of the lender's people looked is the lender's to know.
    assert not {"principal", "address", "key_id"} & {name for each in export["looked_at"] for name in each}


def test_what_is_written_down_says_who_erased_whom(living, someone):
    someone.told("DELETE", someone.place, by="officer")
    with psycopg.connect(living.url) as owner:
        told = owner.execute(
            "SELECT principal, method FROM access_journal WHERE customer_id = %s ORDER BY entry", (someone.customer_id,)
        ).fetchall()
        tombstone = owner.execute("SELECT erased_by FROM vault_keys WHERE customer_id = %s", (someone.customer_id,))
        assert told[-1] == (*tombstone.fetchone(), "DELETE") == ("officer", "DELETE")


def test_without_the_master_key_the_rest_goes_on(living, someone, monkeypatch):
    other = Settings(database_url=living.url, vault_key=b64encode(bytes(32)).decode())
    monkeypatch.setattr(living.app.state.vault, "_masters", Masters(other))
    file = next((living.app.state.settings.data_dir / "vault").iterdir())
    hidden = file.rename(file.with_suffix(".elsewhere"))
    try:
        response = someone.told("GET", someone.place)
        assert problem(response) == (503, "vault_sealed")
        assert file.stem not in response.text
        assert someone.granted_now().startswith("/accounts/")
    finally:
        hidden.rename(file)
    assert shown(someone.told("GET", someone.place)) == SAID


def test_the_role_of_the_vault_reads_nothing_else(living):
    with psycopg.connect(role_url(living.url, "credit_vault")) as connection:
        readable = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND has_table_privilege(oid, 'SELECT')"
        ).fetchall()
    assert {name for (name,) in readable} == {"vault_master", "vault_keys", "vault_data"}
