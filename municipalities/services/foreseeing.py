"""Whom a decision about a request or a proposed city would write to, were it carried out now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property

from municipalities import drafted
from municipalities.drafted import Drafts, Fate, Sending
from municipalities.enums import MembershipState
from municipalities.models import LocalGovernment, Membership

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class ToBeTold:
    """Whom a decision tells what; `city` is the one that it is all about afterwards."""

    city: LocalGovernment
    approved: Sequence[Membership] = ()
    declined: Sequence[Membership] = ()
    # Why those are declined; of a merge the services have words of their own.
    reason: str = ""
    # Who reads that a colleague asks to represent their city: once for each colleague.
    asked: Sequence["User"] = ()
    drafts: Drafts = field(default_factory=Drafts)

    @cached_property
    def people(self) -> frozenset[str]:
        """Their addresses, each once."""
        return frozenset(one.casefold() for one in self._addresses())

    def _addresses(self) -> Iterable[str]:
        for membership in (*self.approved, *self.declined):
            yield membership.person.email
        for person in self.asked:
            yield person.email
        for mail in self.drafts.mails:
            yield from mail.audience.addresses()

    @property
    def is_to_many(self) -> bool:
        """Whether more than one person is written to, or would be were it done at once."""
        return len(self.people) + self.drafts.hurried > 1

    @cached_property
    def mark(self) -> str:
        """What stands for exactly these people and this reason: whoever decides says that they have read it.

        Made with the site's secret, so that a coordinator, whose page shows no addresses, finds out none by guessing.
        """
        read = "\n".join([self.reason, str(self.city.pk), *sorted(self.people)])
        return salted_hmac("municipalities.to-be-told", read, algorithm="sha256").hexdigest()


def foresee_approving(membership: Membership) -> ToBeTold:
    """Return whom approving a request tells: its person, and whom that person has written down."""
    city = membership.local_government
    sent = [Sending(membership.person, [city.pk], city)] if membership.is_of_coordinator else []
    return ToBeTold(city, approved=[membership], drafts=drafted.drafts_after(Fate(sent)))


def foresee_declining(membership: Membership, *, reason: str) -> ToBeTold:
    """Return whom declining a request tells: its person, and who gets the seats of the team that is let go."""
    return _of_declined(membership.local_government, [membership], reason)


def foresee_refusing(city: LocalGovernment, *, reason: str) -> ToBeTold:
    """Return whom refusing a proposed city tells: everybody who asks for it, and who gets their teams' seats."""
    return _of_declined(city, list(city.memberships.asked().for_display()), reason)


def _of_declined(city: LocalGovernment, declined: Sequence[Membership], reason: str) -> ToBeTold:
    let_go = [(one.person_id, city.pk) for one in declined if one.is_of_coordinator]
    return ToBeTold(city, declined=declined, reason=reason, drafts=drafted.drafts_after(Fate(let_go=let_go)))


def foresee_merging(source: LocalGovernment, target: LocalGovernment) -> ToBeTold:
    """Return whom finding that one city is another one tells.

    The coordinators there read of each request that comes to them. Who asked for both and coordinates there already has
    their drafts sent; who is only a member there is declined. Seats that come free go to those who wait.
    """
    # Whose last day has passed belongs to the team no longer, as when it is done.
    here = target.memberships.open().exclude(pk__in=target.memberships.overdue().values("pk"))
    there = {one.person_id: one for one in here.select_related("person")}
    deciding = [one.person for one in target.memberships.deciding().select_related("person")]
    declined, asked, sent = [], [], []
    for one in source.memberships.open().for_display():
        first = there.get(one.person_id)
        if first is None:
            asked += [person for person in deciding if one.is_asked]
        elif is_declined_by_merging(one, first):
            declined.append(one)
        elif first.state == MembershipState.APPROVED and first.is_of_coordinator:
            sent.append(Sending(first.person, [source.pk, target.pk], target))
    let_go = [(one.person_id, key) for one in declined for key in (source.pk, target.pk)]
    drafts = drafted.drafts_after(Fate(sent, let_go, merged=(source.pk, target.pk)))
    return ToBeTold(target, declined=declined, asked=asked, drafts=drafts)


def is_declined_by_merging(second: Membership, first: Membership) -> bool:
    """Whether, of one person's two requests for one city, the second ends declined: a merge makes nobody coordinator
    of a team whose member they are.
    """
    return second.is_of_coordinator and not first.is_of_coordinator and not first.is_asked
