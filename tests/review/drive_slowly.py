"""Scenarios for drive.py that take longer: how every screen looks, and a file that goes through the stages."""

import os
import time
from pathlib import Path

from browser import ESCAPE, TAB, Browser, Server, until

AXE = """
const done = arguments[0];
axe.run(document, { resultTypes: ["violations"] }).then((found) => done(found.violations.map(
  (fault) => `${fault.id}: ${fault.help}: ${fault.nodes.slice(0, 3).map((node) => node.html).join(" ")}`)));
"""


SMALL = (
    "return [...document.querySelectorAll('main button')].filter((b) => b.getBoundingClientRect().height < 44).length"
)


def looks(page: Browser, server: Server) -> None:
    """No screen is wider than a phone, none has what keeps people out, and all is reached by the keyboard alone."""
    axe = Path(os.environ["AXE"]).read_text(encoding="utf-8")
    page.open(server.address, "clips")
    page.keys("k")
    server.count(1)
    for width, dark in ((390, False), (390, True), (1280, False), (1280, True)):
        page.size(width, 900, dark)
        for screen in ("voices", "clips", "texts", "try", "progress"):
            page.driver.get(f"{server.address}#{screen}")
            page.driver.refresh()
            page.screen(screen)
            if screen == "clips":
                page.current("clip")
                page.keys("r")
            page.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
            page.driver.execute_script(axe)
            faults = page.driver.execute_async_script(AXE)
            assert not faults, (screen, width, dark, faults)
            wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.driver.execute_script(wider) <= 0, (screen, width)
            assert not page.driver.execute_script(SMALL), (screen, width)
            if where := os.environ.get("SCREENSHOTS"):
                page.driver.save_screenshot(f"{where}/{screen}-{width}-{'dark' if dark else 'light'}.png")
    page.screen("voices")
    page.driver.execute_script("document.activeElement.blur()")
    reached = set()
    for _ in range(60):
        page.keys(TAB)
        script = "const e = document.activeElement; return [e.textContent.trim(), getComputedStyle(e).outlineStyle]"
        words, outline = page.driver.execute_script(script)
        assert outline != "none" or not words or len(words) > 100, words
        reached.add(words)
    assert {"u Undo", "? Keys", "2 Clips", "t Two people", "n Somebody else"} <= reached


def tried(page: Browser, server: Server) -> None:
    """A file that is no sound is told; one that is comes back as clips and sound; it is kept with consent alone."""
    page.open(server.address, "try")
    wrong, consented = server.decisions.parent / "text.mp3", server.decisions / "tried"
    wrong.write_text("This is no sound.\n" * 50)
    page.find("input[type=file]").send_keys(str(wrong))
    until(lambda: "stages" in page.find("#outcome").text, "it is on its way")
    page.keys("?")
    until(lambda: "microphone" in page.texts("dialog[open] dl")[0], "the keys")
    page.keys(ESCAPE)
    until(lambda: "Nothing came of it" in page.find("#outcome").text, "what is wrong with it", 300)
    page.find("input[type=file]").send_keys(os.environ["TALK"])
    until(lambda: page.find("#outcome tbody tr"), "the clips", 300)
    for key in ("b", "a"):
        page.keys(key)
        page.heard()
    assert all(page.driver.execute_script("return [...document.images].map((image) => image.naturalWidth > 0)"))
    page.keys("y")
    page.says("Nothing was kept")
    assert not consented.exists() and not server.lines()
    page.find("#consent").click()
    page.driver.execute_script("document.activeElement.blur()")
    page.keys("n")
    page.says("Kept with your answer")
    assert len(list(consented.iterdir())) == 1 and server.holding()[0]["value"] == "no"
    page.keys("r")
    until(lambda: "Recording" in page.find("#outcome").text, "the microphone")
    time.sleep(1)
    page.keys("r")
    until(lambda: "stages" in page.find("#outcome").text, "what was recorded is on its way")
