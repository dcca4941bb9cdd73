"""`credit vault`: how much there is, another master key, and the end of a person."""

import json
import os
import subprocess
import sys

import pytest

from domain.commands import Activate, Actor, Open
from domain.identity import account_id_for
from infra.accounts import Accounts
from infra.store.event_store import EventStore
from infra.store.roles import role_url
from infra.vault import Erased
from tests.projections.stories import noon
from tests.vault.conftest import ZHANG


@pytest.fixture
def credit(owner_url, tmp_path):
    def run(*arguments: str, answer: str = ""):
        return subprocess.run(
            [sys.executable, "-m", "infra.cli", "vault", *arguments],
            env=os.environ | {"CREDIT_DATABASE_URL": owner_url, "CREDIT_DATA_DIR": str(tmp_path)},
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_it_says_how_much_there_is_and_seals_anew(credit, on_vault, tmp_path):
    assert "none yet" in credit("status").stdout
    on_vault(lambda vault: vault.put("c-1", ZHANG))
    (before,) = [file.stem for file in (tmp_path / "vault").iterdir()]
    assert json.loads(credit("status", "--json").stdout) == {
        "people": 1,
        "erased": 0,
        "master_id": before,
        "sealed_before": 0,
        "master_key": f"in {tmp_path}/vault/{before}.key",
    }
    rotated = credit("rotate")
    assert rotated.returncode == 0
    assert "1 people's keys are sealed anew" in rotated.stdout
    assert f"{before}.key" in rotated.stdout
    (tmp_path / "vault" / f"{before}.key").unlink()
    assert on_vault(lambda vault: vault.get("c-1")) == ZHANG


def test_it_says_when_a_key_is_missing(credit, on_vault, tmp_path):
    on_vault(lambda vault: vault.put("c-1", ZHANG))
    for file in (tmp_path / "vault").iterdir():
        file.unlink()
    assert "which is not at hand" in credit("status").stdout
    lost = credit("rotate")
    assert (lost.returncode, lost.stdout) == (1, "")
    assert "put it back" in lost.stderr
    assert "Traceback" not in lost.stderr


def test_somebody_is_erased_by_whoever_means_it(credit, on_vault):
    on_vault(lambda vault: vault.put("c-1", ZHANG))
    assert credit("erase", "c-1", answer="n\n").returncode == 1
    assert on_vault(lambda vault: vault.get("c-1")) == ZHANG
    done = credit("erase", "c-1", "--yes")
    assert (done.returncode, "is erased since" in done.stdout) == (0, True)
    with pytest.raises(Erased):
        on_vault(lambda vault: vault.get("c-1"))
    assert credit("erase", "not an id").returncode == 2


def test_whoever_owes_is_not(credit, on_vault, owner_url):
    on_vault(lambda vault: vault.put("c-1", ZHANG))
    account_id = account_id_for("c-1", "a-1")
    said = {"account_id": account_id, "actor": Actor(role="system", id="s"), "at": noon("2026-01-05")}
    with EventStore(role_url(owner_url, "credit_writer"), pool_size=1) as store:
        accounts = Accounts(store)
        accounts.execute(Open(command_id="k-1", customer_id="c-1", terms_version="pay-later-2026.1", **said))
        accounts.execute(Activate(command_id="k-2", limit_fen=800_000, **said))
    refused = credit("erase", "c-1", "--yes")
    assert refused.returncode == 1
    assert f"close {account_id} first" in refused.stderr
    assert on_vault(lambda vault: vault.get("c-1")) == ZHANG
