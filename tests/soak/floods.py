"""Floods: each is a coroutine that attacks until an end, and returns what it saw."""

import asyncio
import collections
import re
import shutil
import ssl
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9


class Gate:
    """Where the gateway listens, and until when a flood lasts."""

    def __init__(self, plain, tls, host, seconds):
        self.plain, self.tls, self.host = plain, tls, host
        self.end = time.monotonic() + seconds

    def lasts(self):
        return time.monotonic() < self.end

    async def open(self, limit=1 << 16):
        return await asyncio.open_connection("127.0.0.1", self.plain, local_addr=("127.0.0.2", 0), limit=limit)

    async def open_http2(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        streams = await asyncio.open_connection("127.0.0.1", self.tls, ssl=context, local_addr=("127.0.0.3", 0))
        streams[1].write(PREFACE + frame(SETTINGS, 0, 0, b""))
        return streams


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value, kind=0):
    """A field in plain octets; of kind 0x40 it enters the table (RFC 7541 section 6.2)."""

    def text(octets):
        length = len(octets)
        if length < 127:
            return bytes([length]) + octets
        length, more = length - 127, b"\x7f"
        while length >= 128:
            more, length = more + bytes([length % 128 | 128]), length // 128
        return more + bytes([length]) + octets

    return bytes([kind]) + text(name) + text(value)


def request(gate, method=b"GET", path=b"/page"):
    fields = [(b":method", method), (b":scheme", b"https"), (b":authority", gate.host), (b":path", path)]
    return b"".join(literal(name, value) for name, value in fields)


async def gather(count, one, *, width=200):
    """Runs `one` for each number, at most `width` starting at once; counts what they saw."""
    seen, gateway = collections.Counter(), asyncio.Semaphore(width)

    async def run(number):
        try:
            async with gateway:
                streams = await asyncio.wait_for(one.start(number), 30)
            seen[await until_it_ends(one, number, *streams)] += 1
            streams[1].close()
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.TimeoutError, EOFError) as error:
            seen[type(error).__name__] += 1

    await asyncio.gather(*(run(number) for number in range(count)))
    return ", ".join(f"{count} {what}" for what, count in seen.most_common(4))


async def until_it_ends(flood, number, reader, writer):
    """What an attack saw, or when the gateway ended its connection."""
    began, attack = time.monotonic(), asyncio.ensure_future(flood.go(number, reader, writer))
    if not flood.reads:
        return await attack

    async def heard():
        try:
            while await reader.read(1 << 16):
                pass
        except (OSError, ssl.SSLError):
            pass

    ear = asyncio.ensure_future(heard())
    await asyncio.wait([attack, ear], return_when=asyncio.FIRST_COMPLETED)
    if attack.done():
        ear.cancel()
        return attack.result()
    attack.cancel()
    return f"ended within {int(time.monotonic() - began) + 1} s"


class Flood:
    """One kind of client. `start` opens its connection, `go` attacks."""

    count, http2, reads = 100, False, True
    # Above what any flood sends: not the cap shall hold, but what stands behind it.
    requests = "requests_in_flight: 20000, requests_in_flight_per_client: 20000"

    def __init__(self, gate):
        self.gate = gate

    async def start(self, number):
        return await (self.gate.open_http2() if self.http2 else self.gate.open())

    async def run(self):
        return await gather(self.count, self)

    async def until_the_end(self, writer, piece, pause):
        """Writes a piece over and over, until the flood ends."""
        while self.gate.lasts():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        return "lasted"


class Idle(Flood):
    """Connections that say nothing."""

    count = 10_000

    async def go(self, number, reader, writer):
        await asyncio.sleep(max(self.gate.end - time.monotonic(), 0))
        return "stayed open"


class Held(Flood):
    """Posts of 60 KiB that are held, each of another player; more than there is room for."""

    count = 1200

    async def run(self):
        return await gather(self.count, self, width=20)

    async def start(self, number):
        streams = await self.gate.open()
        body = b"amount=1&destination=2&note=" + b"n" * 61_000
        head = (
            b"POST /wallet/withdraw HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nCookie: demo_session=p%d\r\n"
            b"Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
        )
        streams[1].write(head % (self.gate.host, self.gate.host, number, len(body)) + body)
        self.answers = getattr(self, "answers", {})
        self.answers[number] = (await streams[0].readuntil(b"\r\n")).split(b" ")[1].decode()
        return streams

    async def go(self, number, reader, writer):
        return f"answered {self.answers[number]}"


class SlowHead(Flood):
    """A head of which a byte comes each second."""

    count = 500

    async def go(self, number, reader, writer):
        writer.write(b"GET /page HTTP/1.1\r\nX-Slow: ")
        return await self.until_the_end(writer, b"a", 1)


class SlowBody(Flood):
    """A body to a guarded route of which a byte comes each second."""

    count = 500
    start_line = b"POST /wallet/withdraw HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nCookie: demo_session=p%d\r\n"

    async def go(self, number, reader, writer):
        writer.write(self.start_line % (self.gate.host, self.gate.host, number))
        writer.write(b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n")
        return await self.until_the_end(writer, b"a", 1)


class EndlessGuarded(SlowBody):
    """Chunks without end to a guarded route."""

    count = 50

    async def go(self, number, reader, writer):
        writer.write(self.start_line % (self.gate.host, self.gate.host, number))
        writer.write(b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n")
        return await self.until_the_end(writer, b"4000\r\n" + b"a" * 0x4000 + b"\r\n", 0)


class EndlessOpen(Flood):
    """Chunks without end to an open route, which the site reads."""

    count = 20

    async def go(self, number, reader, writer):
        writer.write(b"POST /sink HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % self.gate.host)
        return await self.until_the_end(writer, b"4000\r\n" + b"a" * 0x4000 + b"\r\n", 0)


class SlowReader(Flood):
    """Who asks for 64 MiB and reads nothing."""

    count, reads = 200, False

    async def start(self, number):
        return await self.gate.open(limit=1)  # A small buffer of our own.

    async def go(self, number, reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\nHost: %s\r\n\r\n" % self.gate.host)
        writer.transport.pause_reading()
        await asyncio.sleep(max(self.gate.end - time.monotonic(), 0))
        return "lasted"


class SlowReader2(Flood):
    """The same over HTTP/2, 100 streams each, the window never opened."""

    count, http2 = 50, True

    async def go(self, number, reader, writer):
        for stream in range(1, 200, 2):
            writer.write(frame(HEADERS, 5, stream, request(self.gate, path=b"/large")))
        return await self.until_the_end(writer, frame(PING, 0, 0, bytes(8)), 1)


class SlowReader2Capped(SlowReader2):
    """The same, with the caps on requests that are the default."""

    requests = "requests_in_flight: 10000, requests_in_flight_per_client: 256"


class RapidReset(Flood):
    """Streams that are opened and reset at once."""

    count, http2 = 20, True

    async def go(self, number, reader, writer):
        block, stream = request(self.gate), 1
        while self.gate.lasts():
            many = range(stream, stream + 200, 2)
            stream += 200
            pair = (frame(HEADERS, 5, each, block) + frame(RESET, 0, each, (8).to_bytes(4, "big")) for each in many)
            writer.write(b"".join(pair))
            await writer.drain()
            await asyncio.sleep(0)
        return "lasted"


class Frames(Flood):
    """One frame over and over, 500 at a time."""

    count, http2, before = 20, True, b""

    def one(self):
        raise NotImplementedError

    async def go(self, number, reader, writer):
        writer.write(self.before)
        return await self.until_the_end(writer, self.one() * 500, 0)


class EmptyData(Frames):
    """DATA without a byte, on an upload that never ends."""

    async def go(self, number, reader, writer):
        self.before = frame(HEADERS, 4, 1, request(self.gate, b"POST", b"/sink"))
        return await super().go(number, reader, writer)

    def one(self):
        return frame(DATA, 0, 1, b"")


class SettingsFlood(Frames):
    """SETTINGS, each of which wants an answer."""

    def one(self):
        return frame(SETTINGS, 0, 0, b"")


class PingFlood(Frames):
    """PING, each of which wants an answer."""

    def one(self):
        return frame(PING, 0, 0, bytes(8))


class ContinuationFlood(Frames):
    """A head without end."""

    async def go(self, number, reader, writer):
        self.before = frame(HEADERS, 1, 1, request(self.gate))
        return await super().go(number, reader, writer)

    def one(self):
        return frame(CONTINUATION, 0, 1, literal(b"x", b"y" * 100))


class HeaderBomb(Flood):
    """One field of 3 KiB in the table, named 15,000 times in one head, on stream after stream (HPACK bomb)."""

    count, http2 = 20, True

    async def go(self, number, reader, writer):
        first = request(self.gate) + literal(b"x-bomb", b"b" * 3000, 0x40)
        writer.write(frame(HEADERS, 5, 1, first))
        stream = 3
        while self.gate.lasts():
            writer.write(frame(HEADERS, 5, stream, request(self.gate) + b"\xbe" * 15_000))
            stream += 2
            await writer.drain()
            await asyncio.sleep(0.01)
        return "lasted"


class Tool(Flood):
    """A program of others, where it is installed."""

    count, command = 1000, ()

    def __init__(self, gate):
        super().__init__(gate)
        self.seconds = max(int(gate.end - time.monotonic()), 1)

    def summary(self, said):
        raise NotImplementedError

    async def run(self):
        if not shutil.which(self.command[0]):
            return f"{self.command[0]} is not installed"
        values = {"count": self.count, "seconds": self.seconds, "plain": self.gate.plain, "tls": self.gate.tls}
        command = [word.format(**values) for word in self.command]
        pipe = asyncio.subprocess.PIPE
        tool = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
        try:
            said = (await asyncio.wait_for(tool.communicate(), self.seconds + 60))[0].decode(errors="replace")
        finally:
            if tool.returncode is None:
                tool.kill()
        return self.summary(re.sub(r"\x1b\[[0-9;]*m", "", said))


class SlowHttpTestHead(Tool):
    """`slowhttptest -H`: heads that never end."""

    def summary(self, said):
        most = lambda what: max(map(int, re.findall(rf"{what}:\s*(\d+)", said)), default=0)
        available = "no" if re.search(r"service available:\s*NO", said) else "always"
        return f"at most {most('connected')} connected, {most('closed')} closed; available: {available}"

    command = ("slowhttptest", "-H", "-c", "{count}", "-r", "500", "-i", "1", "-l", "{seconds}", "-u", "http://127.0.0.1:{plain}/page")


class SlowHttpTestBody(SlowHttpTestHead):
    """`slowhttptest -B`: bodies that never end, to an open route."""

    command = ("slowhttptest", "-B", *SlowHttpTestHead.command[2:])


class SlowHttpTestRead(SlowHttpTestHead):
    """`slowhttptest -X`: who reads a few bytes at a time."""

    command = (
        "slowhttptest", "-X", "-c", "{count}", "-r", "500", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3",
        "-l", "{seconds}", "-u", "http://127.0.0.1:{plain}/page",
    )


class H2Load(Tool):
    """`h2load`: pages over HTTP/2, 100 streams at a time on each connection, as fast as they come."""

    count = 20
    command = (
        "h2load", "-c", "{count}", "-m", "100", "-D", "{seconds}", "--connect-to", "127.0.0.1:{tls}",
        "https://127.0.0.1:{plain}/page",
    )

    def summary(self, said):
        codes = re.search(r"status codes: (.*)", said)
        rate = re.search(r"finished in [^,]*, ([^,]*)", said)
        return f"{codes and codes[1]}; {rate and rate[1]}"


class H2LoadHeads(H2Load):
    """The same with a head of some 30 KiB, which HPACK makes small after the first."""

    command = (*H2Load.command[:-1], "-H", "x-large: " + "h" * 30_000, H2Load.command[-1])


class H2LoadPosts(H2Load):
    """The same with uploads."""

    command = (*H2Load.command[:-1], "-d", __file__, "https://127.0.0.1:{plain}/sink")


ALL = [
    Idle, Held, SlowHead, SlowBody, EndlessGuarded, EndlessOpen, SlowReader, SlowReader2, SlowReader2Capped,
    RapidReset, EmptyData, HeaderBomb, ContinuationFlood, SettingsFlood, PingFlood,
    SlowHttpTestHead, SlowHttpTestBody, SlowHttpTestRead, H2Load, H2LoadHeads, H2LoadPosts,
]
