"""What people read of one change, by what they have and what they were told last: the samples that a dry run shows."""

from collections import Counter
from collections.abc import Collection, Mapping

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core import dates
from events.enums import LIVE_STATES, RegistrationState
from events.models import EventVersion, Registration
from mail.rehearsal import NoSuchWording, Wording


def of(people: QuerySet[Registration], versions: Mapping[int, EventVersion]) -> list[Wording]:
    """Return the wordings that occur among these registrations of one event; one statement.

    Versions that say the same lead to the same words.
    """
    counted = people.order_by().values_list("state", "told_revision", "language").annotate(number=Count("pk"))
    first: dict[tuple, int] = {}
    readers: dict[tuple[str, int], Counter[str]] = {}
    for state, told, language, number in sorted(counted):
        revision = told if told in versions else max(versions)
        stands_for = first.setdefault(_said(versions[revision]), revision)
        readers.setdefault((state, stands_for), Counter())[language] += number
    is_state_enough = len({revision for _state, revision in readers}) < 2
    return [
        Wording(f"{state}-{revision}", _label(state, None if is_state_enough else versions[revision]), counts)
        for (state, revision), counts in sorted(readers.items())
    ]


def most_read(found: Collection[Wording]) -> Wording:
    """Return the one of several wordings that most people read."""
    return max(found, key=lambda one: sum(one.readers.values()))


def meant_by(key: str, versions: Mapping[int, EventVersion]) -> tuple[RegistrationState, EventVersion]:
    """Return the state and the version that a key names; raises NoSuchWording."""
    state, _hyphen, revision = key.partition("-")
    if state not in LIVE_STATES or not revision.isdecimal() or int(revision) not in versions:
        raise NoSuchWording
    return RegistrationState(state), versions[int(revision)]


def _said(version: EventVersion) -> tuple:
    return version.status, version.when_and_where


def _label(state: str, version: EventVersion | None) -> str:
    """Return whom a wording is for; the version they were told of last where others were told of another."""
    label = str(RegistrationState(state).label)
    if version is None:
        return label
    if version.is_cancelled:
        return _("%(state)s, told last that the event is cancelled") % {"state": label}
    moment = dates.left_to_right(date_format(timezone.localtime(version.starts_at), "Y-m-d H:i e"))
    return _("%(state)s, told last of %(moment)s") % {"state": label, "moment": moment}
