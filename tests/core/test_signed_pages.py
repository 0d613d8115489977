"""Pages behind a signed address: one rule for every door of every app that has one."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver, reverse

from core.limits import Limit
from core.views import signed

HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}


def names(patterns: list[Any]) -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from names(one.url_patterns)
        elif "<str:token>" in str(one.pattern):
            yield one.name


def headers(answer: HttpResponse) -> dict[str, str]:
    return {name: answer[name] for name in HEADERS}


@pytest.mark.django_db
def test_no_door_opens_to_a_forged_token_nor_tells_of_it(client: Client) -> None:
    doors = list(names(get_resolver().url_patterns))
    assert {"event_registration", "event_join", "event_erase", "learning_door", "newsletter_confirm"} < set(doors)
    for door in doors:
        answer = client.get(reverse(door, args=["x~y"]))
        assert (door, answer.status_code, headers(answer)) == (door, 404, HEADERS)
        assert "<h1>This link does not work</h1>" in answer.content.decode()


@pytest.mark.django_db
def test_going_from_door_to_door_gives_no_more_guesses(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed, "GUESSES", Limit("signed-guesses", 2, 3600))
    doors = ["event_join", "newsletter_unsubscribe", "learning_door", "event_erase"]
    answers = [client.get(reverse(door, args=["x~y"])) for door in doors]
    assert [answer.status_code for answer in answers] == [404, 404, 429, 429]
    assert [(answer["Retry-After"], headers(answer)) for answer in answers[2:]] == [("3600", HEADERS)] * 2
    assert "<h1>That was too often</h1>" in answers[2].content.decode()


def test_what_the_token_names_is_shown_and_kept_by_nobody_though_it_be_empty() -> None:
    def show(request: HttpRequest, token: str, found: str) -> HttpResponse:
        return HttpResponse(f"{token} names {found!r}", headers={"Cache-Control": "public"})

    door = signed.behind_token(find={"one": "Ana", "none": ""}.get, unknown="404.html")(show)
    answers = [door(RequestFactory().get("/"), token) for token in ("one", "none")]
    assert [answer.content.decode() for answer in answers] == ["one names 'Ana'", "none names ''"]
    assert [headers(answer) for answer in answers] == [HEADERS, HEADERS]
