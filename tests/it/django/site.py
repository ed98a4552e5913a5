"""A Django site with its own check against forged posts, for the tests: log-in, who am I, one form."""

import sys
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    SECRET_KEY="only for this test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
)
django.setup()


@csrf_exempt
def login(request):
    request.session["player"] = request.POST["username"]
    return HttpResponse(get_token(request))


def me(request):
    player = request.session.get("player")
    return JsonResponse({"user": player and {"id": player, "phone": "+620000"}})


def change(request):
    return HttpResponse("changed to " + request.POST["password"])


urlpatterns = [path("login", login), path("api/me", me), path("account/password", change)]

with make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application()) as server:
    print("ready", flush=True)
    server.serve_forever()
