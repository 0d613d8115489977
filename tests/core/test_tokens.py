"""Tokens of signed addresses: what one names, what it opens, and for how long."""

import base64
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from django.core import signing

from core import tokens

ONE = UUID("0f9a3e4c-5b7d-4c1e-9a2f-6d8b7c5e4a31")
PACKED = base64.urlsafe_b64encode(ONE.bytes).rstrip(b"=").decode()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("version", "written", "said"), [(None, PACKED, 0), (0, f"{PACKED}.0", 0), (7, f"{PACKED}.7", 7)]
)
def test_a_token_is_what_django_would_sign_and_names_row_and_version(version, written, said):
    token = tokens.sign(ONE, salt="a.door", version=version)
    assert token == signing.Signer(salt="a.door", sep="~").sign(written)
    assert tokens.read(token, salt="a.door") == (ONE, said)


def test_a_dated_token_names_its_row_until_it_is_too_old():
    with time_machine.travel("2026-11-22 12:00:00+00:00", tick=False) as traveller:
        token = tokens.sign(ONE, salt="a.door", version=3, is_dated=True)
        traveller.shift(DAY)
        assert tokens.read(token, salt="a.door", lasts=DAY) == (ONE, 3)
        traveller.shift(1)
        with pytest.raises(signing.SignatureExpired):
            tokens.read(token, salt="a.door", lasts=DAY)


@pytest.mark.parametrize("token", ["", "~", "x" * 3000, f"{PACKED}~", f"{PACKED}~{'A' * 43}"])
def test_what_we_did_not_sign_opens_nothing(token):
    assert [tokens.read(token, salt="a.door"), tokens.read(token, salt="a.door", lasts=DAY)] == [None, None]


@pytest.mark.parametrize("value", ["not-base64", "AAAA", f"{PACKED}.x"])
def test_what_names_no_row_opens_nothing_though_we_signed_it(value):
    assert tokens.read(signing.Signer(salt="a.door", sep="~").sign(value), salt="a.door") is None


def test_a_token_opens_neither_another_door_nor_one_that_asks_for_its_age():
    token, dated = tokens.sign(ONE, salt="a.door"), tokens.sign(ONE, salt="a.door", is_dated=True)
    assert [tokens.read(token, salt="another.door"), tokens.read(dated, salt="another.door", lasts=DAY)] == [None, None]
    assert [tokens.read(token, salt="a.door", lasts=DAY), tokens.read(dated, salt="a.door")] == [None, None]
