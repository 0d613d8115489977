"""A retired SECRET_KEY can be taken out: second factors are written under the present one first."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.utils import decrypt
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import reencrypt_factors
from tests.factories.accounts import editor, give_factor

pytestmark = pytest.mark.django_db
NEW = "n" * 64


def test_factors_open_under_the_new_key_alone_once_they_are_written_anew(settings: Any) -> None:
    person = editor()
    secret = decrypt(give_factor(person).data["secret"])
    codes = RecoveryCodes.activate(person).generate_codes()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], NEW
    call_command("reencrypt_factors")
    settings.SECRET_KEY_FALLBACKS = []
    app = Authenticator.objects.get(type="totp")
    assert decrypt(app.data["secret"]) == secret
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == codes


def test_a_factor_that_no_key_opens_is_left_as_it_is_and_told(settings: Any) -> None:
    before = give_factor(editor()).data
    settings.SECRET_KEY = NEW
    with pytest.raises(CommandError, match="No key opens 1 second factors"):
        call_command("reencrypt_factors")
    assert Authenticator.objects.get().data == before


@pytest.mark.parametrize("people", [1, 3])
def test_each_factor_costs_one_statement(people: int) -> None:
    for _ in range(people):
        give_factor(editor())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert reencrypt_factors().written == people
    # A savepoint, its end and the reading.
    assert len(queries) == people + 3
