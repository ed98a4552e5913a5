"""Floods the gateway, one flood after the other, and measures it beside: `run.py BINARY SECONDS [FLOOD...]`.

Everything is on loopback and ends with this program. Each flood lasts SECONDS; beside it one client
asks for a page ten times a second. Printed is a table in Markdown."""

import asyncio
import http.client
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import floods

HERE = Path(__file__).parent
# Room for 1,000 posts of 60 KiB.
LIMITS = """limits: {{ connections: 20000, connections_per_client: 20000, held_total: 80MiB,
  connection_rate_per_client: 20000, {requests} }}
timeouts: {{ header: 5s, body: 5s, idle: 300s }}
log: {{ level: error }}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(folder, ports, flood):
    site, plain, tls, ops = ports
    text = (HERE / "../../config/demo.yaml").read_text()
    text = text.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{plain}").replace("127.0.0.1:3000", f"127.0.0.1:{site}")
    listen = f'  - address: "127.0.0.1:{plain}"\n  - address: "127.0.0.1:{tls}"\n    tls: {{ certificate: c.pem, private_key: k.pem }}'
    text = text.replace('  - address: "127.0.0.1:8080"', listen).replace("127.0.0.1:9180", f"127.0.0.1:{ops}")
    text = text.replace("DEMO_DIR", str(folder))
    courier = f"  sms: [{{ http: {{ url: 'http://127.0.0.1:{site}/sms', json: {{ to: '{{to}}', text: '{{text}}' }} }} }}]\n"
    text = text.replace("  sms: [{ outbox: {} }]\n  email: { outbox: {} }\n", courier)
    # In the demo the site names a mail address, which would want a courier.
    text = text.replace("      email: { json: /user/email }\n", "")
    (folder / "stepgate.yaml").write_text(text + LIMITS.format(requests=flood.requests))


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-keyout", folder / "k.pem", "-out", folder / "c.pem"],
        check=True, capture_output=True,
    )


def wait_for(port):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


class Watch(threading.Thread):
    """The most memory that a process has while it is watched, in MiB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.over = pid, 0, threading.Event()

    def rss(self):
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def run(self):
        while not self.over.is_set():
            self.most = max(self.most, self.rss())
            self.over.wait(0.1)


def ordinary(port, host):
    """Asks for a page ten times a second until its input ends; then prints p50, p99 and failures."""
    took, failed, why, over = [], 0, "", threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    while not over.is_set():
        began = time.monotonic()
        try:
            asked = urllib.request.Request(f"http://127.0.0.1:{port}/page", headers={"Host": host})
            with urllib.request.urlopen(asked, timeout=10) as answer:
                failed += len(answer.read()) != 2048
            took.append((time.monotonic() - began) * 1000)
        except (OSError, http.client.HTTPException) as error:
            failed, why = failed + 1, error
        over.wait(max(0.1 - (time.monotonic() - began), 0))
    took = sorted(took) or [float("nan")]
    print(f"{took[len(took) // 2]:.1f} | {took[min(len(took) * 99 // 100, len(took) - 1)]:.1f} | {failed} {why}")


def asking(port, host):
    """A program that asks for pages at this port until its input ends."""
    command = [sys.executable, __file__, "--ordinary", str(port), host]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def measured(flood, binary, ports, folder, seconds):
    """One flood against a gateway of its own; its row of the table."""
    configuration(folder, ports, flood or floods.Flood)
    host = f"127.0.0.1:{ports[1]}"
    log = open(folder / "log", "a")
    gateway = subprocess.Popen([binary, "run", "--config", folder / "stepgate.yaml"], stdout=log, stderr=log)
    try:
        wait_for(ports[1])
        wait_for(ports[2])
        watch = Watch(gateway.pid)
        before = watch.rss()
        beside, direct = asking(ports[1], host), asking(ports[0], host)
        watch.start()
        gate = floods.Gate(ports[1], ports[2], host.encode(), seconds)
        seen = asyncio.run(flood(gate).run()) if flood else time.sleep(seconds) or ""
        latency = beside.communicate(timeout=30)[0].strip()
        alone = direct.communicate(timeout=30)[0].split("|")[1].strip()
        watch.over.set()
        time.sleep(1)
        name, count = (flood.__name__, flood.count) if flood else ("nothing", 0)
        print(f"| {name} | {count} | {before:.0f} | {watch.most:.0f} | {watch.rss():.0f} | {latency} | {alone} | {seen} |", flush=True)
    finally:
        gateway.kill()
        gateway.wait()


def main(binary, seconds, wanted):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ports = [free_port() for _ in range(4)]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        configuration(folder, ports, floods.Flood)
        certificate(folder)
        make_keys = [binary, "keys", "generate", "--config", folder / "stepgate.yaml"]
        subprocess.run(make_keys, check=True, capture_output=True)
        site = subprocess.Popen([sys.executable, HERE / "site.py", str(ports[0])])
        try:
            wait_for(ports[0])
            print("| flood | clients | MiB before | most | 1 s after | page p50, ms | p99 | failed | site itself, p99 | seen |")
            print("|---|---|---|---|---|---|---|---|---|---|")
            for flood in [None, *(flood for flood in floods.ALL if not wanted or flood.__name__ in wanted)]:
                measured(flood, binary, ports, folder, seconds)
            print(f"\nThe log grew to {(folder / 'log').stat().st_size >> 10} KiB.")
        finally:
            site.kill()
            site.wait()


if __name__ == "__main__":
    if sys.argv[1] == "--ordinary":
        ordinary(int(sys.argv[2]), sys.argv[3])
    else:
        main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
