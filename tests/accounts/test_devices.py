"""A device in the list is called by its browser and its system, never by what the browser says of itself."""

import pytest
from django.test import Client
from django.utils.translation import override

from accounts import devices
from tests.factories.accounts import PASSWORD, PersonFactory

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko)"
LIKE_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
LINUX_CHROME = f"Mozilla/5.0 (X11; Linux x86_64) {LIKE_CHROME}"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (LINUX_CHROME, "Chrome on Linux"),
        (LINUX_CHROME.replace("Chrome/", "HeadlessChrome/"), "Chrome on Linux"),
        (f"{WINDOWS} {LIKE_CHROME} Edg/141.0.0.0", "Edge on Windows"),
        (f"{WINDOWS} {LIKE_CHROME} OPR/122.0.0.0", "Opera on Windows"),
        (f"{WINDOWS} Gecko/20100101 Firefox/144.0", "Firefox on Windows"),
        (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari on macOS"),
        (f"{IPHONE} AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.0.0 Safari/604.1", "Chrome on iPhone"),
        (f"{ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {LIKE_CHROME}", "Chrome on ChromeOS"),
        ("Firefox/144.0", "Firefox"),
        ("curl/8.5.0", "Another browser"),
        ("", "Another browser"),
        ("Mozilla/5.0 (X11; Linux x86_64) Marchrome/1.0 Unsafari/1", "Another browser"),
    ],
)
def test_a_device_is_called_by_browser_and_system(user_agent: str, name: str) -> None:
    with override("en"):
        assert devices.name(user_agent) == name


@pytest.mark.django_db
def test_the_list_names_the_device_and_keeps_what_the_browser_says_aside() -> None:
    client = Client(headers={"user-agent": LINUX_CHROME})
    client.post("/en/account/login/", {"login": PersonFactory().email, "password": PASSWORD})
    page = client.get("/en/account/sessions/").content.decode()
    assert f'<b title="{LINUX_CHROME}"><bdi>Chrome on Linux</bdi></b>' in page
