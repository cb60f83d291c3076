"""A headless Chromium with an empty profile, every connection of which goes through the gate."""

import os
import shutil
import signal
from contextlib import contextmanager, suppress
from pathlib import Path

from crawl import confined, gate
from crawl.pagescripts import BEFORE
from crawl.settings import Crawl
from pipeline.errors import ConfigError, Reject
from pipeline.inputs import SUFFIXES

# Names are resolved by the gate alone. Everything that could connect without the proxy is off: QUIC, WebRTC, DNS over
# HTTPS, the search for screens to cast to, and requests to the browser's maker.
FLAGS = """
--headless=new --disable-gpu --disable-dev-shm-usage --no-first-run --mute-audio --no-pings
--disable-quic --disable-background-networking --disable-component-update --disable-sync --disable-extensions
--disable-domain-reliability --disable-client-side-phishing-detection --dns-prefetch-disable
--disable-features=MediaRouter,DialMediaRouteProvider,OptimizationHints,WebTransport,DnsOverHttps,AsyncDns
--disable-blink-features=WebTransport,DirectSockets
--remote-debugging-pipe --proxy-bypass-list=<-loopback> --force-webrtc-ip-handling-policy=disable_non_proxied_udp
"""
PREFERENCES = {
    "download_restrictions": 3,
    "webrtc.ip_handling_policy": "disable_non_proxied_udp",
    "webrtc.multiple_routes_enabled": False,
    "webrtc.nonproxied_udp_enabled": False,
    "dns_over_https.mode": "off",
    "net.network_prediction_options": 2,  # never
    "profile.default_content_setting_values.notifications": 2,  # block
}


def programs() -> tuple[str, str]:
    """Where Chromium and its driver are. Raises ConfigError that says how to install them."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        raise ConfigError(
            f"crawl: a listing needs Chromium and its driver on the PATH, {'chromedriver' if browser else 'chromium'} "
            "is not there: `apt-get install chromium chromium-driver` (Debian), or take the listing out of sources."
        )
    return browser, driver


@contextmanager
def started(settings: Crawl, door: gate.Gate, profile: Path, cookies: list[dict]):
    """A browser for the block, with these cookies (as of CDP's Network.setCookies). Reject `browser`."""
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from urllib3.exceptions import HTTPError

    browser, driver_path = programs()
    shutil.rmtree(profile, ignore_errors=True)  # of a crawl that was killed
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.page_load_strategy = "none"  # a page may never finish loading: what is visible decides
    options.unhandled_prompt_behavior = "dismiss"
    for flag in FLAGS.split():
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium as root does not start otherwise
    options.add_argument(f"--proxy-server={door.url}")
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    options.add_argument(f"--user-data-dir={profile}")
    options.add_argument(f"--user-agent={settings.user_agent}")
    options.ignore_local_proxy_environment_variables()  # between selenium and the driver
    options.add_experimental_option("prefs", PREFERENCES)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.add_experimental_option("perfLoggingPrefs", {"enableNetwork": True, "enablePage": False})
    service = webdriver.ChromeService(driver_path, popen_kw={"preexec_fn": confined.end_with_parent})
    try:
        driver = webdriver.Chrome(options=options, service=service)
        try:
            driver.command_executor.client_config.timeout = 4 * settings.timeout_seconds
            driver.set_page_load_timeout(settings.timeout_seconds)
            driver.set_script_timeout(settings.timeout_seconds)
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": BEFORE})
            # Media are not loaded here: the crawl fetches them, once.
            media = [f"*{suffix}{end}" for suffix in sorted(SUFFIXES) for end in ("", "?*")]
            driver.execute_cdp_cmd("Network.enable", {})
            driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": media})
            if cookies:
                driver.execute_cdp_cmd("Network.setCookies", {"cookies": cookies})
            yield driver
        finally:
            # Not `quit`, which waits for a browser that may hang; it ends with its driver.
            with suppress(ProcessLookupError):
                os.kill(service.process.pid, signal.SIGKILL)
            service.process.wait()
    except (WebDriverException, HTTPError) as error:
        message = str(getattr(error, "msg", None) or type(error).__name__)
        raise Reject("browser", f"Chromium: {message.splitlines()[0]}") from None
    finally:
        shutil.rmtree(profile, ignore_errors=True)
