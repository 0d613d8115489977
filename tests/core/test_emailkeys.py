"""What counts as the same address."""

import pytest

from core.emailkeys import email_key


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
    ],
)
def test_an_address_has_one_key(address: str, key: str) -> None:
    assert email_key(address) == key
