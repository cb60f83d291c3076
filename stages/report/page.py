"""The page: one HTML file out of its parts, which opens without any other resource.

All text is escaped by the template, and a content security policy allows the page's own script and style by their
digests and nothing else: a name that came from outside cannot run or load anything even if it were not escaped.
"""

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

FOLDER = Path(__file__).parent


def digest(text: str) -> str:
    """The source expression of an inline script or style. Source: W3C Content Security Policy Level 3, section 2.3."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def render(parts: dict) -> str:
    """The page's HTML. A part that the template asks for and is not there raises jinja2.UndefinedError."""
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    own = {name: (FOLDER / f"page.{name}").read_text(encoding="utf-8") for name in ("css", "js")}
    policy = f"default-src 'none'; img-src data:; media-src data:; script-src '{digest(own['js'])}'; "
    policy += f"style-src '{digest(own['css'])}'"
    safe = {name: Markup(text) for name, text in own.items()}
    return templates.get_template("page.html").render(parts | safe | {"policy": policy})
