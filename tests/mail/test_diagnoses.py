"""`mail_doctor`: each cause of mail that does not leave, really produced, and the sentence that tells it."""

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import current_app
from django.core.management import call_command

from core import clock, health
from core import diagnoses as foundation
from core.health import Finding, Level, Section
from core.models import Heartbeat
from core.periodic import intervals
from core.services import sweeping as jobs
from mail import diagnoses
from mail.models import Message
from mail.services import enqueue, ledger, sweeping
from tests.factories.mail import ask, deliver_all
from tests.services.smtpscript import ScriptedServer
from tests.services.worker import Worker

pytestmark = pytest.mark.django_db
Start = Callable[..., ScriptedServer]


def only(found: list[Finding] | object) -> Finding:
    (finding,) = list(found)
    return finding


def doctor(*options: str) -> tuple[str, int]:
    """Return what the command says, and its exit status."""
    out = io.StringIO()
    try:
        call_command("mail_doctor", *options, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


@pytest.fixture
def all_jobs_ran() -> None:
    for name in intervals():
        jobs.run(name=name, work=lambda: None)


@pytest.fixture
def all_queues_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = {queue: {"worker@here"} for queue in ("transactional", "bulk", "default")}
    monkeypatch.setattr(foundation, "listening", lambda: heard)


def test_a_queue_without_a_worker_is_named(all_jobs_ran: None) -> None:
    found = list(foundation.workers())
    assert next((one.level, one.sentence, one.advice) for one in found) == (
        Level.TROUBLE,
        "No worker listens to the queue transactional.",
        "Start one: celery -A gkec worker -Q transactional",
    )
    assert len(found) == 3


@pytest.mark.long
@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_is_heard_on_its_queues_and_on_no_other(start_worker: Callable[..., Worker]) -> None:
    start_worker(queues=("transactional", "default"))
    assert [one.sentence for one in foundation.workers()] == ["No worker listens to the queue bulk."]
    assert only(foundation.beat()).sentence == "Beat is not running: no job of the schedule has ever been done."


def test_beat_that_has_died_is_told_by_its_last_job(time_machine, all_jobs_ran: None) -> None:
    now = clock.now()
    assert {one.level for one in foundation.beat()} == {Level.OK}
    time_machine.move_to(now + timedelta(hours=1), tick=False)
    finding = only(foundation.beat())
    last = max(Heartbeat.objects.values_list("started_at", flat=True))
    assert (finding.level, finding.sentence) == (
        Level.TROUBLE,
        f"Beat is not running, or nobody does its jobs: the last began at {last:%Y-%m-%d %H:%M:%S}.",
    )


def test_a_job_that_failed_hangs_or_is_late_is_told_beside_those_that_are_well(all_jobs_ran: None) -> None:
    with pytest.raises(ZeroDivisionError):
        jobs.run(name="mail.tasks.sweep", work=lambda: 1 // 0)
    started = clock.now() - timedelta(hours=1)
    Heartbeat.objects.filter(name="core.tasks.publish_due").update(started_at=started, ended_at=None, outcome="")
    Heartbeat.objects.filter(name="core.tasks.translate_waiting").update(started_at=started)
    ill = {one.name: (one.level, one.sentence) for one in foundation.beat() if one.level is not Level.OK}
    failed = Heartbeat.objects.get(name="mail.tasks.sweep").started_at
    assert ill == {
        "mail.tasks.sweep": (
            Level.ATTENTION,
            f"mail.tasks.sweep failed at {failed:%Y-%m-%d %H:%M:%S} (ZeroDivisionError); it runs again in its time.",
        ),
        "core.tasks.publish_due": (
            Level.TROUBLE,
            (
                f"core.tasks.publish_due began at {started:%Y-%m-%d %H:%M:%S} and has not ended: it hangs, or its worker was"
                " killed."
            ),
        ),
        "core.tasks.translate_waiting": (
            Level.ATTENTION,
            f"core.tasks.translate_waiting is late: it last began at {started:%Y-%m-%d %H:%M:%S}.",
        ),
    }
    Heartbeat.objects.filter(name="mail.tasks.sweep").update(succeeded_at=started)
    assert {one.level for one in foundation.beat() if one.name == "mail.tasks.sweep"} == {Level.TROUBLE}


def test_a_nightly_job_that_failed_is_told_too(all_jobs_ran: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.periodic.intervals", lambda: {**intervals(), "a.purge": None})
    assert {one.sentence for one in foundation.beat() if one.name == "a.purge"} == {"a.purge has not been due yet."}
    with pytest.raises(ZeroDivisionError):
        jobs.run(name="a.purge", work=lambda: 1 // 0)
    assert {one.level for one in foundation.beat() if one.name == "a.purge"} == {Level.TROUBLE}


def test_a_nightly_job_is_trouble_when_it_failed_two_nights_in_a_row(
    all_jobs_ran: None, monkeypatch: pytest.MonkeyPatch, time_machine
) -> None:
    monkeypatch.setattr("core.periodic.intervals", lambda: {**intervals(), "a.purge": None})
    night = clock.now()

    def failing(nights: int) -> list[tuple[Level, str]]:
        time_machine.move_to(night + timedelta(days=nights), tick=False)
        for name in intervals():
            jobs.run(name=name, work=lambda: None)
        with pytest.raises(ZeroDivisionError):
            jobs.run(name="a.purge", work=lambda: 1 // 0)
        time_machine.move_to(night + timedelta(days=nights, seconds=20), tick=False)
        return [(one.level, one.advice) for one in foundation.beat() if one.name == "a.purge"]

    time_machine.move_to(night, tick=False)
    # It takes a while, so that from its end to the second failure it is less than two days.
    jobs.run(name="a.purge", work=lambda: time_machine.move_to(night + timedelta(minutes=10), tick=False))
    assert failing(1) == [(Level.ATTENTION, "The log has the reason.")]
    assert failing(2) == [(Level.TROUBLE, "The log has the reason. It has not succeeded for long.")]


@pytest.mark.usefixtures("no_pause_between_tries")
def test_a_broker_that_is_down_is_the_finding_and_the_workers_are_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    finding = only(foundation.broker())
    assert (finding.level, finding.sentence) == (
        Level.TROUBLE,
        "The broker does not answer, so no worker hears of anything: nothing is lost, but all waits.",
    )
    assert list(foundation.workers()) == []


@pytest.mark.parametrize(("seconds", "level"), [(10, Level.ATTENTION), (-3600, Level.TROUBLE)])
def test_clocks_that_disagree_are_told_although_ours_follows(
    time_machine, monkeypatch: pytest.MonkeyPatch, seconds: int, level: Level
) -> None:
    assert only(foundation.database()).level is Level.OK
    monkeypatch.setattr(clock._Setting, "point", (clock.now(), clock.uptime()))
    time_machine.move_to(clock.now() + timedelta(seconds=seconds))
    finding = only(foundation.database())
    assert (finding.name, finding.level) == ("clock", level)
    assert finding.sentence == (f"The clocks of the database and of this machine are {abs(seconds)} seconds apart.")
    assert finding.advice == (
        "Set both by NTP: what is due goes by the database's clock, sessions and the codes of authenticator apps go by "
        "this machine's."
    )


def test_a_database_that_is_down_is_the_only_thing_told_of_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def refuse() -> float:
        raise OperationalError("connection to secret-host failed")

    monkeypatch.setattr(foundation, "_skew", refuse)
    said, status = doctor()
    assert "[trouble] The database does not answer. Start it; see the log." in said
    assert "secret-host" not in said
    assert (status, "mail" in said.lower().replace("e-mail", "")) == (1, False)


def test_a_password_that_the_mail_server_refuses_is_told_with_its_words(scripted: Start, settings) -> None:
    scripted(
        script={"EHLO": "250-script\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 Bad credentials for robot@gkec.example"}
    )
    settings.MAIL_SERVER = {**settings.MAIL_SERVER, "EMAIL_HOST_USER": "robot", "EMAIL_HOST_PASSWORD": "old"}
    ask()
    deliver_all()
    finding = only(diagnoses.server())
    assert (finding.level, finding.sentence) == (
        Level.TROUBLE,
        (
            "The mail server refuses our name or password. It said: \u2068535 5.7.8 Bad credentials for [address]\u2069"
            " 1 message waits for it."
        ),
    )
    assert finding.url == "/admin/outbox/?state=deferred"


def test_a_mail_server_that_cannot_be_reached_is_told(scripted: Start) -> None:
    scripted().stop()
    ask()
    ask()
    deliver_all()
    finding = only(diagnoses.server())
    assert finding.sentence.startswith("The mail server cannot be reached, or does not let us in. It said: \u2068")
    assert finding.sentence.endswith("\u2069 2 messages wait for it.")


def test_a_mail_server_that_has_accepted_mail_since_is_no_trouble_any_more(scripted: Start) -> None:
    scripted().stop()
    shut_out = ask()
    deliver_all()
    assert only(diagnoses.server()).level == Level.TROUBLE
    scripted()
    ask()
    deliver_all()
    finding = only(diagnoses.server())
    assert finding.level == Level.ATTENTION
    assert finding.sentence.startswith("The mail server could not be reached, or did not let us in, at ")
    assert finding.sentence.endswith("\u2069 It has accepted mail since; 1 message waits to be tried again.")
    # Another one that meets a closed door after that is trouble again.
    Message.objects.filter(pk=shut_out.pk).update(first_tried_at=clock.now() + timedelta(seconds=1))
    assert only(diagnoses.server()).level == Level.TROUBLE


def test_whoever_uses_a_provider_is_not_told_to_mend_the_mail_server(scripted: Start, settings) -> None:
    scripted().stop()
    ask()
    deliver_all()
    settings.MAIL_PROVIDER = "anymail.backends.brevo.EmailBackend"
    finding = only(diagnoses.server())
    assert finding.sentence.startswith("The mail provider cannot be reached, or does not let us in. It said: \u2068")
    assert finding.advice == (
        "Mend MAIL_PROVIDER or the ANYMAIL settings and restart the workers; all that waits then leaves by itself."
    )


@pytest.mark.parametrize(
    "reply",
    [
        "450 4.7.0 Try again later, too many messages",
        "450 4.7.28 Unusual amount of mail from your address",
        "451 4.7.500 Server busy. Please try again later",
        "452 4.2.1 This mailbox is receiving mail at a rate that is too high",
        "451 4.3.2 Messages are rate-limited",
    ],
)
def test_servers_that_find_us_too_fast_are_told_so(scripted: Start, reply: str) -> None:
    scripted(script={"RCPT": reply})
    ask()
    deliver_all()
    assert only(diagnoses.later()).advice == (
        "They find us too fast: lower the rate, or send from a name with a longer history."
    )


@pytest.mark.parametrize(
    "reply",
    [
        "451 4.7.1 Please try again later",
        "450 4.7.1 Greylisted, see our policy on the rate of unknown senders",
        "451 4.3.0 The operation is temporarily impossible, ask a corporate administrator",
        "450 4.7.25 Client host rejected: cannot find your hostname",
    ],
)
def test_servers_that_only_let_us_wait_are_no_reason_to_send_more_slowly(scripted: Start, reply: str) -> None:
    scripted(script={"RCPT": reply})
    ask()
    deliver_all()
    assert only(diagnoses.later()).advice == "They are tried again by themselves; look what the words ask for."


def test_our_own_rate_is_told_with_the_time_that_it_needs(settings) -> None:
    settings.MAIL_RATES = {"bulk": 0.01, "transactional": 0}
    for _n in range(3):
        ask(stream="bulk")
    assert only(diagnoses.rate()).sentence == (
        "Mail to many leaves at the set rate of 0.01 a second: what waits needs 5 minutes."
    )
    settings.MAIL_RATES = {"bulk": 0.05}
    assert only(diagnoses.rate()).sentence == (
        "Mail to many leaves at the set rate of 0.05 a second: what waits needs 1 minute."
    )


def test_leases_that_ran_out_are_told_until_the_sweep_takes_the_messages_back(time_machine, settings) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    ask()
    ledger.lease(stream="transactional", limit=20)
    assert list(diagnoses.leases()) == []
    end = now + timedelta(seconds=settings.MAIL_LEASE_SECONDS)
    time_machine.move_to(end + timedelta(seconds=1), tick=False)
    finding = only(diagnoses.leases())
    assert (finding.level, finding.sentence, finding.advice) == (
        Level.ATTENTION,
        f"1 message is held by a worker whose lease ran out at {end:%Y-%m-%d %H:%M:%S}: it was killed.",
        "The next sweep takes them back.",
    )
    time_machine.move_to(end + timedelta(hours=1), tick=False)
    assert only(diagnoses.leases()).level is Level.TROUBLE
    sweeping.sweep()
    assert list(diagnoses.leases()) == []


def test_mail_that_should_have_left_long_ago_is_trouble(time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    assert only(diagnoses.waiting()).sentence == "No mail waits that should have left."
    ask()
    assert only(diagnoses.waiting()).level is Level.OK
    time_machine.move_to(now + timedelta(minutes=5), tick=False)
    finding = only(diagnoses.waiting())
    assert (finding.level, finding.sentence) == (
        Level.TROUBLE,
        f"1 message should leave now; it has been due since {now:%Y-%m-%d %H:%M:%S}.",
    )


def test_a_fault_in_the_program_is_told_by_kind(notice: str, scripted: Start) -> None:
    scripted()
    enqueue(key="a:1", kind=notice, to="a@city.example", language="en", params={"number": 13})
    deliver_all()
    told = "Messages of the kind “Test notice” cannot be written (\u2068ZeroDivisionError\u2069)"
    assert only(diagnoses.faults()).sentence == f"{told}; 1 waits."
    enqueue(key="a:2", kind=notice, to="b@city.example", language="en", params={"number": 13})
    deliver_all()
    assert only(diagnoses.faults()).sentence == f"{told}; 2 wait."


def test_the_doctor_exits_with_1_only_when_something_needs_a_hand(
    all_jobs_ran: None, all_queues_heard: None, scripted: Start
) -> None:
    said, status = doctor()
    assert (status, "[trouble]" in said) == (0, False)
    assert "[ok] Workers listen to every queue; 1 answered." in said
    assert said.splitlines()[-1] == "All times are those of UTC."
    scripted().stop()
    ask()
    deliver_all()
    said, status = doctor("--json")
    told = json.loads(said)
    assert (status, told["level"], told["clocks"]) == (1, "trouble", "All times are those of UTC.")
    assert [one["name"] for one in told["findings"] if one["level"] == "trouble"] == ["mail-server"]
    assert set(told["findings"][0]) == {"name", "level", "sentence", "advice"}


def test_a_check_that_breaks_is_a_finding_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Finding]:
        raise KeyError("jane@city.example")

    monkeypatch.setitem(health._registered, "cache", (Section.SERVICES, broken))
    found = [one for _section, one in health.findings([Section.SERVICES]) if one.name == "cache"]
    assert [(one.level, one.sentence) for one in found] == [(Level.TROUBLE, "This could not be looked at (KeyError).")]
