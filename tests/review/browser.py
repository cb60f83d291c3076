"""A real browser, a real server, and what a person does with them: for drive.py, in the environment of the crawl."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

FLAGS = "--headless=new --no-sandbox --mute-audio --autoplay-policy=no-user-gesture-required --disable-dev-shm-usage"
FLAGS += " --use-fake-ui-for-media-stream --use-fake-device-for-media-stream"
PATIENCE = 60.0


def until(what, told: str, patience: float = PATIENCE):
    """The first value of `what()` that is true; an error in between counts as false."""
    end, last = time.monotonic() + patience, None
    while time.monotonic() < end:
        try:
            if value := what():
                return value
        except Exception as error:  # noqa: BLE001, told where it lasts
            last = error
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {told} ({last})")


class Server:
    """The page's server, which can be killed and started again."""

    def __init__(self, command: list[str], decisions: Path):
        self.command, self.decisions, self.address = command, decisions, ""
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("Open "):
                self.address = line.split()[1]
                return
        raise AssertionError("the server did not start")

    def kill(self, how=signal.SIGKILL) -> None:
        self.process.send_signal(how)
        if how == signal.SIGKILL:
            self.process.wait()

    def lines(self) -> list[dict]:
        """All lines of all people, as they stand in the files."""
        files = sorted(self.decisions.glob("*.jsonl"))
        return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]

    def holding(self) -> list[dict]:
        """The decisions that nobody has undone."""
        undone = {line["undoes"] for line in self.lines() if line["kind"] == "undo"}
        return [line for line in self.lines() if line["kind"] != "undo" and line["id"] not in undone]

    def count(self, number: int) -> list[dict]:
        """The decisions that hold, once there are so many."""
        until(lambda: len(self.holding()) == number, f"{number} decisions; there are {len(self.holding())}")
        return self.holding()


class Browser:
    """Chromium with one or several windows."""

    def __init__(self, width: int = 1280, height: int = 900, dark: bool = False):
        os.environ |= {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.unhandled_prompt_behavior = "accept"
        for flag in FLAGS.split():
            options.add_argument(flag)
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.size(width, height, dark)

    def size(self, width: int, height: int, dark: bool) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, address: str, screen: str, who: str = "anna") -> None:
        """Open a screen as somebody who has given their name."""
        self.driver.get(f"{address}#{screen}")
        if self.driver.execute_script("return localStorage.getItem('who')") != who:
            self.driver.execute_script(f"localStorage.setItem('who', '{who}')")
            self.driver.refresh()
        self.screen(screen)

    def screen(self, name: str) -> None:
        """Go to a screen, and wait for it."""
        self.driver.execute_script(f"location.hash = '{name}'")
        until(lambda: self.find(f"nav a[href='#{name}'][aria-current]"), f"screen {name}")
        until(lambda: self.find("main h2") or self.find("main select"), f"something on {name}")

    def find(self, selector: str):
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found[0] if found else None

    def all(self, selector: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def current(self, what: str) -> str:
        """The voice or the clip that is being decided on."""
        card = f"document.querySelector('[aria-current=true][data-{what}]:not(:has(button:disabled))')"
        script = f"return {card}?.dataset.{what}"
        return until(lambda: self.driver.execute_script(script), what)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements, sorted."""
        script = f"return [...document.querySelectorAll('{selector}')].map((element) => element.textContent).sort()"
        return self.driver.execute_script(script)

    def state(self) -> str:
        return self.find("#state").text

    def says(self, words: str) -> None:
        until(lambda: words in self.state(), f"'{words}'; it says '{self.state()}'")

    def heard(self) -> None:
        """Wait until the player has played something, then stop it."""
        script = "const p = document.getElementById('player'); return !p.error && p.currentTime > 0"
        until(lambda: self.driver.execute_script(script), "a sound")
        self.driver.execute_script("document.getElementById('player').pause()")

    def complaints(self) -> list[str]:
        """What the console has to complain of, lost connections aside."""
        lines = [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]
        return [line for line in lines if "net::ERR_" not in line]


ENTER, ESCAPE, TAB, LEFT, RIGHT = Keys.ENTER, Keys.ESCAPE, Keys.TAB, Keys.ARROW_LEFT, Keys.ARROW_RIGHT
SPACE, UP, DOWN = Keys.SPACE, Keys.ARROW_UP, Keys.ARROW_DOWN
