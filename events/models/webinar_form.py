"""The editing form of a webinar: times as the clocks of its own zone show them, the meeting link beside the page."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.forms.pages import CopyForm
from wagtail.admin.widgets import AdminDateTimeInput
from wagtail.blocks import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.models import Page

from core import clock, dates, languages, text, timezones
from core.years import validate_year
from events import spoken
from events.models.event import TAKEN_FROM_SOURCE, Event
from events.models.join_link import ONLY_HTTPS, JoinLink, validate_link
from events.models.registration import Registration
from events.schedule import NoSuchTime, TimeHappensTwice, moment, wall_clock
from events.venues import validate_venue
from mail import undo

WALL_CLOCKS = ("starts_at", "ends_at", "registration_opens_at", "registration_closes_at")
AFTER_THE_END = _("The event has ended by then. Choose an earlier minute, or a later end.")
SET_ON_SOURCE = _(
    "Dates, venue, seats, format, languages and meeting link are set on the page in the event's source "
    "language: %(language)s."
)
SET_HERE_NOW = _(
    "Since you opened this page, dates, venue, seats, format, languages and meeting link have come to be set here. "
    "Save it and open it again to change them."
)
LEFT_TO_SOURCE = tuple(name.removesuffix("_id") for name in TAKEN_FROM_SOURCE)


class WallClockField(forms.DateTimeField):
    """A date and time without a zone; the form joins it to the event's own."""

    widget = AdminDateTimeInput
    default_validators = [validate_year]

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Keep the order of date and time in forms that run from the right."""
        return {**super().widget_attrs(widget), "dir": "ltr"}

    def to_python(self, value: Any) -> datetime | None:
        """Return what was typed as a naive datetime."""
        if value in self.empty_values or isinstance(value, datetime):
            return value or None
        # The parent would join it to the editor's zone; forms.Field.to_python is all it calls before parsing.
        return self._parse(str(value).strip())

    def _parse(self, text: str) -> datetime:
        # A date alone would silently mean midnight.
        for pattern in (pattern for pattern in self.input_formats if "%H" in pattern):
            try:
                return datetime.strptime(text, pattern)  # noqa: DTZ007  (naive on purpose)
            except ValueError:
                continue
        raise ValidationError(_("Write the date and time like 2026-11-30 15:00."), code="invalid")


class MeetingLinkField(forms.URLField):
    """The meeting's own address, with one sentence for whatever cannot be one."""

    default_validators = [validate_link]
    default_error_messages = {"invalid": ONLY_HTTPS}


def _timezones() -> list[tuple[str, str]]:
    return list(timezones.choices(languages.current()))


def _spoken() -> list[tuple[str, str]]:
    return spoken.choices(languages.current())


class WebinarForm(WagtailAdminPageForm):
    """Refuses what the event record would refuse, each with a sentence, before anything is written."""

    starts_at = WallClockField(label=_("Starts"), help_text=_("As clocks in the event's time zone show it."))
    ends_at = WallClockField(label=_("Ends"))
    registration_opens_at = WallClockField(
        label=_("Registration opens"), required=False, help_text=_("Empty: as soon as the page is published.")
    )
    registration_closes_at = WallClockField(
        label=_("Registration closes"), required=False, help_text=_("Empty: when the event starts.")
    )
    timezone = forms.ChoiceField(label=_("Time zone"), choices=_timezones)
    spoken_languages = forms.MultipleChoiceField(label=_("Languages spoken"), choices=_spoken, required=False)
    interpretation = forms.MultipleChoiceField(label=_("Interpretation into"), choices=_spoken, required=False)
    captions = forms.MultipleChoiceField(label=_("Captions in"), choices=_spoken, required=False)
    join_link = MeetingLinkField(
        label=_("Meeting link"),
        required=False,
        max_length=2000,
        assume_scheme="https",
        help_text=_(
            "Only people who registered are led there, from a page of this site. It is kept apart from the page: it "
            "changes at once, drafts included, and is the same in every language."
        ),
    )
    # What the editor showed comes back with it: one that is left open for long, or saves by itself, changes the link
    # only where its person did.
    join_link_shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        page = self.instance
        for name in WALL_CLOCKS:
            if (at := getattr(page, name)) and page.timezone:
                self.initial[name] = wall_clock(at, page.timezone)
        if page.translation_key:
            links = JoinLink.objects.filter(translation_key=page.translation_key)
            self.initial["join_link"] = self.initial["join_link_shown"] = links.values_list("url", flat=True).first()
            self._leave_schedule_to_source(page)
            self._say_who_waits(page)

    def _leave_schedule_to_source(self, page: Page) -> None:
        """Close what the record takes from its source page alone on the others, since it would not listen.

        An editor that was opened as another page's, and is sent after the event was handed over to this one, was shown
        these fields closed and sends nothing of them: they stay closed for that once, or all of them would be emptied.
        """
        event = Event.objects.filter(translation_key=page.translation_key).select_related("source_locale").first()
        is_source = event is not None and event.source_locale_id == page.locale_id
        if event is None or (is_source and not self._was_shown_closed()):
            return
        self.fields["join_link"].disabled = True
        # What stands there cannot be mended here.
        self.fields["join_link"].validators = []
        for name in LEFT_TO_SOURCE:
            if name in self.fields:
                self.fields[name].disabled = True
                value = getattr(event, name)
                self.initial[name] = wall_clock(value, event.timezone) if name in WALL_CLOCKS and value else value
        note = SET_HERE_NOW if is_source else SET_ON_SOURCE
        self.fields["starts_at"].help_text = note % {"language": languages.own_name(event.source_locale.language_code)}

    def _was_shown_closed(self) -> bool:
        # An open field of text is sent even if it is empty.
        return self.is_bound and self.add_prefix("starts_at") not in self.data

    def _say_who_waits(self, page: Page) -> None:
        """Say beside the seats how many wait for one, and until when a larger number can be taken back."""
        if "capacity" not in self.fields or self.fields["capacity"].disabled:
            return
        events = Event.objects.scheduled().filter(translation_key=page.translation_key, starts_at__gt=clock.now())
        if number := Registration.objects.waiting().filter(event__in=events).count():
            words = ngettext(
                "%(number)s person waits. A larger number, or none, gives them a seat %(minutes)s after it is "
                "published, unless the former number is published before that.",
                "%(number)s people wait. A larger number, or none, gives them seats %(minutes)s after it is published, "
                "unless the former number is published before that.",
                number,
            )
            field = self.fields["capacity"]
            field.help_text = f"{field.help_text} {words % {'number': number, 'minutes': undo.window_in_words()}}"

    @property
    def changes_link(self) -> bool:
        """Whether the person changed the meeting link, as against what their editor showed."""
        if self.fields["join_link"].disabled:
            return False
        return self.cleaned_data["join_link"] != self.cleaned_data["join_link_shown"]

    def get_field_updates_for_resave(self) -> list[tuple[str, str]]:
        """Tell a browser that has saved by itself which link its editor shows from now on."""
        updates = super().get_field_updates_for_resave()
        if not self.fields["join_link"].disabled:
            updates.append(("join_link_shown", self.cleaned_data["join_link"]))
        return updates

    def clean_venue(self) -> str:
        """Keep the venue as one composed line; what is not one is refused here, before the model sees it clean."""
        validate_venue(self.cleaned_data["venue"])
        return text.single_line(self.cleaned_data["venue"])

    def clean(self) -> dict:
        """Join the typed times to the zone and check their order."""
        cleaned = super().clean()
        # Without a zone the form is refused anyway; any zone will do to check the order.
        zone = cleaned.get("timezone") or "UTC"
        for name in WALL_CLOCKS:
            if cleaned.get(name) is not None:
                cleaned[name] = self._moment(name, cleaned[name], zone)
        self._check_order("starts_at", "ends_at", _("The event must end after it starts."))
        self._check_order(
            "registration_opens_at",
            "registration_closes_at",
            _("Registration must close after it opens."),
        )
        self._check_order(
            "registration_opens_at", "starts_at", _("Registration must open before the event starts."), on="first"
        )
        self._check_programme()
        self._check_address()
        return cleaned

    def _moment(self, name: str, wall: datetime, zone: str) -> datetime | None:
        words = {
            "time": dates.left_to_right(f"{wall:%Y-%m-%d %H:%M}"),
            "zone": timezones.city(zone, languages.current()),
        }
        try:
            return moment(wall, zone)
        except NoSuchTime:
            self.add_error(
                name,
                _("In %(zone)s the clocks jump over %(time)s. Choose an earlier or a later time.") % words,
            )
        except TimeHappensTwice:
            self.add_error(
                name,
                _("In %(zone)s the clocks show %(time)s twice. Choose an earlier or a later time.") % words,
            )
        return None

    def _check_order(self, first: str, second: str, sentence: object, on: str = "second") -> None:
        earlier, later = self.cleaned_data.get(first), self.cleaned_data.get(second)
        if earlier and later and later <= earlier:
            self.add_error(second if on == "second" else first, sentence)

    def _check_programme(self) -> None:
        starts_at, ends_at = self.cleaned_data.get("starts_at"), self.cleaned_data.get("ends_at")
        if not (starts_at and ends_at) or ends_at <= starts_at:
            return
        late = {
            number: StructBlockValidationError(block_errors={"minutes": ValidationError(AFTER_THE_END)})
            for number, item in enumerate(self.cleaned_data.get("agenda") or ())
            if starts_at + timedelta(minutes=item.value["minutes"] or 0) > ends_at
        }
        if late:
            self.add_error("agenda", StreamBlockValidationError(block_errors=late))

    def _check_address(self) -> None:
        slug = self.cleaned_data.get("slug")
        others = Event.objects.filter(slug=slug).exclude(translation_key=self.instance.translation_key)
        for event in others:
            if Page.objects.filter(translation_key=event.translation_key, live=True).exists():
                self.add_error("slug", _("Another published event has this address already. Choose another slug."))


class WebinarCopyForm(CopyForm):
    """Wagtail's copying without the two choices that an event cannot bear.

    A live copy would be an event without dates, and an alias would be one occasion under two keys.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("publish_copies", "alias"):
            self.fields.pop(name, None)
