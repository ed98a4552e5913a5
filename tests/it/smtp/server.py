"""A mail server on a free loopback port that writes what it takes to standard output.

First `ready PORT`, then a line of JSON for each mail: sender, receivers, and the bytes as Latin-1.
A mail to an address that begins with `nobody` is refused for good, to one with `later` for now.
With a certificate and its key as arguments it takes nothing before STARTTLS.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 no such user: " + address
        if address.startswith("later"):
            return "450 4.2.0 try again: " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "data": envelope.content.decode("latin-1")}
        print(json.dumps(mail), flush=True)
        return "250 OK"


def protocol():
    if len(sys.argv) < 3:
        return SMTP(Handler())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    return SMTP(Handler(), tls_context=context, require_starttls=True)


async def main():
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
