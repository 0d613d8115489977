"""Who reminders and messages of staff would reach, and how they would read: what a dry run asks for."""

from collections.abc import Iterable, Iterator

from django.db.models import Count
from django.utils.translation import gettext as _

from events import mails_to_many
from events.enums import RegistrationState, ReminderAudience
from events.models import Event, Registration, ReminderRule, StaffMessage
from mail.enums import Stream
from mail.kinds import Rendering


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
        return Registration(
            event=self.event,
            name=_("Sample Person"),
            email="sample@example.org",
            language=language,
            timezone=self.event.timezone,
            state=self.audience.state,
            # A sample shows what is so now; its calendar file would lay an older version over the event they share.
            told_revision=self.event.revision,
        )


class RuleAudience(Registered):
    """Those whom a reminder would reach now; who registers before it leaves is reached too."""

    def __init__(self, rule: ReminderRule, event: Event) -> None:
        super().__init__(event, rule.audience)
        self.rule = rule

    def sample(self, language: str) -> Rendering:
        """Write the reminder for nobody."""
        return mails_to_many.write_reminder(self.rule, self.example(language), language)


class MessageAudience(Registered):
    """Those whom a message of staff would reach."""

    def __init__(self, message: StaffMessage) -> None:
        super().__init__(message.event, message.audience)
        self.message = message

    def sample(self, language: str) -> Rendering:
        """Write the message for nobody."""
        return mails_to_many.write_staff_message(self.message, self.example(language), language)
