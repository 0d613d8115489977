"""No app can keep data about people that the registry of personal data does not know."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.test.utils import isolate_apps

from core import personal

# Names of columns in which somebody's name, address or machine could stand.
TELLING = re.compile(r"(^|_)(e?mail|address|name|organisation|ip|user_agent|phone|label)(_|$)")
OWNER_ONLY = "Deleting the account leaves the row with nobody in its place (SET_NULL); the rest is content of the site."
GOES_WITH_ACCOUNT = "Says what somebody of staff does here, and goes when their account is deleted (CASCADE)."
CONTENT = "Words of the site about things, written by staff for everybody."
NAMES_A_THING = "Names a thing, not a person."

# Models that look as if they held personal data and do not, each with the reason.
ALLOWED = {
    "core.Picture": OWNER_ONLY,
    "core.TranslationJob": OWNER_ONLY,
    "events.EventVersion": OWNER_ONLY,
    "events.ReminderRule": OWNER_ONLY,
    "events.StaffMessage": OWNER_ONLY,
    "learning.Cohort_moderators": GOES_WITH_ACCOUNT,
    "mail.Mailing": OWNER_ONLY,
    "newsletter.Campaign": OWNER_ONLY,
    "newsletter.CampaignChange": OWNER_ONLY,
    "wagtail_localize.StringTranslation": OWNER_ONLY,
    "wagtail_localize.SegmentOverride": OWNER_ONLY,
    "wagtaildocs.Document": OWNER_ONLY,
    "wagtailimages.Image": OWNER_ONLY,
    "wagtailcore.Revision": OWNER_ONLY,
    "wagtailcore.UploadedFile": OWNER_ONLY,
    "wagtailcore.WorkflowState": OWNER_ONLY,
    "wagtailcore.TaskState": OWNER_ONLY,
    "core.Heartbeat": NAMES_A_THING,
    "home.SiteText": CONTENT,
    "wagtailembeds.Embed": CONTENT,
    "learning.Cohort": NAMES_A_THING,
    "municipalities.LocalGovernment": NAMES_A_THING,
    "wagtailcore.Site": NAMES_A_THING,
    "wagtailcore.Collection": NAMES_A_THING,
    "wagtailcore.Workflow": NAMES_A_THING,
    "wagtailcore.Task": NAMES_A_THING,
    "wagtailcore.GroupApprovalTask": NAMES_A_THING,
    "taggit.Tag": NAMES_A_THING,
    "auth.Permission": NAMES_A_THING,
    "auth.Group": NAMES_A_THING,
    "contenttypes.ContentType": NAMES_A_THING,
}


def looks_personal(model: type[models.Model]) -> bool:
    """Tell whether a model points to a person or has a column in which one could be named."""
    return any(_is_telling(field) for field in model._meta.get_fields(include_hidden=True) if _is_own(field))


def _is_own(field) -> bool:
    return getattr(field, "concrete", False) and not isinstance(field, models.ManyToManyField)


def _is_telling(field) -> bool:
    if field.is_relation:
        return field.related_model is get_user_model()
    if isinstance(field, models.EmailField | models.GenericIPAddressField):
        return True
    words = isinstance(field, models.CharField | models.TextField)
    return words and bool(TELLING.search(field.name)) and not field.choices


def pages() -> set[str]:
    """Return all page types: each has Wagtail's owner and lock, which deleting an account empties."""
    from wagtail.models import Page

    return {model._meta.label for model in apps.get_models() if issubclass(model, Page)}


def unknown(candidates) -> list[str]:
    """Return what looks personal, and neither the registry nor the list above says anything about."""
    known = personal.covered_models() | set(ALLOWED) | pages()
    return sorted(model._meta.label for model in candidates if looks_personal(model) and model._meta.label not in known)


def test_every_model_with_personal_data_is_registered_or_allowed():
    assert unknown(apps.get_models(include_auto_created=True)) == []


def test_the_lists_name_only_models_that_exist_and_look_personal():
    labels = {model._meta.label: model for model in apps.get_models(include_auto_created=True)}
    assert sorted((set(ALLOWED) | personal.covered_models()) - set(labels)) == []
    assert [label for label in ALLOWED if not looks_personal(labels[label])] == []
    assert sorted(set(ALLOWED) & personal.covered_models()) == []


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("moderator", models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")),
        ("contact", models.EmailField()),
        ("seen_from", models.GenericIPAddressField()),
        ("speaker_name", models.CharField(max_length=10)),
        ("to_address", models.TextField()),
    ],
)
@isolate_apps("tests.pages")
def test_a_new_app_cannot_forget_to_register_its_model(name, field):
    meta = type("Meta", (), {"app_label": "testpages"})
    forgotten = type("Forgotten", (models.Model,), {"__module__": __name__, "Meta": meta, name: field.clone()})
    if field.is_relation:
        # Isolated apps do not know the model of people, so the name stays a name.
        forgotten._meta.get_field(name).remote_field.model = get_user_model()
    assert unknown([forgotten]) == ["testpages.Forgotten"]


def _holds_addresses(label: str) -> bool:
    fields = apps.get_model(label)._meta.get_fields()
    return any(isinstance(field, models.EmailField) or field.name in {"to_address", "address"} for field in fields)


@pytest.mark.django_db
def test_each_kind_with_addresses_says_where_they_stand_so_that_erasures_can_be_repeated():
    with_addresses = {kind.name for kind in personal.kinds() if any(map(_holds_addresses, kind.models))}
    assert with_addresses == {kind.name for kind in personal.kinds() if kind.addresses is not None}
    for kind in personal.kinds():
        if kind.addresses is not None:
            assert list(kind.addresses().order_by().distinct()) == [], kind.name


@pytest.mark.django_db
def test_each_kind_says_what_it_is_and_what_becomes_of_it():
    for kind in personal.kinds():
        assert str(kind.label), kind.name
        assert str(kind.about), kind.name
        assert list(kind.rows(personal.Subject(None, ()))) == [], kind.name
        # What neither goes by itself nor with the account would be kept for ever.
        goes_with_account = kind.name in {"account", "addresses", "factors"}
        assert kind.rules or goes_with_account, kind.name
        for rule in kind.rules:
            assert rule.days > 0, rule.setting
            assert "%" not in rule.in_words(), rule.setting
