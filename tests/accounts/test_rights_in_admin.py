"""How staff meet requests about personal data, who may, and the commands."""

import io
import json
import re
import zipfile
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import DataRequest, User
from events.models import Registration
from tests.factories import events as make
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

HERE = "/admin/personal-data/"
COPY, ERASE, RETENTION = f"{HERE}copy/", f"{HERE}erase/", f"{HERE}retention/"
GUEST = "ana.silva@example.org"


@pytest.fixture
def keeper() -> User:
    """A member of staff with the right, who is no administrator."""
    person = editor(email="keeper@gkec.example", display_name="Kofi Keeper")
    person.user_permissions.add(Permission.objects.get(codename="handle_personal_data"))
    return person


@pytest.fixture
def staff(client: Client, keeper: User) -> Client:
    """The keeper's browser."""
    return sign_in(client, keeper)


def test_staff_find_copy_and_erase_a_guest(staff, keeper):
    make.registered(make.bare_event())
    page = staff.post(HERE, {"email": "Ana.Silva@example.org"}).content.decode()
    assert "There is no account, only what was done as a guest." in page
    assert "<td>Registrations for events</td><td>1</td>" in page
    answer = staff.post(COPY, {"email": GUEST})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        kinds = json.loads(archive.read("data.json"))["kinds"]
    assert {kind["name"]: len(kind["rows"]) for kind in kinds if kind["rows"]} == {"registrations": 1, "messages": 1}
    asked = staff.post(ERASE, {"email": GUEST}).content.decode()
    assert "Make sure that the request comes from the person." in asked
    assert Registration.objects.get().name == "Ana Silva"
    done = staff.post(ERASE, {"email": GUEST, "ground": "objection", "again": GUEST.upper()})
    assert "The person is erased." in done.content.decode()
    assert Registration.objects.get().name == "–"
    rows = DataRequest.objects.order_by("pk").values_list("what", "channel", "ground", "by")
    assert list(rows) == [("export", "staff", "asked", keeper.pk), ("erasure", "staff", "objection", keeper.pk)]


def test_staff_find_an_account_by_any_of_its_confirmed_addresses(staff):
    person = PersonFactory(email="bo@city.example", display_name="Bo <b>")
    page = staff.post(HERE, {"email": "bo@city.example"}).content.decode()
    assert "There is an account: <bdi>Bo &lt;b&gt;</bdi>." in page
    staff.post(ERASE, {"email": person.email, "ground": "asked", "again": person.email})
    assert not User.objects.filter(pk=person.pk).exists()


def test_nothing_is_erased_without_the_address_typed_again(staff):
    make.registered(make.bare_event())
    for again in ("", "ana@example.org"):
        answer = staff.post(ERASE, {"email": GUEST, "ground": "asked", "again": again})
        assert answer.status_code == 422
    assert staff.post(ERASE, {"email": GUEST, "ground": "because", "again": GUEST}).status_code == 422
    assert Registration.objects.get().name == "Ana Silva"


def test_somebody_unknown_gets_a_sentence(staff):
    assert "We keep nothing about this person." in staff.post(HERE, {"email": GUEST}).content.decode()
    for where, more in ((COPY, {}), (ERASE, {"ground": "asked", "again": GUEST})):
        answer = staff.post(where, {"email": GUEST, **more})
        assert (answer.status_code, "We keep nothing about this person." in answer.content.decode()) == (409, True)
    assert DataRequest.objects.count() == 0


def test_no_address_of_a_page_names_anybody(staff):
    assert staff.get(f"{HERE}?email={GUEST}").content.decode().count(GUEST) == 0
    for where in (COPY, ERASE):
        assert staff.get(where, {"email": GUEST}).status_code == 405


def test_the_list_of_requests_costs_the_same_however_long(staff, keeper, django_assert_num_queries):
    def met(number: int) -> None:
        for _number in range(number):
            DataRequest.objects.create(what="export", channel="staff", ground="asked", by=keeper)

    met(1)
    staff.get(HERE)
    with django_assert_num_queries(10):
        page = staff.get(HERE).content.decode()
    assert "<td>Exported</td><td>By staff, in the admin</td><td>The person asked for it</td>" in page
    met(2)
    with django_assert_num_queries(10):
        assert staff.get(HERE).content.decode().count("<td>Exported</td>") == 3


@pytest.mark.parametrize(("where", "title"), [(HERE, "Personal data"), (RETENTION, "Retention")])
def test_the_window_is_named_after_the_page(staff, where, title):
    assert re.search(rf"<title>\s*{title}\s+- GKEC\s*</title>", staff.get(where).content.decode())


def test_retention_shows_what_is_due(staff):
    page = staff.get(RETENTION).content.decode()
    assert "Each rule reads as the person whom it is about reads it: “you” is that person." in page
    assert "The words of a mail are deleted 90 days after sending it has ended." in page
    assert "<code>RETENTION_REGISTRATION_DAYS</code></td><td>0</td><td>–</td>" in page
    assert (
        "<p>What falls under several rules is counted with each of them here; it goes, and counts, with the first.<"
        in page
    )


@pytest.mark.parametrize("where", [HERE, COPY, ERASE, RETENTION])
def test_an_editor_without_the_right_reaches_none_of_it(client, where):
    sign_in(client, editor())
    # Wagtail leads staff without a right back to its home page.
    for method in (client.get, client.post):
        answer = method(where, {"email": GUEST})
        assert (answer.status_code, answer["Location"] if answer.status_code == 302 else "") in {
            (302, "/admin/"),
            (405, ""),
        }
    assert DataRequest.objects.count() == 0


def test_a_person_without_access_to_the_admin_cannot_use_the_right(client):
    person = PersonFactory()
    person.user_permissions.add(Permission.objects.get(codename="handle_personal_data"))
    sign_in(client, person)
    answer = client.post(COPY, {"email": GUEST})
    assert (answer.status_code, answer["Location"]) == (302, f"/_/sign-in/?next={COPY}")
    assert DataRequest.objects.count() == 0


def test_staff_cannot_read_or_erase_an_administrator(staff):
    admin = PersonFactory(admin=True, email="admin@gkec.example")
    for where, more in ((HERE, {}), (COPY, {}), (ERASE, {"ground": "asked", "again": admin.email})):
        answer = staff.post(where, {"email": admin.email, **more})
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert User.objects.filter(pk=admin.pk).exists()
    assert DataRequest.objects.count() == 0


def test_the_second_factor_stands_before_it(client, keeper):
    sign_in(client, keeper, factor=False)
    assert client.post(COPY, {"email": keeper.email}).status_code == 302
    assert DataRequest.objects.count() == 0


def test_the_command_writes_a_file_that_only_its_owner_reads(tmp_path):
    make.registered(make.bare_event())
    path = tmp_path / "ana.zip"
    call_command("export_person", GUEST, "--output", str(path), stdout=StringIO())
    assert zipfile.is_zipfile(path)
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_person", GUEST, "--output", str(path))
    with pytest.raises(CommandError, match="We keep nothing about this person"):
        call_command("export_person", "nobody@city.example", "--output", str(tmp_path / "none.zip"))


def test_the_command_erases_only_when_told_so():
    make.registered(make.bare_event())
    out = StringIO()
    call_command("erase_person", GUEST, stdout=out)
    assert out.getvalue() == "messages: 1\nregistrations: 1\nNothing is erased yet: add --yes to do it.\n"
    assert Registration.objects.get().name == "Ana Silva"
    call_command("erase_person", GUEST, "--yes", "--ground", "order", stdout=out)
    assert Registration.objects.get().name == "–"
    assert DataRequest.objects.values_list("channel", "ground").get() == ("command", "order")
    with pytest.raises(CommandError, match="We keep nothing about this person"):
        call_command("erase_person", GUEST, "--yes", stdout=out)
