"""Logins: the cookies of a file, and the passwords of feeds. They are sent, never stored."""

import base64
import http.cookiejar
import os
import re
import threading
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import ConfigError

FIELDS = 7  # of a line of cookies.txt: domain, subdomains too, path, https only, expires, name, value


class Logins:
    """Headers with cookies and passwords, only for the addresses that they are meant for."""

    def __init__(self, cookies: str | None):
        self.cookies = read_cookies(cookies) if cookies else http.cookiejar.CookieJar()
        self._passwords: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def add(self, url: str, user: str, password: str) -> None:
        """Send user and password (RFC 7617) to the origin of `url`."""
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._passwords[urlsplit(url)[:2]] = f"Basic {credentials}"

    def headers(self, url: str) -> dict[str, str]:
        """The secret headers of a request to a canonical address."""
        request = urllib.request.Request(url)
        with self._lock:  # the jar drops what has expired
            self.cookies.add_cookie_header(request)
        password = self._passwords.get(urlsplit(url)[:2])
        return dict(request.unredirected_hdrs) | ({"Authorization": password} if password else {})

    def for_browser(self) -> list[dict]:
        """The cookies as Chromium takes them (CDP's Network.CookieParam)."""
        cookies = []
        for cookie in self.cookies:
            words = {"name": cookie.name, "value": cookie.value or "", "domain": cookie.domain, "path": cookie.path}
            cookies.append(words | {"secure": cookie.secure} | ({"expires": cookie.expires} if cookie.expires else {}))
        return cookies


def read_cookies(path: str) -> http.cookiejar.CookieJar:
    """The cookies of a Netscape cookies.txt; the file is only read. Raises ConfigError where that cannot be."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"crawl.cookies: '{path}' cannot be read ({error}): export it, or remove the key.") from None
    jar = http.cookiejar.CookieJar()
    for number, line in enumerate(lines, 1):
        line = line.removeprefix("#HttpOnly_")
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != FIELDS or not re.fullmatch(r"-?\d{0,15}(\.\d+)?", fields[4]):
            raise ConfigError(
                f"crawl.cookies: '{path}', line {number}: expected {FIELDS} fields separated by tabs: export it again."
            )
        jar.set_cookie(_cookie(*fields))
    return jar


def netscape(jar: http.cookiejar.CookieJar) -> str:
    """The cookies as the text of a cookies.txt; "" for none."""
    lines = []
    for cookie in jar:
        wide, secure = ("TRUE" if flag else "FALSE" for flag in (cookie.domain.startswith("."), cookie.secure))
        lines.append(
            "\t".join(
                [cookie.domain, wide, cookie.path, secure, str(cookie.expires or 0), cookie.name, cookie.value or ""]
            )
        )
    return "\n".join(["# Netscape HTTP Cookie File", *lines, ""]) if lines else ""


def from_environment(name: str | None, key: str) -> str:
    """The value of an environment variable that a setting names. Raises ConfigError where it is not set."""
    if name and name not in os.environ:
        raise ConfigError(f"crawl: {key}: the environment variable {name} is not set: export it, then run again.")
    return os.environ[name] if name else ""


def _cookie(domain: str, wide: str, path: str, secure: str, expires: str, name: str, value: str):
    end = int(float(expires or 0))
    return http.cookiejar.Cookie(
        version=0,
        name=name,
        value=value,
        port=None,
        port_specified=False,
        domain=domain,
        domain_specified=wide == "TRUE",
        domain_initial_dot=domain.startswith("."),
        path=path,
        path_specified=True,
        secure=secure == "TRUE",
        expires=end if end > 0 else None,
        discard=end <= 0,
        comment=None,
        comment_url=None,
        rest={},
    )
