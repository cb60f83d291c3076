"""The server of the page: started by `python -m review`, in the environment envs/review.lock."""

import argparse
import os
import secrets
import socket
import sys
from pathlib import Path

import uvicorn

from pipeline import entry
from pipeline.errors import ConfigError
from review import app, build, guard, tried
from review.desk import Desk


def listener(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ConfigError where the address cannot be had."""
    if not host:
        raise ConfigError("review: --host needs an address: leave it out for this machine alone.")
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"review: {host}, port {port}, cannot be listened on ({error}): name others.") from None


def token(work: Path) -> str:
    """The token of a work folder's page: the same each time, so that a window outlives its server."""
    place = work / build.PLACE.with_name("token")
    try:
        known = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = secrets.token_urlsafe(24)
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(known)
    return known


def main() -> None:
    parser = argparse.ArgumentParser("python -m review")
    for name in ("work", "corpus", "decisions", "config"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--snakemake-python", required=True)
    args = parser.parse_args()
    desk = Desk(args.work, args.decisions)
    for fault in desk.faults:
        print(f"warning: {fault}", file=sys.stderr)
    bench = tried.Bench(args.config, args.snakemake_python)
    page = app.make(app.Page(desk, args.corpus, bench))
    sock, secret = listener(args.host, args.port), token(args.work)
    port = sock.getsockname()[1]
    guarded = guard.Guard(page, secret, args.host, tried.UPLOAD_BYTES, "/api/try")
    settings = uvicorn.Config(
        guarded,
        http=guard.Punctual,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=guard.CONNECTIONS,
        h11_max_incomplete_event_size=16 << 10,
        timeout_graceful_shutdown=3,
    )
    shown = "127.0.0.1" if args.host in ("0.0.0.0", "::") else args.host
    print(f"Open http://{f'[{shown}]' if ':' in shown else shown}:{port}/{secret}/", flush=True)
    if args.host not in ("127.0.0.1", "localhost", "::1"):
        print(
            f"--host {args.host} opens this page to everyone on that network who has the address above; what is sent "
            "is not encrypted. Everyone with the address hears the recordings and decides.",
            flush=True,
        )
    print(f"Decisions go to {args.decisions.resolve()}; Ctrl-C ends the page.", flush=True)
    try:
        uvicorn.Server(settings).run(sockets=[sock])
    finally:
        bench.close()


if __name__ == "__main__":
    entry.run(main)
