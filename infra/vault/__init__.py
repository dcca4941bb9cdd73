"""The vault: who people are, sealed under a key for each of them, so that a person can be erased and history stays."""

from infra.vault.personal import PersonalData, masked
from infra.vault.vault import AccountsOpen, Erased, Vault

__all__ = ["AccountsOpen", "Erased", "PersonalData", "Vault", "masked"]
