"""The pages of signing in look like the site: its components, one heading, labels, no markup left open."""

import re

import pytest
from django.urls import reverse
from django.utils.translation import override

from tests.core.test_components import problems_of

PAGES = ["account_login", "account_signup", "account_reset_password", "account_request_login_code"]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_every_field_has_its_label(client, name, language):
    with override(language):
        address = reverse(name)
    html = client.get(address).content.decode()

    assert problems_of(html) == []
    assert html.count("<h1") == 1
    fields = re.findall(r'<input(?![^>]*type="(?:hidden|search)")[^>]*\sid="([^"]+)"', html)
    assert fields
    assert [field for field in fields if f'for="{field}"' not in html] == []


@pytest.mark.django_db
def test_a_refused_sign_in_says_so_once_above_the_form(client):
    response = client.post("/en/account/login/", {"login": "nobody@gkec.example", "password": "wrong"})
    html = response.content.decode()

    assert response.status_code == 422
    assert html.count('class="errors"') == 1
    assert 'value="nobody@gkec.example"' in html
    assert problems_of(html) == []
