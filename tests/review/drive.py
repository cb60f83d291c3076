"""A person at the page, in Chromium: one scenario, whose assertions are the test.

PYTHON_OF_ENVS_CRAWL drive.py SCENARIO DECISIONS COMMAND...
"""

import json
import signal
import sys
import time
from pathlib import Path

from browser import DOWN, ENTER, ESCAPE, LEFT, RIGHT, SPACE, TAB, UP, Browser, Server, until
from drive_slowly import looks, tried


def voices(page: Browser, server: Server) -> None:
    """Every key of the voices, undo to the beginning, and all of it there again after a reload."""
    page.open(server.address, "voices")
    until(lambda: page.current("voice") == "v0001", "the uncertain one, which is worth most")
    page.keys(DOWN, "k", "j", UP)
    until(lambda: page.current("voice") == "v0001", "the first one again")
    page.keys(SPACE)
    page.heard()
    page.keys("y")
    assert server.count(1)[0] | {"kind": "voice", "value": "anna"} == server.holding()[0]
    until(lambda: "1 decision settles" in page.find("#sum").text, "the running count")
    until(lambda: page.current("voice") != "v0001", "the next voice")
    second = page.current("voice")
    page.keys("n")
    assert server.count(2)[1].get("value", "") == ""
    until(lambda: page.current("voice") != second, "the one after it")
    page.keys("t")
    assert server.count(3)[2]["kind"] == "two"
    page.keys("s", "w")
    until(lambda: page.find("dialog[open] input"), "the field for a name").send_keys("bea", ENTER)
    assert server.count(4)[3]["value"] == "bea"
    page.keys("m")
    until(lambda: page.find("dialog[open] h2"), "the others")
    page.keys("1")
    until(lambda: page.find("dialog[open] input"), "the field for a name").send_keys(ENTER)
    server.count(6)
    until(lambda: len(page.texts(".said")) == 4 and page.texts(".said").count("anna") > 1, "four voices decided on")
    shown = page.texts(".said")
    page.driver.refresh()
    until(lambda: page.texts(".said") == shown, "the same after a reload")
    for left in range(5, -1, -1):
        page.keys("u")
        server.count(left)
    page.keys("u")
    page.says("nothing left to undo")
    until(lambda: not page.texts(".said"), "nothing decided")
    page.keys("?")
    until(lambda: "two people" in page.texts("dialog[open] dl")[0], "the keys")
    page.keys(ESCAPE)
    until(lambda: not page.texts("dialog[open] dl"), "the keys are put away")
    for key, name in zip("2345 1".replace(" ", ""), ("clips", "texts", "try", "progress", "voices"), strict=True):
        page.keys(key)
        until(lambda name=name: page.find(f"nav a[href='#{name}'][aria-current]"), name)


def clips(page: Browser, server: Server) -> None:
    """Every key of the clips: what is heard, decided, edited, and undone."""
    page.open(server.address, "clips")
    first = page.current("clip")
    for key in (SPACE, "o", "v", "b", "f"):
        page.keys(key)
        page.heard()
    page.keys("a", "n")
    until(lambda: page.current("clip") != first, "the next clip")
    page.keys("p")
    until(lambda: page.current("clip") == first, "the clip before")
    page.keys("k")
    assert server.count(1)[0]["kind"] == "keep"
    second = until(lambda: page.current("clip") != first and page.current("clip"), "the next clip")
    page.keys("d")
    until(lambda: page.find("dialog[open] button"), "the reasons").send_keys("1")
    assert server.count(2)[1]["value"] == "noisy"
    third = until(lambda: page.current("clip") not in (first, second) and page.current("clip"), "the next clip")
    page.keys("w")
    field = until(lambda: page.find("dialog[open] input"), "the field for a name")
    field.clear()
    field.send_keys("kim", ENTER)
    assert server.count(3)[2]["value"] == "kim"
    until(lambda: page.current("clip") not in (first, second, third), "the next clip")
    start = int(page.current("clip").split("_")[1]) / 1000
    page.keys("r", LEFT, LEFT, RIGHT, TAB, RIGHT, "s", ENTER)
    assert server.count(4)[3]["times"][0] == round(start - 0.01, 2)
    page.keys("x", "s", LEFT, ENTER)
    assert start < server.count(5)[4]["times"][0] < start + 1.6
    page.keys("i")
    assert len(next(iter(server.count(6)[5]["places"].values()))) == 2
    page.keys("e")
    until(lambda: page.find("#edit textarea"), "the text").send_keys("what is said", ENTER)
    assert server.count(7)[6]["value"] == "what is said"
    page.keys("t")
    field = until(lambda: page.find("dialog[open] input"), "the field for a tone")
    assert field.get_property("value") == "calm" and page.texts("dialog[open] button")[0] == "1 calm"  # the last run's
    field.clear()
    field.send_keys("Very angry", ENTER)
    assert server.count(8)[7] | {"kind": "tone", "value": "very-angry"} == server.holding()[7]
    page.keys("t")
    until(lambda: page.find("dialog[open] button"), "the tones that are known").send_keys("1")
    assert server.count(9)[8]["value"] == "calm"
    page.keys("r", LEFT, ESCAPE)
    for left in range(8, -1, -1):
        page.keys("u")
        server.count(left)
    until(lambda: page.current("clip") == first, "the first clip again")
    for queue in ("lowest", "sample", "uncertain"):
        until(lambda queue=queue: page.find(f"#queue option[value={queue}]").click() is None, f"the choice of {queue}")
        until(lambda queue=queue: page.find("#queue").get_property("value") == queue and page.current("clip"), queue)
        page.driver.execute_script("document.activeElement.blur()")
        if queue == "sample":
            page.keys("k")
            assert server.count(1)[0]["value"] == "sample"
    until(lambda: page.find("#queue option[value=beside]").click() is None, "the choice")
    until(lambda: page.find("#edited"), "the ends that are offered")
    page.driver.execute_script("document.activeElement.blur()")
    page.keys(ENTER)
    assert server.count(2)[1]["times"] == [0.4, 2.3], server.holding()
    page.screen("progress")
    until(lambda: "1 heard, 1 right: 1.000" in page.find("main").text, "the sample")


def texts(page: Browser, server: Server) -> None:
    """The strange text first, its strange letters marked, no markup out of names, an edit that survives a reload."""
    page.open(server.address, "texts")
    first = page.current("clip")
    marked = "".join(part.text for part in page.all(".card:first-of-type mark"))
    assert "Привет" in marked and "&" in marked and "so" not in marked
    page.keys(SPACE)
    page.heard()
    page.keys("j", SPACE)
    until(
        lambda: page.texts(".spoken") and page.texts(".spoken")[0].strip() in "what number says",
        "a word while it is said",
    )
    page.keys("k", DOWN, UP)
    assert page.current("clip") == first
    page.keys("e", " and more")
    until(lambda: "and more" in page.find("textarea").get_property("value"), "what was typed")
    page.driver.refresh()
    until(
        lambda: page.current("clip") == first and "and more" in page.find("textarea").get_property("value"), "a draft"
    )
    assert not server.lines()
    page.keys("e", ENTER)
    assert server.count(1)[0]["value"].endswith("and more")
    until(lambda: page.current("clip") != first, "the next text")
    assert page.driver.title == "Review" and not page.all("main img[src=x]")


def drafts(page: Browser, server: Server) -> None:
    """A reload in the middle of an edit: the clip, its text and its ends are as they were left."""
    page.open(server.address, "clips")
    first = page.current("clip")
    page.keys("n")
    second = until(lambda: page.current("clip") != first and page.current("clip"), "the next clip")
    page.keys("e")
    until(lambda: page.find("#edit textarea"), "the text").send_keys("half a sen")
    page.driver.refresh()
    until(lambda: page.current("clip") == second, "the clip that was edited")
    field = until(lambda: page.find("#edit textarea"), "the draft")
    assert field.get_property("value") == "half a sen" and not server.lines()
    field.send_keys("tence", ENTER)
    assert server.count(1)[0]["value"] == "half a sentence"
    page.keys("r", LEFT, LEFT)
    before = until(lambda: page.find("#edited"), "the ends").text
    page.driver.refresh()
    until(lambda: page.find("#edited") and page.find("#edited").text == before, "the ends as they were")
    page.keys(ENTER)
    assert server.count(2)[1]["kind"] == "retime"


def windows(page: Browser, server: Server) -> None:
    """Two people in two windows, in turn on the same clips: nothing lost, nothing twice, and how far they agree."""
    page.open(server.address, "clips", "anna")
    anna = page.driver.current_window_handle
    other = Browser()
    try:
        other.open(server.address, "clips", "bea")
        for number in range(3):
            assert page.current("clip") == other.current("clip")
            here = page.current("clip")
            page.keys("k")
            other.keys("k" if number else "d")
            if not number:
                until(lambda: other.find("dialog[open] button"), "the reasons").send_keys("2")
            until(lambda here=here: page.current("clip") != here and other.current("clip") != here, "the next clip")
        held = server.count(6)
        assert len({line["id"] for line in held}) == 6
        assert sorted(line["who"] for line in held) == ["anna"] * 3 + ["bea"] * 3
        other.screen("progress")
        until(lambda: "anna and bea" in other.find("main").text, "their agreement")
        page.driver.switch_to.new_window("tab")  # one person, two windows of one browser
        page.open(server.address, "clips", "anna")
        page.keys("k")
        server.count(7)
        page.driver.switch_to.window(anna)
        page.keys("u")
        server.count(6)
        assert not other.complaints()
    finally:
        other.driver.quit()


def killed(page: Browser, server: Server) -> None:
    """The server is killed before, during and after decisions; they wait in the browser and arrive once, in order."""
    page.open(server.address, "clips")
    order = []

    def keep() -> None:
        order.append(page.current("clip"))
        page.keys("k")

    keep()
    server.count(1)
    order.append(until(lambda: page.current("clip") not in order and page.current("clip"), "the next clip"))
    server.kill()
    page.keys("k", "k", "k")  # the next clip cannot be shown, so nothing can be said of it
    page.says("1 decision waits")
    server.start()
    server.count(2)
    page.driver.refresh()
    until(lambda: page.find("[data-clip]"), "the page again")
    server.kill(signal.SIGSTOP)  # takes the connection, answers nothing
    keep()
    time.sleep(1)
    server.kill()
    server.start()
    held = server.count(3)
    time.sleep(2.5)  # long enough for another attempt
    assert len(server.lines()) == 3 == len({line["id"] for line in held})
    starts = [next(iter(line["places"].values()))[0][0] for line in held]
    assert starts == [int(clip.split("_")[1]) / 1000 for clip in order]
    page.keys("u")
    server.count(2)


def hasty(page: Browser, server: Server) -> None:
    """A key that is held and a double click say something of one clip or voice, not of what comes up after it."""
    held = "for (const repeat of [false, true, true]) document.body.dispatchEvent(new KeyboardEvent('keydown', {"
    held += "key: arguments[0], repeat, bubbles: true, cancelable: true }))"
    again = "document.querySelector('[aria-current] button.first').dispatchEvent(new MouseEvent('click', {"
    again += "detail: arguments[0], bubbles: true, cancelable: true }))"
    repeat = held.replace("[false, true, true]", "[true]")
    number = 0
    for screen, what, key in (("clips", "clip", "k"), ("voices", "voice", "n")):
        page.open(server.address, screen)
        for script, first, second in ((held, key, key), (again, 1, 2)):
            before = page.current(what)
            page.driver.execute_script(script, first)
            number += 1
            server.count(number)
            until(lambda before=before, what=what: page.current(what) != before, f"what comes after {before}")
            page.driver.execute_script(repeat if script == held else again, second)
            time.sleep(0.5)
            server.count(number)


def main() -> None:
    scenario, decisions, *command = sys.argv[1:]
    scenarios = (voices, clips, texts, drafts, windows, killed, hasty, looks, tried)
    play = {scene.__name__: scene for scene in scenarios}[scenario]
    server, page = Server(command, Path(decisions)), Browser()
    try:
        play(page, server)
        complaints = page.complaints()
        assert not complaints, complaints
        print(json.dumps({"state": page.state()}))
    finally:
        page.driver.quit()
        server.kill()


if __name__ == "__main__":
    main()
