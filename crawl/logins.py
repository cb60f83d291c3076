"""What a person may see who is logged in: the cookies of a file, and the passwords of feeds. Sent, never stored."""

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
    """Headers for those addresses only that a cookie or a password is meant for."""

    def __init__(self, cookies: str | None):
        self.cookies = read_cookies(cookies) if cookies else http.cookiejar.CookieJar()
        self._passwords: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def add(self, url: str, user: str, password: str) -> None:
        """Send user and password (RFC 7617) to the origin of `url`."""
        told = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._passwords[urlsplit(url)[:2]] = f"Basic {told}"

    def headers(self, url: str) -> dict[str, str]:
        """The secret headers of a request to a canonical address."""
        request = urllib.request.Request(url)
        with self._lock:  # the jar drops what has expired
            self.cookies.add_cookie_header(request)
        password = self._passwords.get(urlsplit(url)[:2])
        return dict(request.unredirected_hdrs) | ({"Authorization": password} if password else {})

    def for_browser(self) -> list[dict]:
        """The cookies as Chromium takes them (CDP's Network.CookieParam)."""
        told = []
        for one in self.cookies:
            words = {"name": one.name, "value": one.value or "", "domain": one.domain, "path": one.path}
            told.append(words | {"secure": one.secure} | ({"expires": one.expires} if one.expires else {}))
        return told


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
                f"crawl.cookies: '{path}', line {number}: expected {FIELDS} fields with tabs between: export it anew."
            )
        jar.set_cookie(_cookie(*fields))
    return jar


def netscape(jar: http.cookiejar.CookieJar) -> str:
    """The cookies as the text of a cookies.txt; "" for none."""
    lines = []
    for one in jar:
        wide, secure = ("TRUE" if told else "FALSE" for told in (one.domain.startswith("."), one.secure))
        lines.append("\t".join([one.domain, wide, one.path, secure, str(one.expires or 0), one.name, one.value or ""]))
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
