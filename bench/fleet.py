"""A publisher as a process of its own: numbered messages of an invented fleet, at full speed or at a rate."""

import argparse
import sys
import time

import zmq


def payload(number: int, devices: int, ts: float) -> bytes:
    """One native message of about 130 bytes; the position moves a little with each."""
    device, turn = number % devices, number // devices
    return b'{"device_id":"vehicle-%06d","ts":%.6f,"lat":%.7f,"lon":%.7f,"altitude":%d,"speed":%.2f,"heading":%.1f}' % (
        device,
        ts,
        48 + device * 1e-4 + turn * 1e-5,
        11 + turn * 1e-5,
        500,
        3 + turn % 20,
        (turn * 7) % 360,
    )


def main() -> None:
    """Send `--count` messages: made beforehand and sent at once, or `--rate` a second with the time of sending."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bind", required=True)
    parser.add_argument("--devices", type=int, default=5000)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=int, default=0)
    args = parser.parse_args()
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.XPUB)
    socket.set_hwm(0)
    socket.bind(args.bind)
    ready = None
    if args.rate == 0:
        begin = time.time() - 600
        ready = [payload(n, args.devices, begin + n // args.devices) for n in range(args.count)]
    socket.recv()  # the subscription
    sys.stdout.write("begin\n")
    sys.stdout.flush()
    if ready is not None:
        for message in ready:
            socket.send(message)
    else:
        start = time.monotonic()
        for sent in range(args.count):
            ahead = start + sent / args.rate - time.monotonic()
            if ahead > 0.002:
                time.sleep(ahead)
            socket.send(payload(sent, args.devices, time.time()))
    sys.stdout.write("sent\n")
    sys.stdout.flush()
    sys.stdin.read()  # the queue is kept until whoever started this closes our standard input


if __name__ == "__main__":
    main()
