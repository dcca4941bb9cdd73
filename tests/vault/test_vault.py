"""What is known of a person is kept sealed, and gone for good when they are erased."""

import asyncio
import os
import re
from base64 import b64encode
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from domain.customer import Customer, Line
from infra.faults import Fault
from infra.settings import Settings
from infra.store.roles import ROLES, role_url
from infra.vault import AccountsOpen, Erased, PersonalData
from infra.vault.masters import NoMasterKey, id_of
from infra.vault.sealing import Damaged
from tests.vault.conftest import ZHANG, person

LI = PersonalData(names=("李四",))


def key() -> str:
    return b64encode(os.urandom(32)).decode()


def test_what_was_said_is_known_and_nothing_before_it(on_vault):
    async def talk(vault):
        assert await vault.get("c-1") is None
        await vault.put("c-1", ZHANG)
        assert await vault.get("c-1") == ZHANG
        await vault.put("c-2", LI)
        await vault.put("c-1", PersonalData(email="z@example.com"))
        assert await vault.get("c-1") == PersonalData(email="z@example.com")
        await vault.put("c-1", PersonalData())
        assert await vault.get("c-1") == PersonalData()
        assert await vault.get("c-2") == LI

    on_vault(talk)


def test_whoever_is_erased_stays_so(on_vault):
    async def talk(vault):
        await vault.put("c-1", ZHANG)
        at = await vault.erase(person("c-1"), "o-1")
        for refused in (vault.get("c-1"), vault.put("c-1", LI)):
            with pytest.raises(Erased) as told:
                await refused
            assert told.value.at == at
        assert await vault.erase(person("c-1"), "o-2") == at
        await vault.erase(person("c-never"), "o-1")
        with pytest.raises(Erased):
            await vault.put("c-never", LI)
        assert (await vault.held())[:2] == (0, 2)

    on_vault(talk)


def test_not_even_the_role_of_the_vault_can_bring_them_back(on_vault, owner_url):
    async def erased(vault):
        await vault.put("c-1", ZHANG)
        await vault.erase(person("c-1"), "o-1")

    on_vault(erased)
    for url in (role_url(owner_url, "credit_vault"), owner_url):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.DatabaseError, match="was erased"):
            connection.execute(
                "UPDATE vault_keys SET sealed_key = '', master_id = '', erased_at = NULL, erased_by = NULL"
            )
    with psycopg.connect(role_url(owner_url, "credit_vault")) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute("DELETE FROM vault_keys")


@pytest.mark.parametrize("table", ["vault_master", "vault_keys", "vault_data"])
@pytest.mark.parametrize("role", sorted(ROLES.keys() - {"credit_vault"}))
def test_no_other_role_reads_it(owner_url, role, table):
    with psycopg.connect(role_url(owner_url, role)) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(f"SELECT * FROM {table}")


def test_whoever_owes_is_not_erased(on_vault):
    accounts = [uuid4(), uuid4()]
    lines = {
        account_id: Line(product="pay_later", currency="CNY", limit=1, closed=closed)
        for account_id, closed in zip(accounts, [True, False], strict=True)
    }

    async def talk(vault):
        await vault.put("c-1", ZHANG)
        with pytest.raises(AccountsOpen) as refused:
            await vault.erase(Customer(customer_id="c-1", lines=lines), "o-1")
        assert refused.value.accounts == accounts[1:]
        assert await vault.get("c-1") == ZHANG

    on_vault(talk)


def test_whoever_is_erased_while_many_write_is_erased(on_vault):
    async def talk(vault):
        await vault.put("c-1", ZHANG)
        writes = [vault.put("c-1", LI) for _ in range(20)]
        rest = asyncio.gather(*writes, return_exceptions=True)
        await vault.erase(person("c-1"), "o-1")
        assert {type(each) for each in await rest} <= {type(None), Erased}
        with pytest.raises(Erased):
            await vault.get("c-1")

    on_vault(talk)


def test_what_is_kept_says_nothing(on_vault, owner_url):
    on_vault(lambda vault: vault.put("c-1", ZHANG))
    with psycopg.connect(owner_url) as owner:
        kept = owner.execute("SELECT sealed_key FROM vault_keys UNION ALL SELECT sealed FROM vault_data").fetchall()
    assert len(kept) == 1 + len(PersonalData.model_fields)
    for (sealed,) in kept:
        assert not any(said.encode() in sealed for said in ("张三丰", "Zhang", "138", "example"))


def test_what_was_moved_to_somebody_else_is_not_told(on_vault, owner_url):
    async def both(vault):
        await vault.put("c-1", ZHANG)
        await vault.put("c-2", LI)

    on_vault(both)
    with psycopg.connect(owner_url) as owner:
        moved = "UPDATE vault_data SET sealed = (SELECT sealed FROM vault_data WHERE customer_id = 'c-1' AND field = 'names')"
        owner.execute(f"{moved} WHERE customer_id = 'c-2'")
    with pytest.raises(Damaged, match="c-2 names"):
        on_vault(lambda vault: vault.get("c-2"))


# Master keys.


def test_without_a_key_one_is_made_that_only_we_can_read(on_vault, tmp_path):
    made = on_vault(lambda vault: vault.begin())
    assert made.stat().st_mode & 0o777 == 0o600
    assert made.parent.stat().st_mode & 0o777 == 0o700
    assert on_vault(lambda vault: vault.begin()) is None
    on_vault(lambda vault: vault.put("c-1", ZHANG))
    assert [file.name for file in (tmp_path / "vault").iterdir()] == [made.name]
    assert on_vault(lambda vault: vault.get("c-1")) == ZHANG


def test_a_given_key_is_taken_and_no_file_made(on_vault, tmp_path):
    given = key()
    assert on_vault(lambda vault: vault.begin(), vault_key=given) is None
    on_vault(lambda vault: vault.put("c-1", ZHANG), vault_key=given)
    assert on_vault(lambda vault: vault.get("c-1"), vault_key=given) == ZHANG
    assert not (tmp_path / "vault").exists()


def test_with_another_key_it_says_which_one_is_missing(on_vault, tmp_path):
    made = on_vault(lambda vault: vault.begin())
    on_vault(lambda vault: vault.put("c-1", ZHANG))
    content = made.read_text()
    made.write_text("nonsense")
    for wrong in ({}, {"vault_key": key()}):
        for talk in (lambda vault: vault.get("c-1"), lambda vault: vault.put("c-2", LI)):
            with pytest.raises(NoMasterKey, match=re.escape(made.stem)):
                on_vault(talk, **wrong)
    made.write_text(content)
    assert on_vault(lambda vault: vault.get("c-1")) == ZHANG


def test_a_made_key_is_rotated_under_running_services(on_vault):
    async def rotated(vault):
        for number in range(25):
            await vault.put(f"c-{number}", ZHANG)
        await vault.erase(person("c-0"), "o-1")
        return await vault.rotate()

    async def running(vault):
        made = await vault.begin()
        await vault.put("c-other", LI)
        before, after, sealed = await asyncio.to_thread(on_vault, rotated)
        assert (before, sealed) == (made.stem, 25)
        made.unlink()
        assert await vault.get("c-other") == LI
        await vault.put("c-new", LI)
        held = await vault.held()
        assert (held.people, held.erased, held.master_id, held.sealed_before) == (26, 1, after, 0)

    on_vault(running)
    assert on_vault(lambda vault: vault.get("c-7")) == ZHANG  # in a process that never saw the first key


def test_given_keys_are_rotated_by_naming_the_new_one_first(on_vault):
    old, new = key(), key()
    on_vault(lambda vault: vault.put("c-1", ZHANG), vault_key=old)
    both = f"{new},{old}"
    on_vault(lambda vault: vault.put("c-2", LI), vault_key=both)
    assert on_vault(lambda vault: vault.held(), vault_key=both).sealed_before == 0
    _, after, sealed = on_vault(lambda vault: vault.rotate(), vault_key=both)
    assert sealed == 2
    assert on_vault(lambda vault: vault.get("c-1"), vault_key=new) == ZHANG
    assert on_vault(lambda vault: vault.rotate(), vault_key=new) == (after, after, 0)
    with pytest.raises(NoMasterKey):
        on_vault(lambda vault: vault.get("c-2"), vault_key=old)


def test_a_rotation_that_lacks_a_key_changes_nothing(on_vault):
    old, new = key(), key()
    on_vault(lambda vault: vault.put("c-1", ZHANG), vault_key=old)
    with pytest.raises(NoMasterKey):
        on_vault(lambda vault: vault.rotate(), vault_key=new)
    assert on_vault(lambda vault: vault.get("c-1"), vault_key=old) == ZHANG


@pytest.mark.parametrize(
    "wrong", ["short", b64encode(bytes(31)).decode(), f"{b64encode(bytes(32)).decode()},", "=" * 44]
)
def test_a_key_that_is_none_is_refused_and_not_quoted(monkeypatch, wrong):
    monkeypatch.setenv("CREDIT_VAULT_KEY", wrong)
    with pytest.raises(Fault, match="CREDIT_VAULT_KEY cannot be used: it must be 32 bytes in Base64") as refused:
        Settings.load()
    assert wrong not in str(refused.value)


def test_a_key_is_not_printed_with_the_settings():
    given = b64encode(bytes(32)).decode()
    assert given not in repr(Settings(vault_key=given))
    assert len(id_of(bytes(32))) == 16
