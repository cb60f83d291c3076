"""A robots.txt as in RFC 9309, read in one pass; a path is matched in time linear in its length and the pattern's."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

MAX_DELAY_SECONDS = 3600.0  # a Crawl-delay beyond it is a mistake, or says: never
_SAFE = "/*$?=&;:@!'()+,-._~"
_RESERVED = re.compile(r"(%2[aAfF4])")


@dataclass
class _Group:
    agents: list[str] = field(default_factory=list)
    rules: list[tuple[str, bool]] = field(default_factory=list)  # (pattern, allowed)
    delay: float = 0.0


class Rules:
    """What a robots.txt asks of user agents. Lines that mean nothing are passed over."""

    def __init__(self, text: str):
        self._groups: list[_Group] = []
        group, in_agents = None, False
        for line in text.removeprefix("\ufeff").splitlines():
            name, colon, value = line.partition("#")[0].partition(":")
            name, value = name.strip().lower(), value.strip()
            if not colon:
                continue
            if name == "user-agent":
                if not in_agents:
                    group = _Group()
                    self._groups.append(group)
                group.agents.append(value.lower())
                in_agents = True
            elif group and name in ("allow", "disallow", "crawl-delay"):
                in_agents = False
                if name == "crawl-delay":
                    group.delay = max(group.delay, _seconds(value))
                elif value:
                    group.rules.append((_plain(value), name == "allow"))

    def allows(self, agent: str, path: str) -> bool:
        """Whether this agent may ask for a path with its query: the longest pattern decides, allow before disallow."""
        path = _plain(path)
        if path == "/robots.txt":
            return True
        rules = [rule for group in self._of(agent) for rule in group.rules]
        fitting = [(len(pattern), allowed) for pattern, allowed in rules if matches(pattern, path)]
        return max(fitting, default=(0, True))[1]

    def delay(self, agent: str) -> float:
        """The Crawl-delay: seconds between two requests, 0 for none."""
        return max((group.delay for group in self._of(agent)), default=0.0)

    def _of(self, agent: str) -> list[_Group]:
        """The groups that name the agent's product, or else those for everyone."""
        product = agent.partition("/")[0].partition(" ")[0].lower()
        own = [group for group in self._groups if any(name and _product(name) == product for name in group.agents)]
        return own or [group for group in self._groups if "*" in group.agents]


def matches(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says: `*` stands for anything, a `$` at the end for the path's end."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not anchored or path == first
    at = len(first)
    for piece in rest[: -1 if anchored else None]:  # each as early as it can be, to leave the most for the others
        place = path.find(piece, at)
        if place < 0:
            return False
        at = place + len(piece)
    return not anchored or (path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= at)


def _plain(path: str) -> str:
    """A path in normal form: quoted only where necessary, in capitals; `%2F` stays distinct from `/`."""
    pieces = _RESERVED.split(path)
    return "".join(
        piece.upper() if n % 2 else quote(unquote_to_bytes(piece.encode("utf-8", "replace")), safe=_SAFE)
        for n, piece in enumerate(pieces)
    )


def _product(name: str) -> str:
    return name.partition("/")[0].partition(" ")[0]


def _seconds(value: str) -> float:
    try:
        seconds = float(value[:20])
    except ValueError:
        return 0.0
    return min(seconds, MAX_DELAY_SECONDS) if seconds > 0 else 0.0
