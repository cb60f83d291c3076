"""Opens a report in headless Chromium and prints what happened, as JSON: for test_report.py.

    PYTHON_OF_ENVS_CRAWL open_report.py REPORT.html

For a phone and a desktop, each light and dark, what LOOK finds, the seconds to load and the console's log.
"""

import json
import os
import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = ("--headless=new", "--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required")
SCREENS = ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark"))
LOOK = """
const done = arguments[0], width = document.documentElement.clientWidth;
const sized = (element) => element.getBoundingClientRect().width > 0 && element.getBoundingClientRect().height > 0;
const players = [...document.querySelectorAll("audio")];
const plays = (player) => new Promise((resolve) => {
  player.addEventListener("timeupdate", () => player.currentTime > 0 && resolve(true));
  player.addEventListener("error", () => resolve(false));
  setTimeout(() => resolve(false), 5000);
  player.play().catch(() => resolve(false));
});
const slider = document.querySelector("[data-curve] input");
if (slider) { slider.value = 0; slider.dispatchEvent(new Event("input")); }
(async () => {
  const silent = [];
  for (const player of players) {
    if (!(player.duration > 0 && player.readyState > 0)) silent.push(player.ariaLabel);
  }
  if (players.length && !(await plays(players.at(-1)))) silent.push("does not play");
  done({
    title: document.title,
    background: getComputedStyle(document.body).backgroundColor,
    pictures: document.querySelectorAll("svg").length,
    wider: document.documentElement.scrollWidth - width,
    empty: [...document.querySelectorAll("svg")].filter((svg) => !sized(svg) || !svg.children.length).length
      + [...document.images].filter((image) => !image.naturalWidth).length,
    players: players.length,
    silent,
    slide: slider && document.querySelector("output").textContent,
    scripts: document.scripts.length,
    requests: performance.getEntriesByType("resource")
      .map((entry) => entry.name).filter((name) => !name.startsWith("data:")),
  });
})();
"""


def main() -> None:
    os.environ |= {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    browser.set_script_timeout(30)
    screens = []
    try:
        for width, scheme in SCREENS:
            media = [{"name": "prefers-color-scheme", "value": scheme}]
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
            screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
            began = time.monotonic()
            browser.get(Path(sys.argv[1]).resolve().as_uri())
            seconds = time.monotonic() - began
            time.sleep(0.5)  # the players' metadata
            told = browser.execute_async_script(LOOK)
            log = [entry["message"] for entry in browser.get_log("browser")]
            screens.append(told | {"seconds": seconds, "log": log})
    finally:
        browser.quit()
    print(json.dumps(screens))


if __name__ == "__main__":
    main()
