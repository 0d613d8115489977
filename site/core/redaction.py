"""Takes what names a person or opens a door out of text that goes to logs and to Sentry."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any

# Quantifiers have bounds, so that no text can make a pattern slow.
_ADDRESS = re.compile(r"[\w.!#$%'*+^`{|}~-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")
_LOGIN = re.compile(r"(://)[^\s/@]{1,200}@")
# Path segments after which a secret stands: join and self-service pages, allauth's keys, links of mails.
_PATH = re.compile(
    r"/(join|learn|registration|erase|key|confirm-email|unsubscribe|preferences|confirm|unwanted)/[^/\s\"'?#<>]{8,}"
)
# The same as they stand in mails, directly behind the address of this site: others may have pages of such names.
_LANGUAGE = r"(?:/[a-z]{2,3}(?:-[a-z]{2,4})?)?"
_OWN_DOOR = (
    rf"/(?:join|learn|registration|erase)/|{_LANGUAGE}/news/(?:unsubscribe|preferences|confirm|unwanted)/"
    rf"|{_LANGUAGE}/account/(?:confirm-email|password/reset/key)/"
)
# Search words are often names.
_QUERY = re.compile(r"([?&](?:token|code|key|signature|password|next|state|q)=)[^&\s\"'#<>]+")
_HEADER = re.compile(r"(?i)\b(authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*)[^\r\n]+")
_COOKIE = re.compile(r"\b((?:__Host-)?(?:sessionid|csrftoken)=)[^;\s\"']+")
_BEARER = re.compile(r"(?i)\b(bearer )[\w.~+/=-]+")
_PASSWORD = re.compile(r"(?i)\b(pass(?:word|wd|phrase)['\"]?\s*[:=]\s*)(?:'[^']*'|\"[^\"]*\"|[^\s,&;]+)")
# What PostgreSQL adds to an error: the row or the key that it refused, or the statement with its values. A value may
# have lines of its own, so all is taken out up to what only PostgreSQL or Python says next.
_ROW = re.compile(
    r"(?<![A-Z])(DETAIL|CONTEXT|QUERY|LINE \d{1,9}): .*?"
    r"(?=(?:\n|\\n)(?:DETAIL|HINT|CONTEXT|QUERY):  |\n\n(?:The above exception was|During handling of)"
    r"|\nTraceback \(most|\Z)",
    re.DOTALL,
)
# Keys of mappings whose values are never to be told, whatever they hold.
_SECRET_KEYS = re.compile(
    r"(?i)authorization|cookie|password|passwd|secret|token|csrf|session|api_?key|x-forwarded-for"
)

_PLAIN = (NoneType, bool, int, float, datetime)

ADDRESS, TOKEN, ROW = "[address]", "[secret]", "[row]"


def redact(text: str) -> str:
    """Return the text without e-mail addresses, signed links, keys, cookies, passwords and rows of the database."""
    # Looking for a word first is twenty times as fast as a pattern that could begin anywhere.
    lower = text.lower()
    if "@" in lower or "%40" in lower:
        text = _ADDRESS.sub(ADDRESS, _LOGIN.sub(rf"\1{TOKEN}@", text))
    if "/" in lower:
        text = _PATH.sub(rf"/\1/{TOKEN}", text)
    if "=" in lower:
        text = _QUERY.sub(rf"\1{TOKEN}", text)
    if "authorization" in lower or "cookie" in lower:
        text = _HEADER.sub(rf"\1\2{TOKEN}", text)
    if "sessionid=" in lower or "csrftoken=" in lower:
        text = _COOKIE.sub(rf"\1{TOKEN}", text)
    if "detail: " in lower or "line " in lower or "context: " in lower or "query: " in lower:
        text = _ROW.sub(rf"\1: {ROW}", text)
    if "bearer " in lower:
        text = _BEARER.sub(rf"\1{TOKEN}", text)
    return _PASSWORD.sub(rf"\1{TOKEN}", text) if "pass" in lower else text


def without_doors(text: str, *, site: str, instead: str) -> str:
    """Return the text with `instead` where an address of this `site` holds what opens somebody's own page."""
    own_door = rf"({re.escape(site)}(?:{_OWN_DOOR}))[^/\s\"'?#<>]{{8,}}"
    return re.sub(own_door, rf"\1{instead}", text)


def redact_all(value: Any) -> Any:
    """Return the value with every text in it redacted, however deep, and the values of secret keys taken out.

    What is neither text nor a plain value comes back as redacted text.
    """
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {_key(key): TOKEN if _is_secret(key) else redact_all(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_all(one) for one in value]
    # Whatever else there is becomes text sooner or later: a request then tells its address.
    return value if isinstance(value, _PLAIN) else redact(str(value))


def _key(key: Any) -> Any:
    return redact(key) if isinstance(key, str) else key


def _is_secret(key: Any) -> bool:
    return isinstance(key, str) and bool(_SECRET_KEYS.search(key))
