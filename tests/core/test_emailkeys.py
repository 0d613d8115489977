"""What counts as the same address."""

import pytest

from core.domains import as_dns
from core.emailkeys import email_key, mailbox_key, one_spelling


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (" Ana.Silva+x@City.Example ", "ana.silva+x@city.example"),
        ("ＡＮＡ@city.example", "ana@city.example"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@ΣΑΣ.example", "ana@xn--mxa9ab.example"),
        ("ana@☃.example", "ana@xn--n3h.example"),
        ("STRAẞE@city.example", "strasse@city.example"),
        ("ana@weiss.example", "ana@weiss.example"),
        # Another owner's domain: IDNA 2008 keeps what IDNA 2003 would write as ss.
        ("ana@weiß.example", "ana@xn--wei-7ka.example"),
        ("Ana@WEIẞ.Example", "ana@xn--wei-7ka.example"),
        ("ana@xn--wei-7ka.example", "ana@xn--wei-7ka.example"),
        # No domain at all: as it was typed, folded.
        ("ANA@" + "ü" * 70 + ".example", "ana@" + "ü" * 70 + ".example"),
        ("ana@Weiß☃.example", "ana@weiss☃.example"),
        ("ANA", "ana"),
        # Newer Unicode would take these letters for others than the name that mail is sent to has.
        ("ana@x\u1d2cy.example", "ana@xn--xy-g8r.example"),
        ("ana@x\u03f2y.example", "ana@xn--xy-vbc.example"),
    ],
)
def test_an_address_has_one_key(address: str, key: str) -> None:
    assert email_key(address) == key


def test_a_key_names_the_domain_that_mail_goes_to_whatever_letter_stands_in_it() -> None:
    strange = []
    for number in range(0x80, 0x2FFF):
        domain = f"x{chr(number)}y.example"
        try:
            mailed_to = as_dns(domain).lower()
        except UnicodeError:
            continue
        kept = one_spelling(f"ana@{domain}").removeprefix("ana@")
        if email_key(f"ana@{domain}") != f"ana@{mailed_to}" or as_dns(kept).lower() != mailed_to:
            strange.append(hex(number))
    assert strange == []


@pytest.mark.parametrize(
    ("spellings", "kept"),
    [
        (
            ["Ana@gmail.com", "ana@ｇmail.com", "ana@gma\u24d8l.com", "ANA@gma\u00adil.com", " ana@GMAIL.com "],
            "ana@gmail.com",
        ),
        (["ana@bücher.example", "ana@BÜCHER.example", "ana@xn--bcher-kva.example"], "ana@bücher.example"),
        (["ana@weiß.example", "ana@WEIẞ.example", "ana@xn--wei-7ka.example"], "ana@weiß.example"),
        (["Ana", "ANA"], "ana"),
        (["ana@xn--zzzzzz.example"], "ana@xn--zzzzzz.example"),
        (["Ana@" + "Ü" * 70 + ".example"], "ana@" + "ü" * 70 + ".example"),
    ],
)
def test_an_account_keeps_one_spelling_of_an_address(spellings: list[str], kept: str) -> None:
    assert {one_spelling(one) for one in spellings} == {kept}


def test_the_tags_of_a_mailbox_are_counted_as_one() -> None:
    found = {mailbox_key(one) for one in ["a@city.example", "A+1@city.example", "a+2+3@CITY.example"]}
    assert found == {"a@city.example"}
