"""The groups of staff and what each may do."""

import pytest
from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from accounts import roles
from accounts.services import ensure_groups
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db

PAGES = {"add", "change", "publish", "lock", "unlock"}


def rights() -> dict:
    """Return all that the groups hold, as text."""
    return {
        group.name: (
            sorted(group.permissions.values_list("codename", flat=True)),
            sorted(group.page_permissions.values_list("page_id", "permission__codename")),
            sorted(group.collection_permissions.values_list("collection_id", "permission__codename")),
        )
        for group in Group.objects.filter(name__in=roles.ROLES)
    }


def test_migrations_make_the_groups_and_asking_again_changes_nothing() -> None:
    assert set(rights()) == {"Editors", "Moderators", "Event managers"}
    # A database kept from an earlier run may lack what apps have granted since.
    ensure_groups()
    before = rights()
    assert [group.name for group in ensure_groups()] == ["Editors", "Moderators", "Event managers"]
    assert rights() == before


@pytest.mark.parametrize("name", roles.ROLES)
def test_each_group_may_do_what_its_role_says_from_the_root_down(name: str) -> None:
    person = PersonFactory(groups=[name])
    held = GroupPagePermission.objects.filter(group__name=name, page__depth=1)
    assert {one.removesuffix("_page") for one in held.values_list("permission__codename", flat=True)} == PAGES
    assert person.has_perm("wagtailadmin.access_admin")
    assert person.has_perm("wagtail_localize.submit_translation")
    for right in ("accounts.add_user", "accounts.change_user", "auth.change_group", "wagtailcore.delete_locale"):
        assert not person.has_perm(right)
    collections = GroupCollectionPermission.objects.filter(group__name=name, collection__depth=1)
    assert set(collections.values_list("permission__codename", flat=True)) >= {
        "add_image",
        "change_image",
        "choose_image",
        "add_document",
        "change_document",
        "choose_document",
    }
    tester = Page.get_first_root_node().permissions_for_user(person)
    assert tester.can_add_subpage()
    assert tester.can_publish_subpage()


def test_editors_alone_keep_the_vocabularies() -> None:
    for name in roles.ROLES:
        assert PersonFactory(groups=[name]).has_perm("core.change_term") == (name == roles.EDITORS)


def test_event_managers_answer_for_mail_but_lift_no_suppression_and_erase_nobody() -> None:
    ensure_groups()
    asked = ["mail.view_message", "mail.add_resend", "mail.view_suppression", "core.view_heartbeat"]
    kept = ["mail.delete_suppression", "accounts.handle_personal_data"]
    for name in roles.ROLES:
        person = PersonFactory(groups=[name])
        assert [person.has_perm(right) for right in asked] == [name == roles.EVENT_MANAGERS] * 4
        assert not any(person.has_perm(right) for right in kept)


def test_what_is_missing_comes_back_and_what_staff_added_stays() -> None:
    ensure_groups()
    editors = Group.objects.get(name=roles.EDITORS)
    extra = Permission.objects.get(codename="change_site")
    editors.permissions.add(extra)
    wanted = rights()
    GroupPagePermission.objects.all().delete()
    editors.permissions.remove(Permission.objects.get(codename="access_admin"))
    Group.objects.filter(name=roles.EVENT_MANAGERS).delete()
    ensure_groups()
    assert set(rights()["Editors"][0]) == set(wanted["Editors"][0])
    assert rights()["Event managers"] == wanted["Event managers"]


def test_an_app_grants_rights_on_its_models_and_unknown_ones_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(roles.ROLES, roles.MODERATORS, roles.Role())
    roles.grant(roles.MODERATORS, "wagtailcore.view_site", "nowhere.view_nothing")
    ensure_groups()
    assert PersonFactory(groups=[roles.MODERATORS]).has_perm("wagtailcore.view_site")
    with pytest.raises(KeyError):
        roles.grant("Emperors", "wagtailcore.view_site")


def test_without_pages_and_collections_the_groups_are_made_all_the_same() -> None:
    Group.objects.all().delete()
    GroupCollectionPermission.objects.all().delete()
    Page.objects.all().delete()
    Collection.objects.all().delete()
    assert len(ensure_groups()) == 3
