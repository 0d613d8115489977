"""How staff see, make and change people in the admin."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils.datastructures import MultiValueDict
from pytest_django import DjangoAssertNumQueries
from wagtail.users.models import UserProfile

from accounts import roles
from accounts.admin.forms import PersonCreationForm
from accounts.models import User
from tests.factories.accounts import PASSWORD, PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/users/"
NEW = "/admin/users/new/"


@pytest.fixture
def admin(client: Client) -> Client:
    """An administrator's browser."""
    return sign_in(client, PersonFactory(admin=True, email="admin@gkec.example", display_name="Ada Admin"))


@pytest.fixture
def keeper() -> Client:
    """The browser of somebody who may edit people but is no administrator."""
    person = editor(email="keeper@gkec.example", display_name="Kofi Keeper")
    codes = ["add_user", "change_user", "delete_user", "view_user"]
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts", codename__in=codes))
    return sign_in(Client(), person)


def fields(**changes: Any) -> dict[str, Any]:
    """Return the form for a new person as a browser posts it, but for what is given."""
    data = {"email": "ana@city.example", "display_name": "Ana Lima", "language": "pt", "timezone": "America/Sao_Paulo"}
    return {**data, **changes}


def edit(person: User) -> str:
    return f"/admin/users/edit/{person.pk}/"


def opened(browser: Client, person: User) -> str:
    """Return the mark of a person's form as this browser has it open now."""
    return browser.get(edit(person)).context["form"]["opened"].value()


def test_an_administrator_makes_a_person_who_gets_a_mail(admin: Client, mails: Callable[[], list]) -> None:
    page = admin.get(NEW).content.decode()
    assert "first_name" not in page
    assert '<option value="UTC" selected>UTC</option>' in page
    assert "password" not in page.lower().replace("chooses a password", "")
    group = Group.objects.get(name=roles.EVENT_MANAGERS)
    answer = admin.post(NEW, fields(email="Ana@City.Example", groups=[group.pk]))
    assert (answer.status_code, answer["Location"]) == (302, PEOPLE)
    person = User.objects.get(email="ana@city.example")
    assert (person.display_name, person.language, person.timezone) == ("Ana Lima", "pt", "America/Sao_Paulo")
    assert [group.name for group in person.groups.all()] == ["Event managers"]
    assert (person.has_usable_password(), person.is_superuser, person.is_staff) == (False, False, True)
    assert not EmailAddress.objects.get(user=person).verified
    [mail] = mails()
    assert mail.summary()[:2] == ("ana@city.example", "pt")
    assert "/pt/account/login/code/" in mail.message.text

    visitor = Client()
    visitor.post("/pt/account/login/code/", {"email": "ana@city.example"})
    visitor.post("/pt/account/login/code/confirm/", {"code": mails()[-1].code})
    assert visitor.get("/admin/")["Location"] == "/pt/account/2fa/"
    assert EmailAddress.objects.get(user=person).verified


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "admin@GKEC.example"}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": ""}, "email"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "\u202e\x00"}, "display_name"),
        ({"display_name": "n" * 121}, "display_name"),
        ({"language": "de"}, "language"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"groups": ["999999"]}, "groups"),
    ],
)
def test_a_bad_new_person_is_refused(changes: dict, field: str) -> None:
    actor = PersonFactory(admin=True, email="admin@gkec.example")
    data = MultiValueDict()
    for name, value in fields(**changes).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    form = PersonCreationForm(data, actor=actor)
    assert list(form.errors) == [field]
    assert len(form.errors[field]) == 1


def test_where_the_form_is_refused_nobody_is_made(admin: Client, mails: Callable[[], list]) -> None:
    before = User.objects.count()
    answer = admin.post(NEW, fields(display_name=""))
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["display_name"]
    assert User.objects.count() == before
    assert mails() == []


def test_an_administrator_changes_a_person(admin: Client) -> None:
    person = PersonFactory(email="ana@city.example", timezone="Etc/GMT-3")
    UserProfile.get_for_user(person)
    page = admin.get(edit(person)).content.decode()
    assert '<option value="Etc/GMT-3" selected>' in page
    data = fields(email="new@city.example", display_name="Ana M. Lima", is_active="on", is_superuser="")
    assert admin.post(edit(person), {**data, "opened": opened(admin, person)})["Location"] == PEOPLE
    person.refresh_from_db()
    assert (person.email, person.display_name, person.language) == ("new@city.example", "Ana M. Lima", "pt")
    assert list(EmailAddress.objects.filter(user=person).values_list("email", "verified")) == [
        ("new@city.example", False)
    ]
    assert person.session_generation == 1
    profile = UserProfile.objects.get(user=person)
    assert (profile.preferred_language, profile.current_time_zone) == ("pt-pt", "America/Sao_Paulo")


def test_an_address_of_somebody_else_is_refused_to_staff_in_words(admin: Client) -> None:
    person = PersonFactory(email="ana@city.example")
    answer = admin.post(edit(person), fields(email="Admin@gkec.example", is_active="on", opened=opened(admin, person)))
    assert answer.context["form"].errors["email"] == [
        "There is an account with this e-mail address already: search for it in the list of people."
    ]
    person.refresh_from_db()
    assert person.email == "ana@city.example"


def test_closing_an_account_in_the_form_ends_its_sessions(admin: Client) -> None:
    person = PersonFactory(email="ana@city.example")
    browser = sign_in(Client(), person, factor=False)
    admin.post(edit(person), fields(opened=opened(admin, person)))
    person.refresh_from_db()
    assert not person.is_active
    assert browser.get("/en/account/profile/").status_code == 302
    admin.post(edit(person), fields(is_active="on", opened=opened(admin, person)))
    assert browser.get("/en/account/profile/").status_code == 302


def test_nobody_closes_or_demotes_their_own_account(admin: Client) -> None:
    me = User.objects.get(email="admin@gkec.example")
    admin.post(edit(me), fields(email="admin@gkec.example", display_name="Ada", opened=opened(admin, me)))
    me.refresh_from_db()
    assert (me.display_name, me.is_active, me.is_superuser) == ("Ada", True, True)


def test_the_list_shows_names_and_is_searched_by_all_that_is_known(admin: Client) -> None:
    PersonFactory(email="ana@city.example", display_name="Ana <i>Lima</i>", groups=[roles.EDITORS, roles.MODERATORS])
    PersonFactory(email="bo@town.example", display_name="", organisation="Town of Bo")
    page = admin.get(PEOPLE).content.decode()
    assert "Ana &lt;i&gt;Lima&lt;/i&gt;" in page
    assert "Editors, Moderators" in page
    assert "gravatar" not in page
    names = re.compile(r'<tr[^>]*>.*?<a href="/admin/users/edit/\d+/"[^>]*>\s*(.*?)\s*</a>', re.DOTALL)
    assert names.findall(page) == ["bo@town.example", "Ada Admin", "Ana &lt;i&gt;Lima&lt;/i&gt;"]
    for words in ("lima", "ana@", "LIMA"):
        assert names.findall(admin.get(PEOPLE, {"q": words}).content.decode()) == ["Ana &lt;i&gt;Lima&lt;/i&gt;"]
    assert names.findall(admin.get(PEOPLE, {"q": "town of"}).content.decode()) == ["bo@town.example"]
    assert names.findall(admin.get(PEOPLE, {"ordering": "-email"}).content.decode())[0] == "bo@town.example"


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_database_as_often_for_three_as_for_one(
    admin: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        PersonFactory(groups=[roles.EDITORS])
    admin.get(PEOPLE)
    with django_assert_num_queries(10):
        admin.get(PEOPLE)


def test_the_side_bar_greets_by_name(admin: Client) -> None:
    assert '"name": "Ada Admin"' in admin.get("/admin/").content.decode().replace("&quot;", '"')


@pytest.mark.parametrize(
    ("meanwhile", "now"),
    [
        ({"email": "safe@city.example"}, ("safe@city.example", True, False)),
        ({"is_active": False}, ("ana@city.example", False, False)),
        ({"is_superuser": False}, ("ana@city.example", True, False)),
    ],
)
def test_a_form_left_open_gives_back_no_address_and_no_right(
    admin: Client, meanwhile: dict[str, Any], now: tuple[str, bool, bool]
) -> None:
    person = PersonFactory(email="ana@city.example", is_superuser="is_superuser" in meanwhile)
    stale = opened(admin, person)
    User.objects.filter(pk=person.pk).update(**meanwhile)
    data = fields(
        display_name="Ana <b>", is_active="on", is_superuser="on" if person.is_superuser else "", opened=stale
    )
    answer = admin.post(edit(person), data)
    assert answer.status_code == 409
    said = unescape(answer.content.decode())
    assert "Somebody else has changed this person’s address, access or groups" in said
    form = answer.context["form"]
    assert [form[name].value() for name in ("email", "display_name")] == [now[0], "Ana <b>"]
    person.refresh_from_db()
    assert (person.email, person.is_active, person.is_superuser) == now
    assert person.display_name != "Ana <b>"
    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    assert admin.post(edit(person), again)["Location"] == PEOPLE
    person.refresh_from_db()
    assert (person.email, person.is_active, person.is_superuser, person.display_name) == (*now, "Ana <b>")


def test_saving_a_name_keeps_what_was_changed_beside_the_form(admin: Client) -> None:
    person = PersonFactory(email="ana@city.example")
    data = fields(is_active="on", opened=opened(admin, person))
    person.set_password("a new long passphrase")
    person.save()
    admin.post(edit(person), data)
    person.refresh_from_db()
    assert (person.display_name, person.check_password("a new long passphrase")) == ("Ana Lima", True)


# Attacks of somebody who may edit people but is no administrator --------------------------------------


def test_editing_an_administrator_to_take_over_their_account_is_refused(keeper: Client) -> None:
    victim = PersonFactory(admin=True, email="victim@gkec.example")
    data = fields(email="keeper+1@gkec.example", is_active="on")
    for answer in (keeper.get(edit(victim)), keeper.post(edit(victim), data)):
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    victim.refresh_from_db()
    assert victim.email == "victim@gkec.example"


def test_posting_rights_into_the_forms_gives_none(keeper: Client) -> None:
    groups = [group.pk for group in Group.objects.all()]
    keeper.post(NEW, fields(is_superuser="on", groups=groups))
    friend = User.objects.get(email="ana@city.example")
    assert (friend.is_superuser, friend.groups.count()) == (False, 0)
    keeper.post(edit(friend), fields(is_superuser="on", groups=groups, is_active="on", opened=opened(keeper, friend)))
    friend.refresh_from_db()
    assert (friend.is_superuser, friend.groups.count()) == (False, 0)
    me = User.objects.get(email="keeper@gkec.example")
    keeper.post(edit(me), fields(email=me.email, is_superuser="on", groups=groups, opened=opened(keeper, me)))
    me.refresh_from_db()
    assert (me.is_superuser, [group.name for group in me.groups.all()]) == (False, ["Editors"])


def test_bulk_actions_touch_no_administrator_and_give_no_rights(keeper: Client) -> None:
    victim = PersonFactory(admin=True)
    friend = PersonFactory()
    role = Group.objects.get(name=roles.EVENT_MANAGERS)
    bulk = "/admin/bulk/accounts/user/{}/?id={}&next=/admin/users/"
    keeper.post(bulk.format("set_active_state", victim.pk), {"mark_as_active": "False"})
    keeper.post(bulk.format("assign_role", friend.pk), {"role": role.pk})
    keeper.post(bulk.format("delete", friend.pk))
    victim.refresh_from_db()
    assert victim.is_active
    assert not friend.groups.exists()
    assert User.objects.filter(pk=friend.pk).exists()


def test_nobody_deletes_a_person_by_hand(admin: Client) -> None:
    person = PersonFactory()
    assert admin.get(f"/admin/users/delete/{person.pk}/").status_code == 302
    admin.post(f"/admin/users/delete/{person.pk}/")
    admin.post(f"/admin/bulk/accounts/user/delete/?id={person.pk}&next=/admin/users/")
    assert User.objects.filter(pk=person.pk).exists()
    assert f"/admin/users/delete/{person.pk}/" not in admin.get(PEOPLE).content.decode()


def test_editors_see_no_people(client: Client) -> None:
    sign_in(client, editor())
    for address in (PEOPLE, NEW, edit(PersonFactory())):
        assert client.get(address)["Location"] == "/admin/"


# One's own account ------------------------------------------------------------------------------------


def own(**changes: str) -> dict[str, str]:
    """Return one's own account page as a browser posts it, but for what is given."""
    data = {"person-display_name": "Edna", "person-language": "fr", "person-timezone": "Europe/Paris"}
    theme = {"theme-theme": "system", "theme-contrast": "system", "theme-density": "default"}
    return {**data, **theme, **changes}


def test_staff_change_their_name_language_and_zone_in_one_place(client: Client) -> None:
    person = editor(display_name="Before", language="en")
    sign_in(client, person)
    page = client.get("/admin/account/").content.decode()
    for gone in ("first_name", "last_name", "password-old_password", "name_email-email", "locale-preferred_language"):
        assert gone not in page
    assert client.post("/admin/account/", own())["Location"] == "/admin/account/"
    person.refresh_from_db()
    assert (person.display_name, person.language, person.timezone) == ("Edna", "fr", "Europe/Paris")
    profile = UserProfile.objects.get(user=person)
    assert (profile.preferred_language, profile.current_time_zone) == ("fr", "Europe/Paris")
    assert '<html lang="fr"' in client.get("/admin/").content.decode()


def test_posting_address_or_password_to_the_admins_account_page_changes_neither(client: Client) -> None:
    person = editor(email="edna@gkec.example")
    before = person.password
    sign_in(client, person)
    extra = {
        "name_email-email": "other@evil.example",
        "email": "other@evil.example",
        "person-email": "other@evil.example",
        "password-old_password": "a long enough passphrase",
        "password-new_password1": "another long passphrase",
        "password-new_password2": "another long passphrase",
    }
    client.post("/admin/account/", own(**extra))
    person.refresh_from_db()
    assert (person.email, person.password, person.display_name) == ("edna@gkec.example", before, "Edna")


def test_a_bad_zone_on_ones_own_page_is_refused(client: Client) -> None:
    person = editor(display_name="Before")
    sign_in(client, person)
    answer = client.post("/admin/account/", own(**{"person-timezone": "Mars/Olympus"}))
    assert "Choose one of the time zones in the list." in answer.content.decode()
    person.refresh_from_db()
    assert person.display_name == "Before"


def test_the_admin_greets_new_staff_in_their_own_language(client: Client) -> None:
    person = editor(language="ar", timezone="Africa/Cairo")
    client.post("/en/account/login/", {"login": person.email, "password": PASSWORD})
    sign_in(client, person)
    assert '<html lang="ar" dir="rtl"' in client.get("/admin/").content.decode()
