"""A host inside: sockets that listen on a private address and count what arrives, however it was sent."""

import select
import socket
import threading
from contextlib import contextmanager

# A crawl for which 127.0.0.1 is the public internet and every other address is what it is.
OUTSIDE = """
from crawl import safety
real = safety.is_public
safety.is_public = lambda address: address == "127.0.0.1" or real(address)
"""


class Inside:
    """One port of `host`, TCP and UDP. `arrived`: what came, as "tcp" or "udp" and its first bytes."""

    def __init__(self, host: str):
        self.host, self.arrived = host, []
        self.tcp = socket.create_server((host, 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((host, self.port))
        self.place = f"{host}:{self.port}"
        self._ended = threading.Event()

    def listen(self) -> None:
        """Count until the end."""
        while not self._ended.is_set():
            for ready in select.select([self.tcp, self.udp], [], [], 0.1)[0]:
                if ready is self.udp:
                    self.arrived.append(("udp", self.udp.recv(100)))
                else:
                    self.arrived.append(("tcp", ""))
                    ready.accept()[0].close()

    def end(self) -> None:
        self._ended.set()


@contextmanager
def inside(host: str = "127.0.0.2"):
    """A host inside that counts while the block runs."""
    there = Inside(host)
    thread = threading.Thread(target=there.listen, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        there.end()
        thread.join(5)
        there.tcp.close()
        there.udp.close()
