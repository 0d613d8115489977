"""Who a decision about a request or a proposed city would tell, and how it would read: what the rehearsal asks for."""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import dates
from mail.enums import Stream
from mail.kinds import Rendering
from mail.rehearsal import NOT_KNOWN
from municipalities import mails
from municipalities.drafted import Mailed
from municipalities.models import LocalGovernment, Membership
from municipalities.services import notices
from municipalities.services.foreseeing import ToBeTold
from municipalities.services.refusing import BELONGS_ALREADY

Writes = Callable[[str], Rendering]


class Represented:
    """People with an account, each with the state that the rehearsal counts them under."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(self, people: Sequence[tuple[User, str]], write: Writes) -> None:
        self.people, self.write = people, write

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language, zone and state."""
        counted = Counter((person.language, person.timezone, state) for person, state in self.people)
        return [(*which, number) for which, number in counted.items()]

    def addresses(self) -> Iterator[str]:
        """Yield the addresses of their accounts."""
        return (person.email for person, _state in self.people)

    def sample(self, language: str) -> Rendering:
        """Write the mail for nobody."""
        return self.write(language)


def mailed(told: ToBeTold) -> list[Mailed]:
    """Return a part for each mail that somebody gets, those to whom the decision is about first."""
    return [*_to_who_asked(told), *told.drafts.mails]


def zones_of(mail: Mailed, city: LocalGovernment) -> list[tuple[str, int]]:
    """Return in which time zones, by their names in words, how many read a mail, the most common first: that of the
    city or, where they are of others, those of theirs. What accounts are set to is not asked. One statement at most.
    """
    if mail.cities is None:
        return [(dates.zone_city(city.timezone), 0)] if city.timezone else []
    zones = dict(LocalGovernment.objects.filter(pk__in=set(mail.cities)).values_list("pk", "timezone"))
    found = Counter(dates.zone_city(zones.get(key or 0, "")) or str(NOT_KNOWN) for key in mail.cities)
    return found.most_common()


def _to_who_asked(told: ToBeTold) -> Iterator[Mailed]:
    if told.approved:
        audience = Represented(_of_requests(told.approved), _writes_approved(told.approved[0], told))
        yield Mailed(notices.APPROVED, gettext_lazy("To the person you approve"), audience)
    if told.declined:
        audience = Represented(_of_requests(told.declined), _writes_declined(told.declined[0], told))
        yield Mailed(notices.DECLINED, gettext_lazy("To those who asked"), audience)
    if told.asked:
        # Of each request one mail: who gets several is counted once.
        people = [(person, _("Coordinator")) for person in dict.fromkeys(told.asked)]
        audience = Represented(people, _writes_asked(told.city))
        yield Mailed(notices.ASKED, gettext_lazy("To the coordinators of the listed city"), audience)


def _of_requests(memberships: Iterable[Membership]) -> list[tuple[User, str]]:
    return [(one.person, str(one.get_role_display())) for one in memberships]


def _writes_approved(membership: Membership, told: ToBeTold) -> Writes:
    def write(language: str) -> Rendering:
        # The mail is written when the drafts are sent, and names their teams too.
        return mails.write_approved(membership, language, teams=list(told.drafts.teams()) or None)

    return write


def _writes_declined(membership: Membership, told: ToBeTold) -> Writes:
    def write(language: str) -> Rendering:
        sample = copy.copy(membership)
        # A merge has moved the request by then.
        sample.local_government = told.city
        sample.reason = told.reason or str(BELONGS_ALREADY)
        return mails.write_declined(sample, language)

    return write


def _writes_asked(city: LocalGovernment) -> Writes:
    def write(language: str) -> Rendering:
        return mails.write_asked(
            Membership(person=User(display_name=_("Sample Person")), local_government=city), language
        )

    return write
