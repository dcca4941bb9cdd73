"""One page that says what can be asked and what each problem means, without a script or a foreign address."""

from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from infra.http.problems import CODES

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}
code{{font-family:ui-monospace,monospace}}dt{{font-weight:600;margin-top:1rem}}dd:target,dt:target{{background:#ff9}}
</style>
<h1>{title}</h1><p>{about}</p><p>The full description: <a href="/openapi.json"><code>/openapi.json</code></a>.</p>
<h2>What can be asked</h2><dl>{operations}</dl>
<h2>Problems</h2><p>Every error is <code>application/problem+json</code> (RFC 9457); switch on <code>code</code>.</p>
<dl>{problems}</dl></html>
"""


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(_page(request.app))


def _page(app: FastAPI) -> str:
    described: dict[str, Any] = app.openapi()
    operations = "".join(
        f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{escape(each['summary'])}.{_parameters(each)}</dd>"
        for path, methods in described["paths"].items()
        for method, each in methods.items()
    )
    problems = "".join(
        f'<dt id="{code}"><code>{code}</code></dt><dd>{escape(title)}. {escape(remedy)}</dd>'
        for code, (title, remedy) in CODES.items()
    )
    return _PAGE.format(
        title=escape(app.title), about=escape(app.description), operations=operations, problems=problems
    )  # fmt: skip


def _parameters(operation: dict[str, Any]) -> str:
    return "".join(
        f"<br><code>{escape(each['name'])}</code>: {escape(each.get('description', ''))}"
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    )
