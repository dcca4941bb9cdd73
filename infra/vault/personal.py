"""What is known of who a person is, and how much of it is shown to those who need not know all."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Card = Annotated[str, StringConstraints(pattern=r"^[0-9]{12,19}$")]
_Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{5,20}$")]
_SHOWN_HEAD = 3
_SHOWN_TAIL = 4


class PersonalData(BaseModel):
    """Who a person is, as far as the lender needs to know."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "names": ["张三"],
                    "identity_number": "11010519491231002X",
                    "cards": ["6222020200001234567"],
                    "telephones": ["13800001234"],
                    "address": "上海市黄浦区人民大道200号",
                    "email": "zhang@example.com",
                    "notes": "Prefers to be called in the evening.",
                }
            ]
        },
    )

    names: Annotated[tuple[_Name, ...], Field(max_length=10, description="The present one first.")] = ()
    identity_number: Annotated[str | None, Field(pattern=r"^[0-9A-Za-z-]{5,32}$")] = None
    cards: Annotated[tuple[_Card, ...], Field(max_length=20, description="Numbers of bank cards.")] = ()
    telephones: Annotated[tuple[_Telephone, ...], Field(max_length=10)] = ()
    address: Annotated[str | None, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")] = None
    email: Annotated[str | None, Field(max_length=254, pattern=r"^[^\x00-\x20@]+@[^\x00-\x20@]+$")] = None
    notes: Annotated[str | None, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00]+$")] = None


def masked(data: PersonalData) -> dict[str, Any]:
    """So much of each field that who knows the person recognises them, and nobody else gets to know them."""
    return {
        "names": [_ends(name, 1, 0) for name in data.names],
        "identity_number": data.identity_number and _ends(data.identity_number, 1, 1),
        "cards": ["****" + card[-_SHOWN_TAIL:] for card in data.cards],
        "telephones": [_telephone(number) for number in data.telephones],
        "address": data.address and "****",
        "email": data.email and _email(data.email),
        "notes": data.notes and "****",
    }


def _ends(text: str, head: int, tail: int) -> str:
    """The first and the last characters, with as many stars as there are others; all stars where it is no longer."""
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def _telephone(number: str) -> str:
    if len(number) < _SHOWN_HEAD + 2 * _SHOWN_TAIL:
        return "****" + number[-2:]
    return number[:_SHOWN_HEAD] + "****" + number[-_SHOWN_TAIL:]


def _email(address: str) -> str:
    name, _, domain = address.partition("@")
    return f"{_ends(name, 1, 0)}@{domain}"
