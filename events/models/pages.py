"""The pages of events: the section, and the webinar with its words; its schedule is read from the event record."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, ObjectList, TabbedInterface
from wagtail.models import Page
from wagtail_localize.fields import SynchronizedField

from core import epochs, languages, timezones
from core.blocks import BODY_BLOCKS
from core.fields import StreamField
from core.models import BasePage
from core.projection import AtomicPublishing, would_speak_next
from events import viewing
from events.blocks import AGENDA_BLOCKS
from events.models.event import Event
from events.models.registration import Registration
from events.models.webinar_form import LEFT_TO_SOURCE, WebinarCopyForm, WebinarForm
from events.occasion import occasion
from events.programme import programme
from events.venues import LONGEST, validate_venue


class EventIndexPage(BasePage):
    """The section page of events: it lists every public event once, wherever its pages hang."""

    subpage_types = ["events.WebinarPage"]
    max_count_per_parent = 1
    template = "events/index.html"
    # Past and upcoming change with the clock.
    cache_seconds: ClassVar[int | None] = 60
    search_kind = "events"
    cache_query: ClassVar[frozenset[str]] = frozenset({"format", "month", "page"})

    class Meta:
        verbose_name = _("events section")
        verbose_name_plural = _("events sections")

    def cache_tags(self) -> set[str]:
        """Return what makes the list change: any event."""
        return {*super().cache_tags(), "list:events"}

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the coming events, a page of the past ones, and the choices by which both can be narrowed."""
        context = super().get_context(request, *args, **kwargs)
        return {**context, **programme(request, Event.objects.public()), **viewing.clocks(request)}


class WebinarPage(AtomicPublishing, BasePage):
    """The words about a webinar in one language, and the form in which its schedule is edited."""

    format = models.ForeignKey(
        "core.Term",
        verbose_name=_("format"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"vocabulary": "event-format", "is_active": True},
    )
    body = StreamField(BODY_BLOCKS, verbose_name=_("body"), blank=True)
    host = models.CharField(
        _("host"), max_length=200, blank=True, help_text=_("The organisation that invites, such as City of Oslo.")
    )

    timezone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Brussels", validators=[timezones.validate]
    )
    starts_at = models.DateTimeField(_("starts"), null=True)
    ends_at = models.DateTimeField(_("ends"), null=True)
    venue = models.CharField(
        _("venue"),
        max_length=LONGEST,
        blank=True,
        default="",
        db_default="",
        validators=[validate_venue],
        help_text=_("Where people meet, the same in every language. Leave empty for an event that is online only."),
    )

    capacity = models.PositiveIntegerField(
        _("seats"), null=True, blank=True, help_text=_("Leave empty if there is no limit.")
    )
    waiting_list = models.BooleanField(
        _("waiting list"),
        default=True,
        help_text=_("When all seats are taken, people can wait; who waits longest gets the next free seat."),
    )
    registration_opens_at = models.DateTimeField(_("registration opens"), null=True, blank=True)
    registration_closes_at = models.DateTimeField(_("registration closes"), null=True, blank=True)

    agenda = StreamField(AGENDA_BLOCKS, verbose_name=_("programme"), blank=True)
    spoken_languages = ArrayField(
        models.CharField(max_length=8), verbose_name=_("languages spoken"), default=list, blank=True
    )
    interpretation = ArrayField(
        models.CharField(max_length=8), verbose_name=_("interpretation into"), default=list, blank=True
    )
    captions = ArrayField(models.CharField(max_length=8), verbose_name=_("captions in"), default=list, blank=True)
    recording_note = models.CharField(
        _("recording"),
        max_length=300,
        blank=True,
        help_text=_("Whether, when and where a recording will be found."),
    )

    base_form_class = WebinarForm
    parent_page_types = ["events.EventIndexPage"]
    subpage_types: ClassVar[list] = []
    template = "events/webinar.html"
    # Whether registration is open depends on the clock.
    cache_seconds: ClassVar[int | None] = 60
    search_kind = "events"
    lists = ("events",)

    # A copy is another occasion: its dates are never those of the first.
    copy_form_class = WebinarCopyForm
    # The venue and what is said of the recording, too, are about that one day.
    exclude_fields_in_copy = [
        "starts_at",
        "ends_at",
        "venue",
        "registration_opens_at",
        "registration_closes_at",
        "recording_note",
    ]

    override_translatable_fields = [
        *BasePage.override_translatable_fields,
        *(SynchronizedField(name, overridable=False) for name in LEFT_TO_SOURCE),
    ]

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("title"),
                    FieldPanel("summary"),
                    FieldPanel("format"),
                    FieldPanel("host"),
                    FieldPanel("body"),
                ],
                heading=_("What"),
            ),
            ObjectList(
                [
                    FieldPanel("timezone"),
                    FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")]),
                    FieldPanel("venue"),
                    FieldPanel("join_link"),
                ],
                heading=_("When and where"),
            ),
            ObjectList(
                [
                    FieldPanel("capacity"),
                    FieldPanel("waiting_list"),
                    HelpPanel(content=_("Both times are read off clocks in the event's time zone.")),
                    FieldRowPanel([FieldPanel("registration_opens_at"), FieldPanel("registration_closes_at")]),
                ],
                heading=_("Registration"),
            ),
            ObjectList(
                [
                    FieldPanel("agenda"),
                    FieldPanel("spoken_languages"),
                    FieldPanel("interpretation"),
                    FieldPanel("captions"),
                    FieldPanel("recording_note"),
                ],
                heading=_("Programme"),
            ),
            ObjectList(BasePage.promote_panels, heading=_("Search and sharing")),
            ObjectList(Page.settings_panels, heading=_("Settings")),
        ]
    )

    class Meta:
        verbose_name = _("webinar")
        verbose_name_plural = _("webinars")

    def what_stays(self, *, without: Collection[Page] = ()) -> list[str]:
        """Add who is registered, as long as the event is still to come."""
        event = Event.objects.upcoming().scheduled().filter(translation_key=self.translation_key)
        number = Registration.objects.live().filter(event__in=event).count()
        words = ngettext(
            "%(number)s person is registered and keeps seat or place, mails and links. Cancel the event to tell them.",
            "%(number)s people are registered and keep seat or place, mails and links. Cancel the event to tell them.",
            number,
        )
        return [*super().what_stays(without=without), *([words % {"number": number}] if number else [])]

    def what_deleting_means(self, *, without: Collection[Page] = ()) -> list[str]:
        """Add where the event's date and seats are set afterwards, if this is its source page."""
        events = Event.objects.filter(translation_key=self.translation_key, source_locale=self.locale_id)
        other = would_speak_next(self, without=without) if events.exists() else None
        if other is None:
            return super().what_deleting_means(without=without)
        words = _("Dates, seats and meeting link of the event will then be set on its page in %(language)s.")
        return [
            *super().what_deleting_means(without=without),
            words % {"language": languages.own_name(other.locale.language_code)},
        ]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add the event record, which alone knows the schedule, and what stands around it."""
        context = super().get_context(request, *args, **kwargs)
        return {**context, **occasion(self, self._event(request), request)}

    def _event(self, request: HttpRequest) -> Event | None:
        # Whatever changes a record has its pages made anew, which ends the epoch too.
        event = epochs.kept(request, ("event", self.translation_key), self._read_event)
        if getattr(request, "is_preview", False) and self.starts_at and self.ends_at:
            # An editor must see what publishing would show; nothing of this is saved.
            event = event or Event(translation_key=self.translation_key, source_locale_id=self.locale_id)
            if event.source_locale_id == self.locale_id:
                event.take_over(self)
        return event

    def _read_event(self) -> Event | None:
        return Event.objects.select_related("format").filter(translation_key=self.translation_key).first()
