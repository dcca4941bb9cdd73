"""A vault over a database of its own, and a person to be kept in it."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from psycopg_pool import AsyncConnectionPool

from domain.customer import Customer
from infra.migrations import migrate
from infra.settings import Settings
from infra.store.roles import role_url
from infra.vault import PersonalData, Vault
from infra.vault.masters import Masters

ZHANG = PersonalData(
    names=("张三丰", "Zhang Sanfeng"),
    identity_number="11010519491231002X",
    cards=("6222020200001234567",),
    telephones=("13812341234", "+862161234567"),
    address="上海市黄浦区人民大道200号",
    email="sanfeng@example.com",
    notes="Prefers to be called in the evening.",
)


def person(customer_id: str) -> Customer:
    """Somebody without an account."""
    return Customer(customer_id=customer_id)


@pytest.fixture
def owner_url(database_url) -> str:
    migrate(database_url)
    return database_url


@pytest.fixture
def on_vault(owner_url, tmp_path):
    """What `await talk(vault)` returns; named settings take the place of the default ones."""

    @asynccontextmanager
    async def opened(**changed):
        settings = Settings(**({"data_dir": tmp_path} | changed))
        async with AsyncConnectionPool(role_url(owner_url, "credit_vault"), min_size=1, open=False) as pool:
            yield Vault(pool, Masters(settings))

    def run(talk, **changed):
        async def whole():
            async with opened(**changed) as vault:
                return await talk(vault)

        return asyncio.run(whole())

    return run
