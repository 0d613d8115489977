"""The outbox in the admin: every message with its state and the server's words; nothing can be edited."""

from collections.abc import Iterable

import django_filters
from django.db.models import Q, QuerySet
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.widgets.button import HeaderButton

from core import languages
from core.admin.records import OfferedPolicy, RecordList
from core.exports import MomentColumn, ScreenExportMixin, WordsColumn
from mail import kinds
from mail.admin import states
from mail.admin.mailbox import MailboxOfPersonView, MailboxView
from mail.admin.message import MessageHtmlView, MessageView
from mail.admin.resending import ResendView
from mail.enums import Stream
from mail.models import Message


class ReadOnlyPolicy(OfferedPolicy):
    """Whoever has `view_message` may look; nobody, administrators included, may add, change or delete."""


def _kinds() -> Iterable[tuple[str, str]]:
    return sorted(((name, kinds.label(name)) for name in kinds.names()), key=lambda choice: choice[1])


class OutboxFilterSet(WagtailFilterSet):
    state = django_filters.MultipleChoiceFilter(label=_("State"), choices=states.choices, widget=CheckboxSelectMultiple)
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=_kinds, widget=CheckboxSelectMultiple)
    stream = django_filters.ChoiceFilter(
        label=_("Stream"), choices=Stream.choices, widget=RadioSelect, empty_label=_("All")
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), choices=languages.choices, widget=RadioSelect, empty_label=_("All")
    )
    created_at = django_filters.DateFromToRangeFilter(label=_("Asked for"), widget=DateRangePickerWidget)

    class Meta:
        model = Message
        fields = ["state", "kind", "stream", "language", "created_at"]


class OutboxIndexView(ScreenExportMixin, IndexView):
    """The list, newest first; search takes a part of the address, or the beginning of a key."""

    page_title = _("Outbox")
    any_permission_required = ["view"]
    is_searchable = True

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        """Offer the search for one person's mail."""
        return [HeaderButton(MailboxView.page_title, url=reverse("outbox:mailbox"), icon_name="search")]

    def get_base_queryset(self) -> QuerySet:
        return Message.objects.without_content()

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        if not self.is_searching:
            return queryset
        words = self.search_query.strip()
        return queryset.filter(Q(to_address__icontains=words) | Q(key__startswith=words) | Q(message_id=words))

    def get_list_buttons(self, instance: Message) -> list:
        return []


def _kind_label(message: Message) -> str:
    return kinds.label(message.kind)


def _language_name(message: Message) -> str:
    return languages.shown_name(message.language)


class OutboxViewSet(RecordList):
    """Index and one page a message; every address that would write is left out."""

    name = "outbox"
    model = Message
    icon = "mail"
    menu_label = _("Outbox")
    menu_order = 700
    add_to_admin_menu = True
    inspect_view_enabled = True
    index_view_class = OutboxIndexView
    inspect_view_class = MessageView
    filterset_class = OutboxFilterSet
    export_filename = "outbox"
    list_display = [
        "to_address",
        WordsColumn("subject", label=_("Subject"), accessor="shown_subject"),
        Column("kind", label=_("Kind"), accessor=_kind_label, sort_key="kind"),
        Column("language", label=_("Language"), accessor=_language_name, sort_key="language"),
        Column("state", label=_("State"), accessor=states.shown, sort_key="state"),
        Column("reason", label=_("Why"), accessor="get_reason_display"),
        MomentColumn("created_at", label=_("Asked for"), sort_key="created_at"),
        MomentColumn("due_at", label=_("Due"), sort_key="due_at"),
        MomentColumn("finished_at", label=_("Finished"), sort_key="finished_at"),
        Column("attempts", label=_("Attempts"), sort_key="attempts"),
        WordsColumn("last_reply", label=_("The server's last words"), accessor="words_of_server"),
        WordsColumn("key", label=_("Key")),
    ]

    def get_own_urlpatterns(self) -> list[URLPattern]:
        html_view = self.construct_view(MessageHtmlView)
        return [
            path("message/<int:pk>/", self.inspect_view, name="inspect"),
            path("message/<int:pk>/html/", html_view, name="html"),
            path("message/<int:pk>/resend/", ResendView.as_view(), name="resend"),
            path("whose/", MailboxView.as_view(), name="mailbox"),
            path("whose/person/<int:pk>/", MailboxOfPersonView.as_view(), name="mailbox_of_person"),
        ]
