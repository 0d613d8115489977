"""What becomes of a person's data when they ask for a copy or for the end of it, and attacks on both."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from wagtail.models import ModelLogEntry, Page, PageLogEntry
from wagtail.users.models import UserProfile

from accounts import services
from accounts.enums import Channel
from accounts.errors import LastAdministrator, NobodyFound
from accounts.models import ConsentRecord, DataRequest, User
from core import clock
from events.models import Event, Registration
from mail.addresses import ERASED
from mail.enums import SuppressionReason
from mail.models import Message, Suppression
from mail.services import suppress, suppressed
from tests.accounts.rights import DELETE, DOWNLOAD, ana_lima, consent, fresh, opened
from tests.factories import events as make
from tests.factories.accounts import PASSWORD, PersonFactory, editor, sign_in
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return ana_lima()


def erase(person: User, **how) -> DataRequest:
    return services.erase(subject=services.subject_of(person), channel=Channel.SELF, **how)


def everything() -> str:
    """Return all columns of all tables of ours as one text, to look for what should be gone."""
    from django.apps import apps

    texts = []
    for model in apps.get_models(include_auto_created=True):
        texts += [f"{model._meta.label}: {row}" for row in model._default_manager.values()]
    return "\n".join(texts)


def test_a_copy_holds_every_kind_in_the_persons_language(client, ana):
    answer = fresh(client, ana).post(DOWNLOAD)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == f'attachment; filename="gkec-data-{clock.now():%Y-%m-%d}.zip"'
    assert "no-store" in answer["Cache-Control"]
    page, data = opened(answer.content)
    assert page.startswith('<!doctype html>\n<html lang="fr" dir="ltr">')
    rows = {kind["name"]: kind["rows"] for kind in data["kinds"]}
    assert rows["account"][0] | {"date_joined": "", "last_login": ""} == {
        "email": "ana@city.example",
        "display_name": "Ana Lima",
        "language": "fr",
        "timezone": "UTC",
        "country": "CO",
        "organisation": "",
        "organisation_type": "",
        "role": "",
        "gender": "",
        "is_staff": False,
        "groups": "",
        "date_joined": "",
        "last_login": "",
    }
    assert [(row["event__title"], row["name"], row["email"]) for row in rows["registrations"]] == [
        ("Heat pumps", "Ana Lima", "ana@city.example"),
        ("Bus lanes", "Ana L.", "Ana@City.example"),
    ]
    assert [row["kind"] for row in rows["messages"]] == ["event-confirmation", "event-confirmation"]
    assert [(row["given"], row["wording"]) for row in rows["consents"]] == [(True, "Send me news.")]
    assert [row["email"] for row in rows["addresses"]] == ["ana@city.example"]
    assert '<dd dir="auto">Heat pumps</dd>' in page
    [noted] = DataRequest.objects.all()
    assert (noted.what, noted.channel, noted.ground, noted.by) == ("export", "self", "asked", None)
    assert noted.counts["registrations"] == 2


def test_a_copy_shows_codes_and_secrets_to_nobody(client, ana):
    ask(to=ana.email, person=ana, text="Your code is 123456", is_secret=True)
    page, data = opened(fresh(client, ana).post(DOWNLOAD).content)
    assert "123456" not in page + json.dumps(data)
    assert ana.password not in page + json.dumps(data)


def test_whoever_holds_a_copy_cannot_act_by_the_links_in_its_mails(client, ana):
    ask(
        to=ana.email,
        person=ana,
        text=f"Join: {settings.BASE_URL}/join/abcdef-123456/ or read {settings.BASE_URL}/en/events/.",
    )
    _page, data = opened(fresh(client, ana).post(DOWNLOAD).content)
    [kind] = [one for one in data["kinds"] if one["name"] == "messages"]
    words = [row["text"] for row in kind["rows"] if "Join:" in row["text"]]
    assert words == [f"Join: {settings.BASE_URL}/join/…/ or read {settings.BASE_URL}/en/events/."]


def test_words_of_others_cannot_become_markup_in_the_copy(client, ana):
    Registration.objects.filter(person=ana).update(organisation="<script>alert(1)</script>")
    page, _data = opened(fresh(client, ana).post(DOWNLOAD).content)
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_erasing_leaves_nothing_that_says_who(client, ana, django_capture_on_commit_callbacks):
    suppress(address=ana.email, reason=SuppressionReason.ASKED, note="Ana rang us")
    ask(to=ana.email, person=ana, to_name="Ana Lima", subject="For Ana")
    with django_capture_on_commit_callbacks(execute=True):
        answer = fresh(client, ana).post(DELETE, {"address": " ANA@city.example "})
    assert (answer.status_code, answer["Location"]) == (303, "/en/account/deleted/")
    left = everything()
    for word in ("Ana", "ana@", "Lima", "ANA@"):
        assert [line for line in left.splitlines() if word in line] == []
    assert client.get("/en/my/").status_code == 302


def test_what_the_report_counts_stays_without_the_person(ana):
    seat = make.registered(make.bare_event(), "Ana Lima", email=ana.email, person=ana)
    over = clock.now() - timedelta(hours=2)
    Event.objects.filter(pk=seat.event_id).update(starts_at=over - timedelta(hours=1), ends_at=over)
    before = seat.uuid
    erase(ana)
    seat.refresh_from_db()
    assert (seat.state, seat.country, seat.organisation_type.slug) == ("confirmed", "CO", "local-authority")
    assert (seat.person, seat.name, seat.organisation, seat.email) == (
        None,
        "–",
        "",
        f"erased-{seat.pk}@erased.invalid",
    )
    assert (seat.email_key, seat.timezone, seat.uuid == before) == (seat.email, "Europe/Brussels", False)
    assert list(seat.changes.values_list("by", "reason")) == [(None, "")]


def test_seats_to_come_go_to_the_next_in_line(ana):
    event = make.bare_event(capacity=1)
    mine = make.registered(event, "Ana", email=ana.email, person=ana)
    next_one = make.registered(event, "Bo")
    erase(ana)
    next_one.refresh_from_db()
    mine.refresh_from_db()
    assert (next_one.state, mine.state, mine.name) == ("confirmed", "cancelled", "–")
    kinds = list(Message.objects.exclude(to_address=ERASED).order_by("pk").values_list("kind", "to_address"))
    assert kinds == [("event-waiting", "bo@example.org"), ("event-promoted", "bo@example.org")]


def test_mail_to_the_person_that_waits_never_leaves(ana):
    ask(to=ana.email, person=ana)
    erase(ana)
    states = set(Message.objects.filter(to_address=ERASED).values_list("state", "reason"))
    assert states == {("cancelled", "withdrawn")}


def test_a_suppressed_address_stays_suppressed_by_its_hash(ana):
    suppress(address=ana.email, reason=SuppressionReason.BOUNCED)
    erase(ana)
    assert [(one.address, one.note) for one in Suppression.objects.all()] == [("", "")]
    assert suppressed(addresses=["ana@city.example"], stream="transactional") == {"ana@city.example"}


def test_consents_count_as_taken_back_and_remain_as_proof(ana):
    consent(email="bo@city.example")
    erase(ana)
    rows = ConsentRecord.objects.about("ana@city.example").order_by("pk").values_list("given", "person", "channel")
    assert list(rows) == [(True, None, "/en/news/"), (False, None, "erasure")]
    assert ConsentRecord.objects.about("bo@city.example").for_purpose("newsletter").stands()


def test_pages_of_a_member_of_staff_stay_with_nobody_for_an_owner():
    person = editor(email="ed@gkec.example", display_name="Ed Editor")
    page = make.webinar()
    Page.objects.filter(pk=page.pk).update(owner=person)
    page.save_revision(user=person, log_action=True)
    ModelLogEntry.objects.log_action(person, "wagtail.edit", user=person, title="Ed Editor")
    erase(person)
    page.refresh_from_db()
    assert (page.owner, page.live, page.latest_revision.user) == (None, True, None)
    assert PageLogEntry.objects.filter(user_id=person.pk).count() == 1
    assert list(ModelLogEntry.objects.values_list("label", flat=True)) == ["–"]


def test_every_session_ends_at_once(client, ana):
    other = sign_in(Client(), ana, factor=False)
    assert other.get("/en/my/").status_code == 200
    UserSession.objects.create(user=ana, session_key=other.session.session_key, ip="192.0.2.1", user_agent="x")
    erase(ana)
    assert other.get("/en/my/").status_code == 302
    assert UserSession.objects.count() == 0


def test_a_second_erasure_finds_nobody(ana):
    subject = services.subject_of(ana)
    services.erase(subject=subject, channel=Channel.SELF)
    with pytest.raises(NobodyFound):
        services.erase(subject=subject, channel=Channel.SELF)
    assert DataRequest.objects.count() == 1


def test_somebody_erased_can_sign_up_and_register_again(ana):
    event = Registration.objects.filter(person=ana).first().event
    erase(ana)
    again = services.create_person(email="ana@city.example", password=PASSWORD)
    outcome = make.registered(event, "Ana Lima", email="ana@city.example", person=again)
    assert (outcome.state, outcome.person) == ("confirmed", again)
    assert services.subject_of(again).addresses == ("ana@city.example",)
    assert Registration.objects.filter(person=again).count() == 1


def test_the_audit_row_names_nobody(ana):
    done = erase(ana)
    assert done.counts == {"registrations": 2, "messages": 4, "consents": 1, "account": 1}
    assert (done.what, done.channel, done.ground, done.by) == ("erasure", "self", "asked", None)


def test_the_only_administrator_cannot_vanish(client):
    only = PersonFactory(admin=True, email="admin@gkec.example")
    with pytest.raises(LastAdministrator):
        erase(only)
    PersonFactory(admin=True)
    erase(only)
    assert User.objects.filter(is_superuser=True).count() == 1


def test_the_picture_of_the_account_goes_from_the_disk(ana, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path
    profile = UserProfile.get_for_user(ana)
    profile.avatar.save("ana.png", ContentFile(b"picture"))
    [file] = [one for one in tmp_path.rglob("*") if one.is_file()]
    with django_capture_on_commit_callbacks(execute=True):
        erase(ana)
    assert not file.exists()


@pytest.mark.parametrize(
    ("verified", "password", "known"), [(True, "x", True), (False, None, True), (False, "x", False)]
)
def test_an_account_counts_once_confirmed_or_made_by_staff(verified, password, known):
    person = PersonFactory(email="bo@city.example", verified=verified)
    person.set_password(password)
    person.save()
    assert services.has_account(email=" BO@city.example ") is known


# Attacks -------------------------------------------------------------------------------------------


def test_a_foreign_address_typed_in_but_never_confirmed_opens_nothing(client, ana):
    thief = PersonFactory(email="thief@city.example")
    EmailAddress.objects.create(user=thief, email="ana@city.example", verified=False)
    _page, data = opened(fresh(client, thief).post(DOWNLOAD).content)
    assert [kind["name"] for kind in data["kinds"] if "ana@" in json.dumps(kind["rows"]).lower()] == ["addresses"]
    client.post(DELETE, {"address": "thief@city.example"})
    assert not User.objects.filter(pk=thief.pk).exists()
    assert Registration.objects.filter(email_key="ana@city.example").count() == 2


def test_who_takes_over_an_address_gets_nothing_of_the_account_that_had_it(ana):
    services.change_address(person=ana, email="ana@new.example")
    heir = PersonFactory(email="ana@city.example")
    rows = {kind.name: number for kind, number in services.counts(services.subject_of(heir)) if number}
    # What was done as a guest, with no account, belongs to whoever reads the address.
    assert rows == {"registrations": 1, "messages": 1, "account": 1, "addresses": 1}
