"""The site behind the gateway while it is flooded: a page, a large file, a sink, and who is who."""

import asyncio
import sys

PAGE = b"x" * 2048
LARGE = 64 << 20


def answer(body, kind=b"text/plain"):
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind, len(body), body)


async def head_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        fields[name.strip().lower()] = value.strip()
    return lines[0].split(b" ")[1].split(b"?")[0], fields


async def swallow(reader, fields):
    """Reads a request's body and forgets it."""
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
        return
    left = int(fields.get(b"content-length", 0))
    while left:
        left -= len(await reader.read(min(left, 65536)) or b"x" * left)


async def serve(reader, writer):
    try:
        while True:
            path, fields = await head_of(reader)
            await swallow(reader, fields)
            if path == b"/api/me":
                player = fields.get(b"cookie", b"").partition(b"demo_session=")[2].split(b";")[0].decode()
                phone = "+62812%08d" % int(player[1:] or 0)
                text = '{"user":{"id":"%s","phone":"%s","phone_since":"2020-01-01T00:00:00Z"}}' % (player, phone)
                writer.write(answer(text.encode(), b"application/json"))
            elif path == b"/large":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
                for _ in range(LARGE // 65536):
                    writer.write(b"y" * 65536)
                    await writer.drain()
            else:
                writer.write(answer(PAGE))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
