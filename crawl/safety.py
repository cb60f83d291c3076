"""Protection from what comes from outside: addresses are checked, names are made harmless.

Only http and https. A host is resolved here and the connection goes to the checked address itself, so that
a name cannot resolve to another machine between check and connection (DNS rebinding).
"""

import ipaddress
import re
import socket
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from pipeline.errors import Reject

PORTS = {"http": 80, "https": 443}
MAX_URL = 4096
MAX_TEXT = 300
MAX_ADDRESSES = 4  # tried of one host, each for the whole timeout
# Reserved and unreserved characters of RFC 3986, and % itself: what is quoted already stays as it is.
_URL_SAFE = "%/:?#[]@!$&'()*+,;=-._~"
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all that IANA gives out; the rest is local, reserved or gone
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAPPED = ipaddress.ip_network("::ffff:0:0/96")
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "3fff::/20")))  # RFC 7526, RFC 9637
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214, 6.1: these 32 bits, then an IPv4 address


def check_url(url: str) -> SplitResult:
    """The parts of an absolute http(s) URL in its canonical form. Reject `bad_url` for anything else."""
    url = url.strip()
    if len(url) > MAX_URL:
        raise Reject("bad_url", f"The address is {len(url)} characters long, at most {MAX_URL} are taken.")
    if any(unicodedata.category(char) == "Cc" for char in url) or "\\" in url:
        raise Reject("bad_url", "The address holds control characters or a backslash.")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
        if host and ":" not in host:
            host = host.encode("idna").decode("ascii").lower()
        path, query = (quote(part, safe=_URL_SAFE) for part in (parts.path or "/", parts.query))
    except ValueError as error:  # a bad port, an unpaired bracket, a label that IDNA refuses, a lone surrogate
        raise Reject("bad_url", f"The address cannot be read: {printable(error)}.") from None
    if parts.scheme.lower() not in PORTS:
        raise Reject("bad_url", f"Expected an http or https address, found '{parts.scheme or 'no scheme'}'.")
    if not host or not _HOST.fullmatch(host):
        raise Reject("bad_url", "The address names no host.")
    if parts.username is not None or parts.password is not None:
        raise Reject(
            "bad_url", "The address carries a user name or password, which would end up in the corpus's tables."
        )
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != PORTS[parts.scheme.lower()]:
        place += f":{port}"
    return SplitResult(parts.scheme.lower(), place, path, query, "")


def split(url: str) -> SplitResult:
    """The parts of any text as an address; empty ones where it cannot be read as one."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def canonical(url: str) -> str:
    """The canonical form of a URL, by which two are compared. An invalid one is returned unchanged."""
    try:
        return urlunsplit(check_url(url))
    except Reject:
        return url


def is_public(address: str) -> bool:
    """True for an address of the public internet, also after undoing what embeds IPv4 in IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 4:
        return _is_public(ip)
    low = ipaddress.ip_address(int(ip) & 0xFFFFFFFF)
    if ip in _MAPPED or ip in _NAT64:
        return _is_public(low)
    inner = [ip.sixtofour, *(ip.teredo or ())]
    if int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
        inner.append(low)
    return ip in _GLOBAL_UNICAST and all(map(_is_public, [ip, *filter(None, inner)]))


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


def connect(host: str, port: int, timeout: float, allow_private: bool) -> socket.socket:
    """A TCP connection to `host`, to an address that was checked; `timeout` in seconds for each address tried.

    Reject `private_address` where any of the host's addresses is not public, unless `allow_private`. OSError
    where the name is unknown or nobody answers.
    """
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, address in addresses:
        if not allow_private and not is_public(address[0]):
            raise Reject(
                "private_address",
                f"{printable(host)} is {address[0]}, which is not on the public internet: "
                "set crawl.allow_private_hosts where that is meant.",
            )
    for family, kind, protocol, _, address in addresses[:MAX_ADDRESSES]:
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(timeout)
        try:
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            last = error
    raise last


def printable(text: object, limit: int = MAX_TEXT) -> str:
    """One line of visible text: no control or bidirectional characters, single spaces, at most `limit`."""
    shown = "".join(" " if char.isspace() else char for char in unicodedata.normalize("NFC", str(text)))
    shown = "".join(char for char in shown if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def label(text: str, limit: int = 60) -> str:
    """A readable part of a name: letters, digits, dot, dash and underscore; never hidden, never a flag, never `..`."""
    words = re.sub(r"[^\w.-]+", "_", printable(text, 10 * limit)).strip("._-")
    return re.sub(r"\.{2,}", ".", words)[:limit].rstrip("._-") or "untitled"
