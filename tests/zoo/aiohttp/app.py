"""aiohttp with its own server and router."""

import json
import os
import sys

from aiohttp import web


def handled(request, name):
    with open(os.environ["ZOO_JOURNAL"], "a") as journal:
        journal.write(ascii(f"{name} {request.method} {request.raw_path}") + "\n")
    return web.Response(text=f"zoo-guarded {name}")


async def public(request):
    return web.Response(text=f"public {request.method} {request.raw_path} {len(await request.read())}")


def always(name):
    async def endpoint(request):
        return handled(request, name)

    return endpoint


async def opened(request):
    return handled(request, "open") if request.cookies.get("session") == "victim" else await public(request)


async def action(request):
    form = await request.post()
    return handled(request, "action") if "pay" in form.getall("do", []) else web.Response(text="public action")


async def menu(request):
    return handled(request, "menu") if "pay" in request.query.getall("do", []) else await public(request)


async def rpc(request):
    try:
        called = json.loads(await request.read())
    except ValueError:
        called = None
    pays = isinstance(called, dict) and called.get("op") == "pay"
    return handled(request, "rpc") if pays else web.Response(text="public rpc")


async def told(request):
    address = request.headers.get("X-Forwarded-For", "") + request.headers.get("X-Real-IP", "")
    forged = "forged" in request.headers.get("Stepgate-Assertion", "") or "6.6.6.6" in address
    return handled(request, "told") if forged else await public(request)


app = web.Application(client_max_size=64 * 1024 * 1024)
app.router.add_route("*", "/account/withdraw", always("withdraw"))
app.router.add_route("*", "/vault/gold", always("gold"))
app.router.add_route("*", "/orders/{order}/refund", always("refund"))
app.router.add_post("/account/transfer", always("transfer"))
app.router.add_delete("/account/close", always("close"))
app.router.add_route("*", "/account/open", opened)
app.router.add_post("/action", action)
app.router.add_route("*", "/menu", menu)
app.router.add_post("/rpc", rpc)
app.router.add_route("*", "/told", told)
app.router.add_route("*", "/{rest:.*}", public)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
