"""An application without a client library: `raw.py WORKER [LISTENER]`, where each word says what it does after an error.

Workers:
  reconnect  connects again and continues
  repeat     only writes; connects again and sends the same command first
  sleep      stops, with its connection
  close      closes its connection and stops
  connect    connects again and sends nothing
  ping       connects again and sends nothing but PING
  other      connects again and sends one other command
  handshake  connects again, names itself and sends nothing more
  read       connects again and reads, without a command
  block      connects again and waits for an element that never comes
  halfclose  closes its side of the old connection, and stops
  hang       waits for a connection that nobody accepts
  spin       computes forever, with its connection
  half       one client connects again, and another, with other commands, does not
  fade       connects again, sends two commands and stops
  exit       ends with status 7
  done       ends with status 0
  pipe       ends by SIGPIPE
  orphan     leaves a process that ignores SIGTERM and has left the process group, and continues as reconnect
With a path in ASKED, a worker sends its commands only when a line can be read there.
Listeners:
  reconnect  connects again and subscribes to both channels
  partial    connects again and subscribes to one of them
  forget     connects again and does not subscribe
  close      closes its connection and stops
"""

import os
import signal
import socket
import ssl
import sys
import threading
import time

HOST, PORT = os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])
TLS = ssl.create_default_context() if os.environ.get("REDIS_URL", "").startswith("rediss:") else None
PAUSE = 0.05


class Client:
    def __init__(self):
        self.socket = socket.create_connection((HOST, PORT), timeout=3)
        if TLS:
            self.socket = TLS.wrap_socket(self.socket, server_hostname=HOST)
        self.file = self.socket.makefile("rb")

    def send(self, *words):
        parts = [f"*{len(words)}\r\n"] + [f"${len(word)}\r\n{word}\r\n" for word in words]
        self.socket.sendall("".join(parts).encode())

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the connection ended")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise OSError(rest.decode())
        if kind == b"$" and int(rest) >= 0:
            data = self.file.read(int(rest) + 2)
            if len(data) < int(rest) + 2:
                raise OSError("the connection ended")
        if kind in b"*>":
            for _ in range(int(rest)):
                self.read()

    def call(self, *words):
        self.send(*words)
        self.read()

    def close(self):
        self.file.close()
        self.socket.close()


def connected():
    while True:
        try:
            return Client()
        except OSError:
            time.sleep(0.1)


def stop():
    while True:
        time.sleep(3600)


def hang():
    """Fills the queue of a socket that accepts nothing, and connects to it."""
    there = socket.socket()
    there.bind(("127.0.0.1", 0))
    there.listen(0)
    clients = []
    while True:
        clients.append(socket.create_connection(there.getsockname()))


def write(after, names):
    """Sends numbered commands until an error, then does what the word demands."""
    client, number, left = connected(), 0, None
    asked = open(os.environ["ASKED"]) if "ASKED" in os.environ else None
    while True:
        if asked and not asked.readline():
            asked = open(os.environ["ASKED"])
        number += 1
        commands = [(name, f"jobs:{name}", str(number)) if name != "GET" else (name, "jobs") for name in names]
        for command in commands:
            try:
                client.call(*command)
            except OSError as error:
                print(after, error, flush=True)
                if after == "sleep":
                    stop()
                if after == "halfclose":
                    client.socket.shutdown(socket.SHUT_WR)
                    stop()
                if after == "spin":
                    os.nice(19)
                while after == "spin":
                    pass
                if after == "exit":
                    os._exit(7)
                if after == "done":
                    os._exit(0)
                if after == "pipe":
                    os.kill(os.getpid(), signal.SIGPIPE)
                client.close()
                if after == "close":
                    stop()
                if after == "hang":
                    hang()
                client = connected()
                if after == "connect":
                    stop()
                if after == "handshake":
                    client.call("CLIENT", "SETNAME", "worker")
                    stop()
                if after == "read":
                    client.socket.settimeout(None)
                    client.socket.recv(1)
                    stop()
                if after == "block":
                    client.socket.settimeout(None)
                    client.call("BLPOP", "nothing", "0")
                while after == "ping":
                    client.call("PING")
                    time.sleep(PAUSE)
                if after == "other":
                    client.call("STRLEN", "jobs:done")
                    stop()
                if after == "repeat":
                    client.call(*command)
                if after == "fade":
                    left = 2
            if left is not None:
                left -= 1
                if left < 0:
                    stop()
        time.sleep(PAUSE)


def publish():
    client, number = connected(), 0
    while True:
        number += 1
        try:
            client.call("PUBLISH", "news", f"{os.getpid()} {number}")
        except OSError:
            client.close()
            client = connected()
        time.sleep(PAUSE)


def listen(after):
    client, channels = connected(), ["news", "jobs"]
    client.socket.settimeout(None)
    while True:
        try:
            for channel in channels:
                client.send("SUBSCRIBE", channel)
            while True:
                client.read()
        except OSError as error:
            print("listen", error, flush=True)
            client.close()
            if after == "close":
                stop()
            client = connected()
            client.socket.settimeout(None)
            if after == "forget":
                stop()
            if after == "partial":
                channels = channels[:1]
            time.sleep(0.1)


def leave_an_orphan():
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() != 0:
            os._exit(0)
        stop()


signal.signal(signal.SIGPIPE, signal.SIG_DFL if sys.argv[1] == "pipe" else signal.SIG_IGN)
worker = sys.argv[1]
if worker == "orphan":
    leave_an_orphan()
threads = []
if len(sys.argv) > 2:
    threads += [threading.Thread(target=listen, args=[sys.argv[2]]), threading.Thread(target=publish)]
if worker == "half":
    threads += [
        threading.Thread(target=write, args=["reconnect", ["GET"]]),
        threading.Thread(target=write, args=["sleep", ["LPUSH"]]),
    ]
else:
    # What runs twice must be a write.
    names = ["LPUSH"] if worker == "repeat" else ["LPUSH", "GET"]
    threads.append(threading.Thread(target=write, args=[worker, names]))
for thread in threads:
    thread.start()
