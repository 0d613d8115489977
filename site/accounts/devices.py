"""What a person calls the device of a session: browser and system, read from what the browser says of itself."""

import re

from django.utils.translation import gettext as _

# The first that fits counts: nearly all say that they are Safari, and those built on Chrome that they are Chrome too.
BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\b(?:OPR|OPT|Opera)/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Headless)?(?:Chrome|Chromium|CriOS)/")),
    ("Safari", re.compile(r"\bVersion/[\d.]+ .*Safari/")),
)
# Android says that it is Linux, and an iPhone that it is like a Mac.
SYSTEMS = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Windows", re.compile(r"\bWindows NT\b")),
    ("macOS", re.compile(r"\bMac OS X\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)


def name(user_agent: str) -> str:
    """Return such as "Chrome on Linux", or that it is another browser where its name is not among the common ones."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if not browser:
        return _("Another browser")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


def _first(known: tuple[tuple[str, re.Pattern[str]], ...], user_agent: str) -> str:
    return next((called for called, pattern in known if pattern.search(user_agent)), "")
