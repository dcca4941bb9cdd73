"""The routes of four eyes: what waits for a second person, who approves it, who rejects it."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.commands import Actor
from domain.terms import Token
from infra.access import Principal
from infra.http.allowed import Allowed
from infra.http.approvals import Approval
from infra.http.idempotency import Told
from infra.http.problems import documented
from infra.http.writing import AccountDone, Done, do, documented_headers, once

router = APIRouter(prefix="/approvals", tags=["approvals"])
_ROLES = ("officer",)
Reads = Annotated[Principal, Depends(Allowed("approvals:read", ("officer", "auditor", "operator")))]
Decides = Annotated[Principal, Depends(Allowed("approvals:write", _ROLES))]
ApprovalId = Annotated[Token, Path(description="Under which it waits.")]


class Which(BaseModel):
    """Which requests, and which part of them."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["waiting", "approved", "rejected"] | None = None
    after: Annotated[str, Field(max_length=64, description="Those with ids after this one.")] = ""
    limit: Annotated[int, Field(ge=1, le=1_000)] = 100


class Page(BaseModel):
    """Some of the requests, in the order of their ids."""

    data: list[Approval]
    has_more: bool
    next: Annotated[str | None, Field(description="The `after` of the next page.")]


@router.get("", operation_id="list_approvals", summary="What waits for a second person", responses=documented())
async def list_approvals(request: Request, _: Reads, which: Annotated[Which, Query()]) -> Page:
    """In the order of their ids."""
    found = await request.app.state.approvals.page(which.status, which.after, which.limit + 1)
    data, more = found[: which.limit], len(found) > which.limit
    return Page(data=data, has_more=more, next=data[-1].approval_id if more else None)


@router.get("/{approval_id}", operation_id="get_approval", summary="One of them", responses=documented())
async def get_approval(request: Request, _: Reads, approval_id: ApprovalId) -> Approval:
    """What is asked for, by whom, and what became of it."""
    found: Approval = await request.app.state.approvals.find(approval_id)
    return found


@router.post(
    "/{approval_id}/approval",
    operation_id="approve",
    summary="Approve it, and have it done",
    response_model=None,
    status_code=201,
    responses=documented(write=True) | {201: {"model": AccountDone, "description": "It is recorded."}},
    openapi_extra={"parameters": documented_headers(if_match=False)},
)
async def approve(request: Request, principal: Decides, approval_id: ApprovalId) -> Response:
    """Whoever approves is another person than who asked. Refused for another reason, it goes on waiting."""
    second = Actor(role="officer", id=principal.id)

    async def work(at: datetime) -> Done:
        approved: Done = await request.app.state.approvals.approve(approval_id, second, at, partial(do, request))
        return approved

    return await once(request, principal, None, work)


@router.post(
    "/{approval_id}/rejection",
    operation_id="reject",
    summary="Reject it",
    response_model=None,
    status_code=200,
    responses=documented(write=True) | {200: {"model": Approval, "description": "It will not be done."}},
    openapi_extra={"parameters": documented_headers(if_match=False)},
)
async def reject(request: Request, principal: Decides, approval_id: ApprovalId) -> Response:
    """Whoever asked may take it back in the same way."""

    async def work(at: datetime) -> Done:
        rejected = await request.app.state.approvals.reject(approval_id, Actor(role="officer", id=principal.id), at)
        return Done(Told(200, {}, rejected.model_dump_json().encode()))

    return await once(request, principal, None, work)
