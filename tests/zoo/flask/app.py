"""Flask on the server that it comes with."""

import os
import sys

from flask import Flask, request

app = Flask(__name__)
EVERY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO"]


def handled(name):
    with open(os.environ["ZOO_JOURNAL"], "a") as journal:
        journal.write(f"{name} {request.method} {request.path}\n".encode("unicode_escape").decode() + "\n")
    return f"zoo-guarded {name}"


def public():
    return f"public {request.method} {request.full_path} {len(request.get_data())}"


@app.route("/account/withdraw", methods=EVERY)
def withdraw():
    return handled("withdraw")


@app.route("/vault/gold", methods=EVERY)
def gold():
    return handled("gold")


@app.route("/orders/<order>/refund", methods=EVERY)
def refund(order):
    return handled("refund")


@app.route("/account/transfer", methods=["GET", "POST"])
def transfer():
    return handled("transfer") if request.method == "POST" else public()


@app.route("/account/order", methods=EVERY)
def order():
    return public() if request.method in ("GET", "HEAD") else handled("order")


@app.route("/account/close", methods=["POST", "DELETE"])
def close():
    return handled("close") if request.method == "DELETE" else public()


@app.route("/account/open", methods=EVERY)
def opened():
    return handled("open") if request.cookies.get("session") == "victim" else public()


@app.route("/action", methods=["POST"])
def action():
    return handled("action") if "pay" in request.form.getlist("do") else "public action"


@app.route("/menu", methods=EVERY)
def menu():
    return handled("menu") if "pay" in request.args.getlist("do") else public()


@app.route("/rpc", methods=["POST"])
def rpc():
    called = request.get_json(force=True, silent=True)
    return handled("rpc") if isinstance(called, dict) and called.get("op") == "pay" else "public rpc"


@app.route("/told", methods=EVERY)
def told():
    forged = "forged" in request.headers.get("Stepgate-Assertion", "")
    address = request.headers.get("X-Forwarded-For", "") + request.headers.get("X-Real-IP", "")
    return handled("told") if forged or "6.6.6.6" in address else public()


@app.route("/", defaults={"rest": ""}, methods=EVERY)
@app.route("/<path:rest>", methods=EVERY)
def rest(rest):
    return public()


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
