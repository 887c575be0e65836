"""A sender as a process of its own: messages of an invented fleet over UDP or HTTP, made before anything is sent."""

import argparse
import http.client
import socket
import sys
import threading
import time

from bench.fleet import payload

_DEVICES = 5_000


def send_udp(port: int, messages: list[bytes], rate: int) -> None:
    """One datagram a message, `rate` a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        start = time.monotonic()
        for sent, message in enumerate(messages):
            if sent % 50 == 0 and (ahead := start + sent / rate - time.monotonic()) > 0.001:
                time.sleep(ahead)
            udp.send(message)


def send_http(port: int, messages: list[bytes], batch: int, connections: int, token: str) -> None:
    """Requests of `batch` messages each over so many connections at once, each waiting for its answer."""
    bodies = [b"\n".join(messages[at : at + batch]) for at in range(0, len(messages), batch)]
    headers = {"Authorization": f"Bearer {token}"}

    def run(share: list[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for body in share:
            connection.request("POST", "/api/v1/ingest", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200 or b'"rejected":[]' not in text:
                raise RuntimeError(f"{answer.status}: {text[:200]!r}")

    threads = [threading.Thread(target=run, args=(bodies[n::connections],)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Say "ready", wait for a line, send, say "sent"."""
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["udp", "http"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--token", default="")
    parser.add_argument("--ago", type=float, default=600, help="seconds before now of the first message")
    args = parser.parse_args()
    begin = time.time() - args.ago
    messages = [payload(n, _DEVICES, begin + n // _DEVICES) for n in range(args.count)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    if args.transport == "udp":
        send_udp(args.port, messages, args.rate)
    else:
        send_http(args.port, messages, args.batch, args.connections, args.token)
    sys.stdout.write("sent\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
