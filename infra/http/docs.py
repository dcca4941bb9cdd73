"""Pages for people: what can be asked, what each problem means, and a place to try it. None asks a foreign host."""

from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from infra.http.problems import CODES, MEDIA_TYPE, PLACE

router = APIRouter(include_in_schema=False)
_SWAGGER_UI = Path(__file__).parent / "swagger_ui"  # 5.35.0, as published by its makers; start.js is ours

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}
code{{font-family:ui-monospace,monospace}}dt{{font-weight:600;margin-top:1rem}}</style>
<h1>{title}</h1>{content}</html>
"""
_TRY = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: try it</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png"><link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<div id="api"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/start.js"></script></html>
"""


def install(app: FastAPI) -> None:
    """Add the pages to the application."""
    app.include_router(router)
    app.mount("/docs/assets", StaticFiles(directory=_SWAGGER_UI), name="docs-assets")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """What can be asked, in one page without a script."""
    app = request.app
    described: dict[str, Any] = app.openapi()
    operations = "".join(
        f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{escape(each['summary'])}.{_parameters(each)}</dd>"
        for path, methods in described["paths"].items()
        for method, each in methods.items()
    )
    problems = "".join(
        f'<dt><a href="{PLACE}{code}"><code>{code}</code></a></dt><dd>{escape(title)}.</dd>'
        for code, (title, _) in sorted(CODES.items())
    )
    content = (
        f'<p>{escape(app.description)}</p><p><a href="/docs/try">Try it</a> in the browser, or read the full description: '
        f'<a href="/openapi.json"><code>/openapi.json</code></a> (OpenAPI 3.1).</p>'
        f"<h2>What can be asked</h2><dl>{operations}</dl>"
        f"<h2>Problems</h2><p>Every error is <code>{MEDIA_TYPE}</code> (RFC 9457); switch on <code>code</code>.</p>"
        f"<dl>{problems}</dl>"
    )
    return HTMLResponse(_PAGE.format(title=escape(app.title), content=content))


@router.get("/docs/try")
async def try_it(request: Request) -> HTMLResponse:
    """The description in Swagger UI, where requests can be sent."""
    return HTMLResponse(_TRY.format(title=escape(request.app.title)))


@router.get(PLACE + "{code}")
async def explain_problem(code: str) -> HTMLResponse:
    """What a problem means and what can be done about it."""
    if code not in CODES:
        raise HTTPException(404, "there is no such problem")
    title, remedy = CODES[code]
    content = (
        f"<p>Code <code>{code}</code>.</p><h2>What to do</h2><p>{escape(remedy)}</p>"
        f"<p>The members of the problem beside <code>type</code>, <code>title</code>, <code>status</code>, "
        f"<code>detail</code> and <code>instance</code> (RFC 9457) say by how much: what was asked, and the bound that "
        f"stands against it.</p>"
        f'<p><a href="/docs">All problems, and what can be asked</a></p>'
    )
    return HTMLResponse(_PAGE.format(title=escape(title), content=content))


def _parameters(operation: dict[str, Any]) -> str:
    return "".join(
        f"<br><code>{escape(each['name'])}</code>: {escape(each.get('description', ''))}"
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    )
