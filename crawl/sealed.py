"""Restricts a Python process: it can connect to one port of loopback and start one program, whatever libraries try.

Python calls its audit hooks (PEP 578) before every connection, name look-up and program start, and a hook that raises
prevents it. A hook cannot be removed.
"""

import sys

LOOPBACK = "127.0.0.1"
_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
_PROGRAMS = ("subprocess.Popen", "os.posix_spawn", "os.exec")
_NEVER = ("os.system", "os.fork", "os.forkpty", "pty.spawn")


def seal(port: int, program: str | None = None) -> None:
    """From here on, PermissionError for all connections except to `port` of loopback, and for all programs but one."""

    def hook(event: str, words: tuple) -> None:
        if event in _CONNECTIONS:
            good = words[1] is None or words[1] == (LOOPBACK, port)
        elif event in _NAMES:
            good = words[0] in (LOOPBACK, (LOOPBACK, port))
        elif event in _PROGRAMS:
            good = program is not None and words[0] == program
        else:
            good = event not in _NEVER
        if not good:
            raise PermissionError(f"{event} is not allowed here: {words[:2]!r:.200}")

    sys.addaudithook(hook)
