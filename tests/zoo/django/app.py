"""Django on the server that it comes with."""

import json
import os
import sys
from wsgiref.simple_server import WSGIServer, make_server
from socketserver import ThreadingMixIn

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path, re_path

settings.configure(
    SECRET_KEY="only for this test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
django.setup()


def handled(request, name):
    with open(os.environ["ZOO_JOURNAL"], "a") as journal:
        journal.write(ascii(f"{name} {request.method} {request.get_full_path()}") + "\n")
    return HttpResponse(f"zoo-guarded {name}")


def public(request, rest=""):
    return HttpResponse(f"public {request.method} {request.get_full_path()} {len(request.body)}")


def always(name):
    return lambda request, **_: handled(request, name)


def only(method, name):
    return lambda request: handled(request, name) if request.method == method else public(request)


def opened(request):
    return handled(request, "open") if request.COOKIES.get("session") == "victim" else public(request)


def action(request):
    return handled(request, "action") if "pay" in request.POST.getlist("do") else HttpResponse("public action")


def menu(request):
    return handled(request, "menu") if "pay" in request.GET.getlist("do") else public(request)


def rpc(request):
    try:
        called = json.loads(request.body)
    except ValueError:
        called = None
    pays = isinstance(called, dict) and called.get("op") == "pay"
    return handled(request, "rpc") if pays else HttpResponse("public rpc")


def told(request):
    address = request.META.get("HTTP_X_FORWARDED_FOR", "") + request.META.get("HTTP_X_REAL_IP", "")
    forged = "forged" in request.META.get("HTTP_STEPGATE_ASSERTION", "") or "6.6.6.6" in address
    return handled(request, "told") if forged else public(request)


urlpatterns = [
    path("account/withdraw", always("withdraw")),
    path("vault/gold", always("gold")),
    path("orders/<order>/refund", always("refund")),
    path("account/transfer", only("POST", "transfer")),
    path("account/close", only("DELETE", "close")),
    path("account/open", opened),
    path("action", action),
    path("menu", menu),
    path("rpc", rpc),
    path("told", told),
    re_path(r"^(?P<rest>.*)$", public),
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), Server).serve_forever()
