"""The dry run of a message to many: who would get it and how it would read, before anybody does."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, runtime_checkable

from django.utils import translation
from django.utils.translation import gettext_lazy

from core import languages, timezones
from mail import rendering
from mail.addresses import as_kept
from mail.kinds import Rendering
from mail.mime import Content
from mail.services.suppressing import suppressed

CHUNK = 1000
# The time zone of somebody without an account, where none was asked for.
NOT_KNOWN = gettext_lazy("Not known")


class Audience(Protocol):
    """Who a message to many would go to; any app can rehearse what offers these."""

    stream: str

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Return (language, time zone by its IANA name, state in words, number) for each combination there is."""

    def addresses(self) -> Iterator[str]:
        """Yield the addresses, a chunk at a time from the database."""

    def sample(self, language: str) -> Rendering:
        """Write the message for a person who does not exist; `language` is active."""


@dataclass(frozen=True)
class Wording:
    """What some of an audience read, while others read something else: for staff in words, and who reads it.

    `key` is what it is called in addresses, of letters, digits and hyphens; `readers` says how many by language.
    """

    key: str
    label: str
    readers: Mapping[str, int]


@runtime_checkable
class Varied(Protocol):
    """An audience whose people do not all read the same."""

    def wordings(self) -> Sequence[Wording]:
        """Return what somebody of them reads."""

    def sample_of(self, key: str, language: str) -> Rendering:
        """Write one wording for a person who does not exist; `language` is active. Raises NoSuchWording."""


class NoSuchWording(LookupError):
    """Nobody could read that."""


@dataclass(frozen=True)
class Sample:
    """The message as somebody of one language would read it; `wording` names which, where not all read the same."""

    language: str
    name: str
    direction: str
    number: int
    content: Content
    key: str = ""
    wording: str = ""


@dataclass(frozen=True)
class Rehearsal:
    """What staff see before they say yes. Each count is sorted, the largest first."""

    total: int
    stopped: int
    by_language: list[tuple[str, int]]
    by_zone: list[tuple[str, int]]
    by_state: list[tuple[str, int]]
    samples: list[Sample]


def rehearse(audience: Audience) -> Rehearsal:
    """Count an audience and write one sample in each language, of each wording in those it is read in.

    Writes nothing to the database.
    """
    by_language: Counter[str] = Counter()
    by_zone: Counter[str] = Counter()
    by_state: Counter[str] = Counter()
    for language, zone, state, number in audience.tally():
        by_language[language] += number
        by_zone[_zone_in_words(zone)] += number
        by_state[state] += number
    return Rehearsal(
        total=by_language.total(),
        stopped=_stopped(audience),
        by_language=[(languages.own_name(code), number) for code, number in by_language.most_common()],
        by_zone=by_zone.most_common(),
        by_state=by_state.most_common(),
        samples=[*_samples(audience, by_language)],
    )


def _samples(audience: Audience, by_language: Mapping[str, int]) -> Iterator[Sample]:
    wordings = audience.wordings() if isinstance(audience, Varied) else []
    for one in wordings:
        for code in (code for code in languages.codes() if one.readers.get(code)):
            label = one.label if len(wordings) > 1 else ""
            yield _sample(code, one.readers[code], sample(audience, code, one.key), one.key, label)
    if not wordings:
        for code in languages.codes():
            yield _sample(code, by_language.get(code, 0), sample(audience, code))


def _sample(code: str, number: int, content: Content, key: str = "", wording: str = "") -> Sample:
    return Sample(code, languages.own_name(code), languages.direction(code), number, content, key, wording)


def _zone_in_words(zone: str) -> str:
    """Return a zone as forms offer it, an old name as its new one; what names none, such as "Not known", as it is."""
    if not timezones.is_valid(zone):
        return zone
    return timezones.label(timezones.canonical(zone), languages.current())


def sample(audience: Audience, language: str, key: str = "") -> Content:
    """Return the sample in one language as it would leave, of one wording if its key is given; raises NoSuchWording."""
    with translation.override(language):
        return rendering.written(_written(audience, language, key), language=language)


def _written(audience: Audience, language: str, key: str) -> Rendering:
    if not key:
        return audience.sample(language)
    if not isinstance(audience, Varied):
        raise NoSuchWording
    return audience.sample_of(key, language)


def _stopped(audience: Audience) -> int:
    """Count addresses on the suppression list, which get nothing whatever is asked for."""
    number, addresses = 0, iter(audience.addresses())
    while chunk := list(islice(addresses, CHUNK)):
        number += len(suppressed(addresses=[as_kept(one) for one in chunk], stream=audience.stream))
    return number
