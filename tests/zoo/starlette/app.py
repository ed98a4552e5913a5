"""Starlette on uvicorn."""

import os
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

EVERY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO"]


def handled(request, name):
    with open(os.environ["ZOO_JOURNAL"], "a") as journal:
        journal.write(ascii(f"{name} {request.method} {request.url.path}") + "\n")
    return PlainTextResponse(f"zoo-guarded {name}")


async def public(request):
    target = f"{request.url.path}?{request.url.query}"
    return PlainTextResponse(f"public {request.method} {target} {len(await request.body())}")


def always(name):
    async def endpoint(request):
        return handled(request, name)

    return endpoint


def only(method, name):
    async def endpoint(request):
        return handled(request, name) if request.method == method else await public(request)

    return endpoint


async def opened(request):
    return handled(request, "open") if request.cookies.get("session") == "victim" else await public(request)


async def action(request):
    # The form parser of a package that may be absent is not needed for urlencoded pairs alone.
    from urllib.parse import parse_qs

    form = parse_qs((await request.body()).decode("latin-1"))
    return handled(request, "action") if "pay" in form.get("do", []) else PlainTextResponse("public action")


async def menu(request):
    return handled(request, "menu") if "pay" in request.query_params.getlist("do") else await public(request)


async def rpc(request):
    try:
        called = await request.json()
    except ValueError:
        called = None
    pays = isinstance(called, dict) and called.get("op") == "pay"
    return handled(request, "rpc") if pays else PlainTextResponse("public rpc")


async def told(request):
    address = request.headers.get("x-forwarded-for", "") + request.headers.get("x-real-ip", "")
    forged = "forged" in request.headers.get("stepgate-assertion", "") or "6.6.6.6" in address
    return handled(request, "told") if forged else await public(request)


app = Starlette(
    routes=[
        Route("/account/withdraw", always("withdraw"), methods=EVERY),
        Route("/vault/gold", always("gold"), methods=EVERY),
        Route("/orders/{order}/refund", always("refund"), methods=EVERY),
        Route("/account/transfer", only("POST", "transfer"), methods=["GET", "POST"]),
        Route("/account/close", only("DELETE", "close"), methods=["POST", "DELETE"]),
        Route("/account/open", opened, methods=EVERY),
        Route("/action", action, methods=["POST"]),
        Route("/menu", menu, methods=EVERY),
        Route("/rpc", rpc, methods=["POST"]),
        Route("/told", told, methods=EVERY),
        Route("/{rest:path}", public, methods=EVERY),
    ]
)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
