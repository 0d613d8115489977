"""What accounts keep about people, and for how long; also what Wagtail and allauth keep for them."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.models import ModelLogEntry, PageLogEntry

from accounts.models import DataRequest, User
from accounts.services import erasing, people
from core import clock, personal
from core.personal import Column, Kind, Rule, Subject


def register_kinds() -> None:
    """Make the app's kinds of personal data known; called once, when the app is ready."""
    personal.register(_ACCOUNT, _ADDRESSES, _FACTORS, _DEVICES, _CONSENTS, _PAGES, _RECORDS, _REQUESTS)


def _of(model: type[Model], name: str = "user") -> Any:
    def find(subject: Subject) -> QuerySet:
        rows = model._default_manager.all()
        return rows.none() if subject.person_id is None else rows.filter(**{name: subject.person_id})

    return find


def _before(model: type[Model], moment: str) -> Any:
    return lambda before: model._default_manager.filter(**{f"{moment}__lt": before})


def _delete(model: type[Model]) -> Any:
    return lambda keys: model._default_manager.filter(pk__in=keys).delete()


def _unconfirmed(before: datetime) -> QuerySet:
    return User.objects.unconfirmed().filter(date_joined__lt=before)


def _ended_devices(before: datetime) -> QuerySet:
    open_ones = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=clock.now())
    return UserSession.objects.filter(~Exists(open_ones), created_at__lt=before)


def _type(person: User) -> str:
    return person.organisation_type.label if person.organisation_type else ""


_HISTORY = _("Entries are deleted %(period)s after they were made.")
_NUMBER = _("The entries, with the number of an account that is gone: what happened to a page must stay traceable.")

_ACCOUNT = Kind(
    name="account",
    label=_("Account"),
    about=_("What you told us about yourself. You change it in your profile."),
    models=(
        "accounts.User",
        "accounts.User_groups",
        "accounts.User_user_permissions",
        "wagtailusers.UserProfile",
        "wagtailadmin.EditingSession",
        "wagtailadmin.FormState",
        "wagtailcore.Comment",
        "wagtailcore.CommentReply",
        "wagtailcore.PageSubscription",
        "wagtailcore.APIToken",
    ),
    find=_of(User, "pk"),
    columns=(
        "email",
        "display_name",
        "language",
        "timezone",
        "country",
        "organisation",
        Column("organisation_type", _("type of organisation"), _type),
        "role",
        "gender",
        "is_staff",
        Column("groups", _("groups"), lambda one: ", ".join(sorted(group.name for group in one.groups.all()))),
        "date_joined",
        "last_login",
    ),
    rules=(
        Rule(
            "UNCONFIRMED_KEPT_DAYS",
            _("A sign-up that nobody confirms is deleted after %(period)s."),
            "date_joined",
            _unconfirmed,
            lambda keys: people.forget_unconfirmed(keys=keys),
        ),
    ),
    erase=lambda subject: erasing.erase_account(subject=subject),
    stays=_("Pages and pictures that you made for the site, without your name."),
    order=90,
    addresses=lambda: User.objects.values_list("email", flat=True),
)
_ADDRESSES = Kind(
    name="addresses",
    label=_("E-mail addresses"),
    about=_("The addresses with which you sign in."),
    models=("account.EmailAddress",),
    find=_of(EmailAddress),
    columns=("email", "verified", "primary"),
    order=89,
    addresses=lambda: EmailAddress.objects.values_list("email", flat=True),
)
_FACTORS = Kind(
    name="factors",
    label=_("Second factors and passkeys"),
    about=_("What you sign in with beside the password. The secrets themselves are never shown."),
    models=("mfa.Authenticator",),
    find=_of(Authenticator),
    # allauth's own fields come without labels in our languages.
    columns=(
        Column("type", _("kind")),
        Column("created_at", _("created")),
        Column("last_used_at", _("last used")),
    ),
    order=88,
)
_DEVICES = Kind(
    name="devices",
    label=_("Devices"),
    about=_("Where you are signed in: network address and browser of each session."),
    models=("usersessions.UserSession",),
    find=_of(UserSession),
    columns=(
        Column("ip", _("network address")),
        Column("user_agent", _("browser")),
        Column("created_at", _("signed in since")),
        Column("last_seen_at", _("last used")),
    ),
    rules=(
        Rule(
            "RETENTION_DEVICE_DAYS",
            _("A session ends, and leaves the list, %(period)s after its last use."),
            "created_at",
            _ended_devices,
            _delete(UserSession),
        ),
    ),
    order=87,
)
_CONSENTS = Kind(
    name="consents",
    label=_("Consents"),
    about=_("What you agreed to and what you took back, in the words that you saw."),
    models=("accounts.ConsentRecord",),
    find=erasing.consents_of,
    columns=("purpose", "given", "wording", "wording_version", "language", "channel", "recorded_at"),
    rules=(
        Rule(
            "RETENTION_CONSENT_DAYS",
            _("What was agreed to is deleted %(period)s after it was taken back."),
            "ended",
            lambda before: erasing.withdrawn_consents().filter(ended__lt=before),
            erasing.delete_consents,
        ),
    ),
    erase=lambda subject: erasing.withdraw_consents(subject=subject),
    stays=_(
        "The decisions, with a hash from which nobody can read your address: we must be able to prove what was agreed"
        " to. All of them count as taken back."
    ),
    order=70,
)
_LOG = (Column("action", _("action")), Column("label", _("title")), Column("timestamp", _("when")))
_PAGES = Kind(
    name="page-history",
    label=_("Changes to pages"),
    about=_("What you did to pages of this site as a member of staff."),
    models=("wagtailcore.PageLogEntry",),
    find=_of(PageLogEntry, "user_id"),
    columns=_LOG,
    rules=(
        Rule(
            "RETENTION_HISTORY_DAYS", _HISTORY, "timestamp", _before(PageLogEntry, "timestamp"), _delete(PageLogEntry)
        ),
    ),
    stays=_NUMBER,
    order=81,
)
_RECORDS = Kind(
    name="record-history",
    label=_("Changes in the admin"),
    about=_("What you did to records of this site as a member of staff."),
    models=("wagtailcore.ModelLogEntry",),
    find=_of(ModelLogEntry, "user_id"),
    columns=_LOG,
    rules=(
        Rule(
            "RETENTION_HISTORY_DAYS",
            _HISTORY,
            "timestamp",
            _before(ModelLogEntry, "timestamp"),
            _delete(ModelLogEntry),
        ),
    ),
    stays=_NUMBER,
    order=82,
)
_REQUESTS = Kind(
    name="requests",
    label=_("Requests that you met"),
    about=_("Exports and erasures that you made for others as a member of staff."),
    models=("accounts.DataRequest",),
    find=_of(DataRequest, "by"),
    columns=("what", "ground", "at"),
    rules=(Rule("RETENTION_HISTORY_DAYS", _HISTORY, "at", _before(DataRequest, "at"), _delete(DataRequest)),),
    stays=_("That it was done, when and why, without your name."),
    order=83,
)
