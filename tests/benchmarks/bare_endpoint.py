"""`python -m tests.benchmarks.bare_endpoint PORT`: what the framework itself costs, with nothing behind it."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

app = FastAPI()


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount_fen: int
    merchant_id: str


class Answer(BaseModel):
    account_id: str
    version: int
    status: str
    events: list[dict[str, Any]]


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


def _answer(account_id: str, amount: int) -> Answer:
    data = {"business_date": "2026-01-05", "currency": "CNY", "amount_fen": amount, "merchant_id": "m-1"}
    return Answer(
        account_id=account_id, version=3, status="activated", events=[{"type": "purchase.posted", "data": data}]
    )


@app.post("/accounts/{account_id}/purchases", status_code=201)
async def purchase(account_id: str, body: Body) -> Answer:
    return _answer(account_id, body.amount_fen)


@app.get("/accounts/{account_id}/balance")
async def balance(account_id: str) -> Answer:
    return _answer(account_id, 0)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
