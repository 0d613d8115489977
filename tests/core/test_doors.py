"""The foundation's own addresses: health, the way to a language, robots, errors, pictures of the demo."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.test.utils import override_settings
from wagtail.models import PageViewRestriction

from core import dependencies, valkey
from tests.factories import accounts as people
from tests.factories import core as make
from tests.pages.models import ListPage, PlainPage

SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def test_alive_asks_nobody(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_database_cache_and_broker_answer(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "cache": "ok", "broker": "ok"})


def refuse() -> None:
    raise redis.ConnectionError("Error 111 connecting to secret-host:6379")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["database", "cache", "broker"])
def test_not_ready_names_what_fails_and_says_no_more(client, monkeypatch, name):
    monkeypatch.setitem(dependencies.CHECKS, name, refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {**dict.fromkeys(dependencies.CHECKS, "ok"), name: "failed"}
    assert b"secret-host" not in answer.content


@pytest.mark.django_db
def test_the_checks_notice_services_that_are_really_away(client, monkeypatch):
    gone = redis.Redis.from_url("redis://127.0.0.1:1/0", **valkey.TIMEOUTS)
    monkeypatch.setattr(valkey, "client", lambda: gone)
    assert client.get("/readyz").json()["cache"] == "failed"


@pytest.mark.parametrize(
    ("headers", "cookie", "expected"),
    [
        ({}, None, "/en/"),
        ({"accept_language": "pt-BR,pt;q=0.9,en;q=0.8"}, None, "/pt/"),
        ({"accept_language": "ar-EG"}, None, "/ar/"),
        ({"accept_language": "ja,de"}, None, "/en/"),
        ({"accept_language": "fr"}, "es", "/es/"),
        ({"accept_language": "fr"}, "xx", "/fr/"),
        ({"accept_language": "*"}, "../../evil", "/en/"),
    ],
)
def test_the_address_without_a_language_leads_to_the_best_one(headers, cookie, expected):
    client = Client()
    if cookie:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer["Location"]) == (302, expected)
    assert {"Accept-Language", "Cookie"} <= set(re.split(r",\s*", answer["Vary"]))
    assert answer["Cache-Control"] == "private, max-age=0"


@pytest.mark.django_db
def test_a_signed_in_persons_language_comes_first():
    client = Client()
    client.force_login(people.PersonFactory(language="fr"))
    assert client.get("/", headers={"accept-language": "es"})["Location"] == "/fr/"


def test_robots_are_told_what_is_closed_and_where_the_sitemap_is(client):
    answer = client.get("/robots.txt")
    lines = answer.content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /admin/", "Disallow: /en/search/", "Disallow: /ar/my/", "Disallow: /join/"} <= set(lines)
    assert lines[-1] == f"Sitemap: {settings.BASE_URL}/sitemap.xml"
    assert not any(line == "Disallow: /" for line in lines)


@time_machine.travel("2026-12-31T23:59:00Z", tick=False)
def test_security_txt_says_whom_to_tell_and_is_never_out_of_date(client):
    lines = dict(line.split(": ", 1) for line in client.get("/.well-known/security.txt").content.decode().splitlines())
    assert lines["Contact"].startswith("mailto:security@")
    assert lines["Expires"] == "2027-12-01T00:00:00Z"
    assert lines["Preferred-Languages"] == "en, fr, es, pt, ar"


# Sitemap -------------------------------------------------------------------------------------------


def listed(client: Client) -> dict[str, dict[str, str]]:
    answer = client.get("/sitemap.xml")
    assert answer["Content-Type"] == "application/xml"
    found = {}
    for url in ET.fromstring(answer.content).findall("s:url", SITEMAP):
        links = url.findall("x:link", SITEMAP)
        found[url.findtext("s:loc", namespaces=SITEMAP)] = {link.get("hreflang"): link.get("href") for link in links}
    return found


@pytest.mark.django_db
def test_the_sitemap_lists_public_pages_with_their_languages(client):
    home = make.site_root()
    make.translated(home, "fr")
    one = make.child(home, "one")
    make.translated(one, "fr")
    make.child(home, "مدينة")
    make.child(home, "draft", live=False)
    secret = make.child(home, "secret")
    make.child(secret, "below")
    PageViewRestriction.objects.create(page=secret, restriction_type=PageViewRestriction.LOGIN)
    one.create_alias(update_slug="again")
    base = settings.BASE_URL
    both = {"en": f"{base}/en/one/", "fr": f"{base}/fr/one/", "x-default": f"{base}/en/one/"}
    homes = {"en": f"{base}/en/", "fr": f"{base}/fr/", "x-default": f"{base}/en/"}
    city = f"{base}/en/%D9%85%D8%AF%D9%8A%D9%86%D8%A9/"
    assert listed(client) == {
        f"{base}/en/": homes,
        f"{base}/fr/": homes,
        f"{base}/en/one/": both,
        f"{base}/fr/one/": both,
        city: {"en": city, "x-default": city},
    }


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_the_sitemap_costs_the_same_for_any_number_of_pages(client, django_assert_num_queries, number):
    home = make.site_root()
    for count in range(number):
        make.child(home, f"page-{count}")
    listed(client)
    with django_assert_num_queries(2):
        assert len(listed(client)) == number + 1


@pytest.mark.django_db
def test_a_page_type_may_stay_out_of_the_sitemap(client, monkeypatch):
    home = make.site_root()
    make.child(home, "list", ListPage)
    monkeypatch.setattr(ListPage, "search_kind", "")
    assert set(listed(client)) == {f"{settings.BASE_URL}/en/"}


@pytest.mark.django_db
def test_a_page_names_its_other_languages_and_the_one_for_everybody_else(client):
    home = make.site_root()
    make.translated(home, "ar")
    one = make.child(home, "one")
    make.translated(one, "ar")
    html = client.get("/ar/one/").content.decode()
    links = dict(re.findall(r'<link rel="alternate" hreflang="([\w-]+)" href="([^"]+)">', html))
    base = settings.BASE_URL
    assert links == {"en": f"{base}/en/one/", "ar": f"{base}/ar/one/", "x-default": f"{base}/en/one/"}
    assert '<html lang="ar" dir="rtl">' in html


# Errors --------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_a_missing_page_is_told_in_the_readers_language(client, language, direction):
    answer = client.get(f"/{language}/nothing/<script>alert(1)</script>/")
    assert answer.status_code == 404
    assert f'<html lang="{language}" dir="{direction}">'.encode() in answer.content
    assert b"<script>alert" not in answer.content


@pytest.mark.django_db
def test_a_form_without_its_token_is_asked_for_again_in_the_readers_language():
    answer = Client(enforce_csrf_checks=True).post("/fr/account/login/", {"login": "a@b.example"})
    assert answer.status_code == 403
    assert b'<html lang="fr" dir="ltr">' in answer.content
    assert b"CSRF" not in answer.content


def failing(problem: Exception) -> Any:
    def serve(page: PlainPage, request: Any, *args: Any, **kwargs: Any) -> None:
        raise problem

    return serve


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("problem", "status", "retry"),
    [(RuntimeError("secret"), 500, None), (OperationalError("server at 10.0.0.1 refused"), 503, "30")],
)
def test_a_failure_is_told_without_its_reason(monkeypatch, problem, status, retry):
    make.child(make.site_root(), "one")
    monkeypatch.setattr(PlainPage, "serve", failing(problem))
    answer = Client(raise_request_exception=False).get("/en/one/")
    assert (answer.status_code, answer.get("Retry-After")) == (status, retry)
    for code in ("en", "fr", "es", "pt", "ar"):
        assert f'lang="{code}"'.encode() in answer.content
    assert str(problem).encode() not in answer.content


# Policies of content -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_public_pages_run_no_script_of_their_own_and_admin_pages_may():
    make.site_root()
    public = directives(Client().get("/en/"))
    assert public["default-src"] == "'none'"
    assert public["script-src"] == public["style-src"] == public["connect-src"] == public["form-action"] == "'self'"
    assert public["frame-ancestors"] == "'self'"
    assert public["base-uri"] == "'none'"
    assert public["frame-src"] == "https://www.youtube-nocookie.com https://player.vimeo.com"
    assert not any("unsafe" in value or "*" in value for value in public.values())
    admin = Client()
    admin.force_login(people.PersonFactory(is_staff=True, is_superuser=True))
    with override_settings(SECOND_FACTOR_REQUIRED_FOR_STAFF=False):
        page = admin.get("/admin/")
    assert page.status_code == 200
    found = directives(page)
    assert found["script-src"] == found["style-src"] == "'self' 'unsafe-inline'"
    assert found["default-src"] == "'self'"
    assert (found["object-src"], found["frame-ancestors"]) == ("'none'", "'self'")
    assert page["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.django_db
def test_a_preview_carries_the_policy_that_the_page_will_have():
    page = make.child(make.site_root(), "one")
    preview = page.make_preview_request()
    assert directives(preview) == directives(Client().get("/en/one/"))
    assert preview["X-Frame-Options"] == "SAMEORIGIN"


def directives(response: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


# Pictures of the demo ------------------------------------------------------------------------------


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    for path in ("images/roof.webp", "documents/secret.pdf", "images/evil.html", "images/evil.svg"):
        file = settings.MEDIA_ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"content")
    (tmp_path / "outside.png").write_bytes(b"outside")


def test_a_picture_is_handed_out_as_nothing_else(client, media):
    answer = client.get("/media/images/roof.webp")
    assert b"".join(answer.streaming_content) == b"content"
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("documents/secret.pdf", 404),
        ("images/evil.html", 404),
        ("images/evil.svg", 404),
        ("images/", 404),
        ("images/nothing.png", 404),
        ("images//etc/passwd.png", 404),
        ("images/%2e%2e/documents/secret.pdf", 404),
        # A path that leads out is refused as such.
        ("images/../../outside.png", 400),
        ("images/..%2f..%2foutside.png", 400),
    ],
)
@pytest.mark.django_db
def test_nothing_but_pictures_leaves_the_media_folder(client, media, path, status):
    assert client.get(f"/media/{path}").status_code == status
