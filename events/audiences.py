"""Who reminders, messages of staff and news would reach, and how they would read: what a dry run asks for."""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from core import clock
from events import mails, mails_to_many, wordings
from events.enums import EventStatus, RegistrationState, ReminderAudience
from events.models import Event, EventVersion, Registration, ReminderRule, StaffMessage, WebinarPage
from events.models.event import WHEN_AND_WHERE
from events.services import notices
from events.services.announcing import PORTION, Untold, dates_before_call_off, kind_of_news
from mail.enums import Stream
from mail.kinds import Rendering
from mail.models import Message
from mail.rehearsal import Wording


class Registered:
    """Those registered for an event whom one audience takes in."""

    stream: str = Stream.BULK

    def __init__(self, event: Event, audience: str) -> None:
        self.event = event
        self.audience = ReminderAudience(audience)

    def people(self):
        """Return their registrations."""
        return Registration.objects.filter(event=self.event).of_audience(self.audience)

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language, zone and state, in one statement."""
        counted = self.people().order_by().values_list("language", "timezone", "state").annotate(number=Count("pk"))
        for language, zone, state, number in counted:
            yield language, zone, str(RegistrationState(state).label), number

    def addresses(self) -> Iterator[str]:
        """Yield their addresses."""
        return self.people().order_by("pk").values_list("email", flat=True).iterator(chunk_size=1000)

    def example(self, language: str) -> Registration:
        """Return a registration that nobody has made: its links open nothing, so a sample gives nothing away."""
        found = Registration(
            event=self.event,
            name=_("Sample Person"),
            email="sample@example.org",
            language=language,
            timezone=self.event.timezone,
            state=self.audience.state,
            # A sample shows what is so now; its calendar file would lay an older version over the event they share.
            told_revision=self.event.revision,
        )
        if found.is_waiting:
            # Everybody who waits reads their place.
            found.place = 1
        return found


class RuleAudience(Registered):
    """Those whom a reminder would reach now; who registers before it leaves is reached too."""

    def __init__(self, rule: ReminderRule, event: Event, *, at: datetime | None = None) -> None:
        super().__init__(event, rule.audience)
        self.rule, self.at = rule, at

    def sample(self, language: str) -> Rendering:
        """Write the reminder for nobody, as it reads when it leaves; what leaves late reads as it does now."""
        at = max(self.at or clock.now(), clock.now())
        return mails_to_many.write_reminder(self.rule, self.example(language), language, at=at)


class MovedAudience(RuleAudience):
    """Those whom a reminder would reach once a new date has moved it; `rule` has the new moment already."""

    def people(self):
        """Return their registrations; while nobody knows who was there, of all who have a seat."""
        if self.audience.is_of_the_past and not self.event.is_over:
            return Registration.objects.filter(event=self.event).confirmed()
        # Where the moment has passed before people are told, who came after it is not reminded.
        return super().people().filter(registered_at__lt=self.rule.due_at)


class MessageAudience(Registered):
    """Those whom a message of staff would reach."""

    def __init__(self, message: StaffMessage) -> None:
        super().__init__(message.event, message.audience)
        self.message = message

    def sample(self, language: str) -> Rendering:
        """Write the message for nobody."""
        return mails_to_many.write_staff_message(self.message, self.example(language), language)


class NextInLine(Registered):
    """Those who wait and get a seat, were seats and status what `event`, saved or not, says of them."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(self, event: Event, *, but: "NextInLine | None" = None, is_told_first: bool = False) -> None:
        super().__init__(event, ReminderAudience.CONFIRMED)
        # Whether news of the latest version reaches everybody before the seats are given.
        self.but, self.is_told_first = but, is_told_first

    def people(self):
        """Return their registrations, but those of others in `but`."""
        found = self._line()
        return found.exclude(pk__in=self.but.people().values("pk")) if self.but else found

    def _line(self):
        everybody = Registration.objects.filter(event=self.event)
        if not self.event.gives_seats_at(self.event.fills_at or clock.now()):
            return everybody.none()
        line = everybody.waiting()
        if self.event.capacity is None:
            return line
        free = max(0, self.event.capacity - everybody.confirmed().count())
        return everybody.filter(pk__in=line.values("pk")[:free])

    def sample(self, language: str) -> Rendering:
        """Write for nobody that there is a seat now, as most of them would read it."""
        if found := self.wordings():
            return self.sample_of(wordings.most_read(found).key, language)
        return self._written(language, None)

    def wordings(self) -> list[Wording]:
        """Return what they read: each what is new since they were told last."""
        return wordings.of(self.people(), self._versions)

    def sample_of(self, key: str, language: str) -> Rendering:
        """Write one of these for nobody."""
        _state, known = wordings.meant_by(key, self._versions)
        return self._written(language, known)

    def _written(self, language: str, known: EventVersion | None) -> Rendering:
        message = Message(kind=notices.PROMOTED, language=language)
        return mails.write_promoted(message, self.example(language), known)

    @cached_property
    def _versions(self) -> dict[int, EventVersion]:
        versions = {one.revision: one for one in self.event.versions.all()}
        return {max(versions): versions[max(versions)]} if self.is_told_first and versions else versions


class News(Registered):
    """Those who would be told, were the event's status this one: whoever knows something else than what is so then.

    A mail about an earlier change that is still in the outbox is taken back when people are told. Who thereby knows
    nothing that is wrong is counted here, and is then told nothing.

    `said` is what says when and where instead of the event, such as a page that will be published at `at`; `line` gets
    seats at the same moment, and reads of both in the mail about those.
    """

    stream: str = Stream.TRANSACTIONAL

    def __init__(
        self,
        event: Event,
        status: str,
        *,
        said: Event | WebinarPage | None = None,
        at: datetime | None = None,
        line: NextInLine | None = None,
    ) -> None:
        super().__init__(event, ReminderAudience.CONFIRMED)
        self.status = EventStatus(status)
        self.at, self.line = at, line
        self.latest = EventVersion(
            event=event,
            **{name: getattr(said or event, name) for name in WHEN_AND_WHERE},
            status=self.status,
        )
        is_other = event.status != self.status or self.latest.when_and_where != _when_and_where(event)
        self.latest.revision = event.revision + is_other

    def people(self):
        """Return the live registrations of those who know something else; none once the event is over."""
        found = Registration.objects.filter(event=self.event, told_revision__in=self._untold.outdated).live()
        if self.latest.ends_at <= (self.at or clock.now()):
            return found.none()
        return found.exclude(pk__in=self.line.people().values("pk")) if self.line else found

    def left_behind(self):
        """Return the live registrations that hold a date to come of an event that is over: nobody is told of that.

        Who holds a date that has passed too would not come anyway, and who knows of a call-off will not.
        """
        found = Registration.objects.filter(event=self.event, told_revision__in=self._still_to_come).live()
        return found if self.event.is_over else found.none()

    def sample(self, language: str) -> Rendering:
        """Write for nobody what most of them would read; where there is nobody, what somebody who knows would."""
        if found := self.wordings():
            return self.sample_of(wordings.most_read(found).key, language)
        return self._written(language, self.audience.state, self.latest)

    def wordings(self) -> list[Wording]:
        """Return what they read, by what each has and was told last."""
        return wordings.of(self.people(), self._untold.by_revision)

    def sample_of(self, key: str, language: str) -> Rendering:
        """Write one of these for nobody."""
        return self._written(language, *wordings.meant_by(key, self._untold.by_revision))

    def _written(self, language: str, state: str, known: EventVersion) -> Rendering:
        registration = self.example(language)
        registration.state = state
        registration.event = copy.copy(self.event)
        self.latest.lay_over(registration.event)
        registration.told_revision = self.latest.revision
        otherwise = notices.CALLED_OFF if self.latest.is_cancelled else notices.RESTORED
        kind = kind_of_news(known, self.latest) or otherwise
        return mails.write_change(Message(kind=kind, language=language), registration, self._dated(known))

    def _dated(self, known: EventVersion) -> EventVersion:
        """Return the version whose date those know who know this one; where they know several, what most of them do.

        The mail that called the event off named no new date, though it may have been moved within the same window.
        """
        revision = self._dates.get(known.revision)
        return known if revision is None else self._untold.by_revision[revision]

    @cached_property
    def _dates(self) -> dict[int, int]:
        versions = self._untold.by_revision
        called_off = [number for number in self._untold.outdated if versions[number].is_cancelled]
        people = self.people().filter(told_revision__in=called_off).order_by("pk")[:PORTION] if called_off else []
        known = {one.pk: versions[one.told_revision] for one in people}
        before = dates_before_call_off(people, known)
        found: dict[int, Counter[int]] = {}
        for key, version in known.items():
            found.setdefault(version.revision, Counter())[before.get(key, version.revision)] += 1
        return {revision: counted.most_common(1)[0][0] for revision, counted in found.items()}

    @property
    def _still_to_come(self) -> list[int]:
        versions = [self._untold.by_revision[number] for number in self._untold.outdated]
        return [one.revision for one in versions if one.ends_at > clock.now() and not one.is_cancelled]

    @cached_property
    def _untold(self) -> Untold:
        return Untold(self.event, self.latest, {one.revision: one for one in self.event.versions.all()})


def _when_and_where(event: Event) -> tuple:
    return tuple(getattr(event, name) for name in WHEN_AND_WHERE)
