"""What goes by itself when its time is over, what stays, and that two purges at once do no more than one."""

import re
from collections.abc import Generator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from wagtail.models import PageLogEntry

from accounts import services
from accounts.models import ConsentRecord, User
from accounts.services import Wording
from core import clock, personal
from core.models import Heartbeat
from core.services import purging, sweeping
from events.models import Event, Registration
from gkec.environment import ROOT
from mail.addresses import ERASED
from mail.enums import SuppressionReason
from mail.models import Attempt, Message, Suppression, SuppressionChange
from mail.services import suppress, take_off
from mail.services.erasing import forget_addressees
from tests.factories import events as make
from tests.factories.accounts import PersonFactory, sign_in
from tests.factories.mail import ask, lapsed
from tests.factories.municipalities import membership

pytestmark = pytest.mark.django_db
ROW = "Ana Silva of ana@city.example"


def ago(days: float):
    return clock.now() - timedelta(days=days)


def purged() -> dict[str, int]:
    """Purge, and return what went by rule, zeros left out."""
    found: dict[str, int] = {}
    for due in purging.purge():
        if due.number:
            found[f"{due.kind.name}:{due.rule.setting}"] = due.number
    return found


def ended(days: float, **fields) -> Message:
    message = ask(**fields)
    Message.objects.filter(pk=message.pk).update(state="cancelled", reason="withdrawn", finished_at=ago(days))
    return message


def attended(days: float, name: str = "Ana Silva") -> Registration:
    registration = make.registered(make.bare_event(), name)
    over = ago(days)
    Event.objects.filter(pk=registration.event_id).update(starts_at=over - timedelta(hours=1), ends_at=over)
    return registration


def test_registrations_lose_their_person_five_years_after_the_event():
    old, young = attended(5 * 365 + 1), attended(5 * 365 - 1, "Bo")
    assert purged() == {"registrations:RETENTION_REGISTRATION_DAYS": 1}
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.name, old.state, old.country, old.organisation, young.name) == ("–", "confirmed", "CO", "", "Bo")
    assert purged() == {}


def test_mails_lose_words_first_and_the_note_later():
    fresh, wordless, gone = ended(89), ended(91), ended(731)
    assert purged() == {"messages:RETENTION_MAIL_WORDS_DAYS": 2, "messages:RETENTION_MAIL_DAYS": 1}
    left = {one.pk: (one.text, one.subject, one.to_address) for one in Message.objects.all()}
    assert left == {
        fresh.pk: ("The text.\n", "A subject", fresh.to_address),
        wordless.pk: ("", "", wordless.to_address),
    }
    assert gone.pk not in left


def test_mail_that_waits_is_never_purged():
    waiting = ask()
    Message.objects.filter(pk=waiting.pk).update(created_at=ago(3000), due_at=ago(3000))
    assert purged() == {}
    assert Message.objects.get().text == "The text.\n"


def test_an_answer_that_came_after_the_erasure_is_blanked():
    message = ask(to="ana@city.example")
    forget_addressees([message.pk])
    Message.objects.update(state="failed", reason="refused", finished_at=clock.now(), last_reply="no ana@city.example")
    Attempt.objects.create(message=message, number=1, started_at=clock.now(), reply="550 no ana@city.example")
    assert purged() == {"messages:RETENTION_MAIL_WORDS_DAYS": 1}
    message.refresh_from_db()
    assert (message.to_address, message.last_reply, message.tries.get().reply) == (ERASED, "", "")
    assert purged() == {}


def test_suppressions_that_ended_go():
    lapsed(suppress(address="a@city.example", reason=SuppressionReason.BOUNCED), at=ago(731))
    suppress(address="b@city.example", reason=SuppressionReason.BOUNCED)
    assert purged() == {"suppressions:RETENTION_MAIL_DAYS": 1}
    assert Suppression.objects.get().address == "b@city.example"


def test_the_history_of_an_address_goes_with_its_last_entry_or_when_its_time_is_over():
    gone, kept = (
        suppress(address=f"{name}@city.example", reason=SuppressionReason.BOUNCED, note=f"no {name}@city.example")
        for name in ("gone", "kept")
    )
    suppress(address="kept@city.example", reason=SuppressionReason.STAFF, note="as well")
    Suppression.objects.filter(pk__in=[gone.pk, kept.pk]).update(expires_at=ago(731))
    taken_off = suppress(address="off@city.example", reason=SuppressionReason.STAFF, note="off@city.example")
    take_off(suppression_id=taken_off.pk, note="They moved")
    assert purged() == {"suppressions:RETENTION_MAIL_DAYS": 2}
    assert list(SuppressionChange.objects.order_by("id").values_list("note", flat=True)) == [
        *("no kept@city.example", "as well", "off@city.example", "They moved"),
    ]
    SuppressionChange.objects.update(at=ago(731))
    assert purged() == {"suppressions:RETENTION_MAIL_DAYS": 2}
    assert list(SuppressionChange.objects.values_list("note", flat=True)) == ["as well", "no kept@city.example"]


def decided(email: str, days: float, *, given: bool) -> None:
    """Write down a decision of the past."""
    with time_machine.travel(ago(days), tick=False):
        wording = Wording(text="Send me news.", version="1", language="en")
        services.record_consent(purpose="news", wording=wording, channel="/", email=email, given=given)


def test_consents_go_five_years_after_they_were_taken_back_with_all_that_came_before():
    decided("old@city.example", 3000, given=True)
    decided("old@city.example", 5 * 365 + 1, given=False)
    decided("new@city.example", 3000, given=True)
    decided("new@city.example", 5 * 365 - 1, given=False)
    decided("still@city.example", 3000, given=True)
    decided("again@city.example", 3000, given=False)
    decided("again@city.example", 10, given=True)
    assert purged() == {"consents:RETENTION_CONSENT_DAYS": 2}
    left = [ConsentRecord.objects.about(f"{name}@city.example").count() for name in ("old", "new", "still", "again")]
    assert left == [0, 2, 1, 2]


def test_the_consent_log_still_refuses_everybody_else():
    decided("ana@city.example", 3000, given=False)
    purged()
    decided("ana@city.example", 0, given=True)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ConsentRecord.objects.all().delete()
    assert ConsentRecord.objects.count() == 1


def test_a_batch_that_holds_only_the_no_takes_the_yes_with_it(monkeypatch):
    monkeypatch.setattr(purging, "BATCH", 1)
    decided("ana@city.example", 2000, given=False)
    decided("ana@city.example", 3000, given=True)
    purged()
    assert not ConsentRecord.objects.about("ana@city.example").exists()


def test_the_history_of_staff_goes_after_five_years():
    person = PersonFactory()
    page = make.section()
    old, young = (PageLogEntry.objects.log_action(page, "wagtail.edit", user=person) for _ in range(2))
    PageLogEntry.objects.filter(pk=old.pk).update(timestamp=ago(5 * 365 + 1))
    others = PageLogEntry.objects.exclude(pk=old.pk).count()
    assert purged() == {"page-history:RETENTION_HISTORY_DAYS": 1}
    assert PageLogEntry.objects.count() == others
    assert PageLogEntry.objects.filter(pk=young.pk).exists()


def test_signups_that_nobody_confirmed_go():
    stale = PersonFactory(verified=False)
    User.objects.filter(pk=stale.pk).update(date_joined=ago(8), last_login=None)
    kept = PersonFactory()
    User.objects.filter(pk=kept.pk).update(date_joined=ago(8))
    assert purged() == {"account:UNCONFIRMED_KEPT_DAYS": 1}
    assert list(EmailAddress.objects.values_list("user", flat=True)) == [kept.pk]


def test_devices_go_when_their_session_has_ended(client: Client):
    person = PersonFactory()
    sign_in(client, person, factor=False)
    UserSession.objects.all().delete()
    for key in (client.session.session_key, "gone"):
        row = UserSession.objects.create(user=person, session_key=key, ip="192.0.2.1", user_agent="x")
        UserSession.objects.filter(pk=row.pk).update(created_at=ago(15))
    assert purged() == {"devices:RETENTION_DEVICE_DAYS": 1}
    assert UserSession.objects.get().session_key == client.session.session_key


def test_many_rows_go_in_batches(monkeypatch):
    monkeypatch.setattr(purging, "BATCH", 2)
    for _number in range(5):
        ended(731)
    [rule] = [rule for rule in personal.get("messages").rules if rule.setting == "RETENTION_MAIL_DAYS"]
    assert purging._forget(rule, clock.now()) == 5
    assert Message.objects.count() == 0


def test_a_rule_that_forgets_nothing_does_not_run_for_ever():
    ended(731)
    [rule] = [rule for rule in personal.get("messages").rules if rule.setting == "RETENTION_MAIL_DAYS"]
    broken = personal.Rule(rule.setting, rule.sentence, rule.moment, rule.overdue, lambda keys: None)
    assert purging._forget(broken, clock.now()) == 1


@pytest.fixture
def failing_rule() -> Generator[None]:
    """A kind that comes before all others, with a rule that raises words about somebody."""

    def forget(keys: list[int]) -> None:
        raise ValueError(ROW)

    rule = personal.Rule("RETENTION_MAIL_DAYS", "Never.", "created_at", lambda _b: Message.objects.all(), forget)
    label, models, columns = "Broken", ("mail.Message",), ("kind",)
    personal.register(
        personal.Kind("broken", label, label, models, lambda _s: Message.objects.none(), columns, (rule,), order=-1)
    )
    yield
    personal._kinds.pop("broken")


def test_a_rule_that_fails_stops_no_other_and_is_told_at_the_end_without_naming_anybody(
    failing_rule: None, caplog: pytest.LogCaptureFixture
) -> None:
    ended(731)
    registration = attended(5 * 365 + 1)
    with pytest.raises(purging.RulesFailed) as told:
        sweeping.run(name="core.tasks.purge", work=purging.purge)
    assert str(told.value) == (
        "Not everything overdue was forgotten: broken (RETENTION_MAIL_DAYS). The log has the reasons."
    )
    registration.refresh_from_db()
    assert (Message.objects.finished().count(), registration.erased_at is None) == (0, False)
    assert Heartbeat.objects.values_list("outcome", "problem").get() == ("failed", "RulesFailed")
    [line] = [one.getMessage() for one in caplog.records if one.name == "core.services.purging"]
    assert line.splitlines()[0] == "The purge of broken (RETENTION_MAIL_DAYS) failed: ValueError"
    assert "in forget" in line
    assert "Ana" not in caplog.text


def test_the_command_says_what_went_and_ends_with_the_rule_that_failed(failing_rule: None) -> None:
    ended(731)
    out = StringIO()
    with pytest.raises(CommandError, match=r"^Not everything overdue was forgotten: broken \(RETENTION_MAIL_DAYS\)\."):
        call_command("purge", stdout=out)
    assert "messages (RETENTION_MAIL_DAYS=730): 1. The note that it was sent is deleted" in out.getvalue()


def test_the_preview_counts_and_changes_nothing():
    oldest = attended(6 * 365)
    attended(5 * 365 + 1, "Bo")
    out = StringIO()
    call_command("purge", "--preview", stdout=out)
    [line] = [line for line in out.getvalue().splitlines() if line.startswith("registrations")]
    day = Event.objects.get(pk=oldest.event_id).ends_at
    assert line == (
        f"registrations (RETENTION_REGISTRATION_DAYS=1825): 2, the oldest from {day:%Y-%m-%d}."
        " Name, address, organisation and history of a registration are deleted 5 years after the event."
    )
    shared = "What falls under several rules is counted with each of them here; it goes, and counts, with the first."
    assert out.getvalue().splitlines()[-1] == shared
    assert Registration.objects.filter(erased_at=None).count() == 2
    done = StringIO()
    call_command("purge", stdout=done)
    assert shared not in done.getvalue()
    assert Registration.objects.filter(erased_at=None).count() == 0


def test_the_preview_says_of_whom_nobody_decided_that_they_are_forgotten_too():
    asked = membership(state="asked", asked_at=ago(731))
    membership(state="asked", asked_at=ago(729))
    out = StringIO()
    call_command("purge", "--preview", stdout=out)
    assert (
        f"memberships (RETENTION_MEMBERSHIP_DAYS=730): 1, the oldest from {asked.asked_at:%Y-%m-%d}. That you represented"
        " a city, or asked to, is deleted 2 years after it ended or was declined, or after you asked where nobody decided."
    ) in out.getvalue().splitlines()
    assert purged() == {"memberships:RETENTION_MEMBERSHIP_DAYS": 1}


def test_the_manual_names_each_number_of_the_preview_as_it_is_set_by_default():
    _before, _heading, rest = (ROOT / "docs/operations.md").read_text("utf-8").partition("**Retention.**")
    retention, _heading, _after = rest.partition("**Watching.**")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| .* \| (\d+(?:, \d+)*) \|$", retention, re.MULTILINE)
    listed = {
        name: int(days)
        for names, numbers in rows
        for name, days in zip(re.findall(r"\w+", names), numbers.split(", "), strict=True)
    }
    told = {name: int(days) for name, days in re.findall(r"`(\w+)` \((\d+)\)", retention)}
    in_preview = {due.rule.setting: due.rule.days for due in purging.preview()}
    assert {**listed, **told} == {**in_preview, "RETENTION_BACKUP_DAYS": 30}


def test_no_two_rules_of_a_kind_say_that_they_forget_the_same():
    said = [(kind.name, rule.in_words()) for kind in personal.kinds() for rule in kind.rules]
    of_enrolling = [words for name, words in said if name == "enrolling"]
    assert of_enrolling == [
        "That it was you who changed an enrolment is forgotten 5 years after the course.",
        "That you enrolled a team is forgotten 5 years after the course.",
    ]
    assert len(set(said)) == len(said)
    assert not {words for name, words in said if name == "enrolments"} & set(of_enrolling)


def test_the_setting_decides(settings):
    settings.RETENTION_REGISTRATION_DAYS = 10
    attended(11)
    assert purged() == {"registrations:RETENTION_REGISTRATION_DAYS": 1}


def test_the_database_refuses_an_erased_registration_with_a_person():
    registration = make.registered(make.bare_event())
    with pytest.raises(IntegrityError, match="events_registration_erased_is_nobodys"), transaction.atomic():
        Registration.objects.filter(pk=registration.pk).update(erased_at=clock.now())


def test_beat_asks_for_the_purge_each_night_by_a_name_that_workers_know(settings):
    from gkec.celery import app

    entry = settings.CELERY_BEAT_SCHEDULE["retention-purge"]
    app.loader.import_default_modules()
    assert (entry["task"] in app.tasks, entry["schedule"].hour, entry["schedule"].minute) == (True, {2}, {40})
    ended(731)
    app.tasks[entry["task"]]()
    assert Message.objects.count() == 0
