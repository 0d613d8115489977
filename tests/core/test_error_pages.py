"""Pages shown when something went wrong: whole, translated in place, and independent of what may be broken."""

import re

import pytest
from bs4 import BeautifulSoup
from django.template import loader
from django.test import Client, RequestFactory
from django.utils.translation import override

from core import languages, typed
from tests.core.test_components import problems_of


@pytest.mark.parametrize("code", ["400", "500", "503"])
def test_a_static_page_needs_neither_context_nor_database(code):
    """No `db` fixture: pytest-django refuses any query."""
    html = loader.get_template(f"{code}.html").render()

    assert problems_of(html) == []
    assert re.findall(r'<section class="plain-note" lang="(..)" dir="(...)">', html) == [
        (language, languages.direction(language)) for language in languages.codes()
    ]
    assert re.findall(r'<p><a href="(/../)">', html) == [f"/{language}/" for language in languages.codes()]
    # A hashed name would need the manifest, which may be what is missing.
    assert 'href="/static/css/site.css"' in html


# Nobody is told of a fault without SENTRY_DSN: it stands in the log alone. A POST that failed is undone.
SAID = {
    "500": [
        "It is our fault. Please try again in a few minutes.",
        "C’est notre faute. Veuillez réessayer dans quelques minutes.",
        "Es culpa nuestra. Vuelva a intentarlo en unos minutos.",
        "A culpa é nossa. Tente de novo dentro de alguns minutos.",
        "الخطأ من جانبنا. يرجى المحاولة مرة أخرى بعد بضع دقائق.",
    ],
    "503": [
        (
            "We are back in a few minutes. If you have just sent a form, it may not have been saved: please send it again"
            " then."
        ),
        (
            "Nous revenons dans quelques minutes. Si vous venez d’envoyer un formulaire, il n’a peut-être pas été"
            " enregistré\N{NO-BREAK SPACE}: veuillez alors le renvoyer."
        ),
        (
            "Volvemos en unos minutos. Si acaba de enviar un formulario, puede que no se haya guardado: vuelva a enviarlo"
            " entonces."
        ),
        (
            "Voltamos dentro de alguns minutos. Se acabou de enviar um formulário, este pode não ter sido guardado: envie-o"
            " de novo nessa altura."
        ),
        "سنعود خلال بضع دقائق. إذا كنتم قد أرسلتم نموذجًا للتو، فربما لم يُحفظ: يرجى إرساله مرة أخرى عندئذ.",
    ],
}


@pytest.mark.parametrize("code", SAID)
def test_a_failure_promises_nothing_about_what_was_sent_or_who_knows(code):
    html = loader.get_template(f"{code}.html").render()

    assert re.findall(r"</h[12]><p>([^<]+)</p>", html) == SAID[code]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("403", "This page is not open to you"),
        ("403_csrf", "Please send the form once more"),
        ("404", "There is nothing at this address"),
        ("429", "That was too often"),
    ],
)
def test_a_page_of_an_error_is_whole(code, title, language):
    request = RequestFactory().get(f"/{language}/nothing/")
    with override(language):
        html = loader.get_template(f"{code}.html").render(request=request)

    assert problems_of(html) == []
    assert f'lang="{language}" dir="{languages.direction(language)}"' in html
    assert '<meta name="robots" content="noindex">' in html
    assert 'rel="canonical"' not in html
    assert html.count("<h1") == 1
    if language == "en":
        assert title in html


SECRETS = {
    "password": "secret-1",
    "password1": "secret-2",
    "oldpassword": "secret-3",
    "code": "secret-4",
    "token": "secret-5",
    "csrfmiddlewaretoken": "secret-6",
    "credential": "secret-7",
    "website": "secret-8",
    "next": "secret-9",
}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/en/account/login/", "/en/nothing-here/", "/admin/"])
def test_a_form_without_its_token_gives_back_words_and_no_secret(address):
    lines = "ana@city.example\n<i>bo</i>@city.example\n" + "x" * typed.MOST
    answer = Client(enforce_csrf_checks=True).post(address, {**SECRETS, "login": "ana@city.example", "lines": lines})
    facts = BeautifulSoup(answer.content, "html.parser").select(".facts > div")
    html = answer.content.decode()
    assert (answer.status_code, "secret-" in html, "<i>bo" in html) == (403, False, False)
    assert [(one.dt.text, list(one.dd.bdi.stripped_strings)) for one in facts] == [
        ("E-mail address", ["ana@city.example"]),
        ("Colleagues", ["ana@city.example", "<i>bo</i>@city.example", "x" * (typed.MOST - 40)]),
    ]
    assert problems_of(html) == []


@pytest.mark.django_db
def test_a_form_without_token_and_words_says_what_to_do():
    html = Client(enforce_csrf_checks=True).post("/en/account/logout/", SECRETS).content.decode()
    assert ("Go back and send the form again" in html, "What you wrote" in html) == (True, False)


@pytest.mark.django_db
def test_an_address_that_is_none_offers_the_search(client):
    response = client.get("/en/nothing-here/")

    assert response.status_code == 404
    assert 'action="/en/search/"' in response.content.decode()


@pytest.mark.django_db
def test_who_sends_too_much_reads_what_to_do(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = client.post("/en/news/subscribe/", {"email": "x" * 200})

    assert response.status_code == 400
    assert "<h1>This request cannot be read</h1>" in response.content.decode()
