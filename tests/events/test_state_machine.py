"""One event, its outbox and people's calendars keep their promises in whatever order of verbs Hypothesis finds."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, core, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from events.models import Event, Registration
from events.services import announcing, cancelling, projecting, promoting
from tests.events.event_machine import EventMachine
from tests.services.mailserver import MailServer


def run(
    server: MailServer, *, examples: int, steps: int, phases: Sequence[Phase] = (), number: int | None = None
) -> None:
    """Play so many examples: the same each time, or those that grow from the seed `number`."""
    EventMachine.server = server
    run_state_machine_as_test(
        EventMachine if number is None else seed(number)(EventMachine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=number is None,
            database=None,
            phases=phases or [Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            # The first that is found is enough; looking for another takes as long again.
            report_multiple_bugs=False,
        ),
    )


@pytest.mark.usefixtures("section")
@pytest.mark.django_db
def test_an_event_keeps_its_promises_in_any_order_of_verbs(mail_server: MailServer) -> None:
    run(mail_server, examples=6, steps=25)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_control_a_service_that_forgets_the_undo_window_is_found(mail_server: MailServer, monkeypatch) -> None:
    monkeypatch.setattr(announcing, "undo_window", timedelta)
    with pytest.raises(AssertionError):
        run(mail_server, examples=200, steps=60, phases=[Phase.generate])


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_control_a_service_that_forgets_who_waits_is_found(mail_server: MailServer, monkeypatch) -> None:
    monkeypatch.setattr(cancelling, "fill_seats", lambda event: [])
    with pytest.raises(AssertionError):
        run(mail_server, examples=200, steps=60, phases=[Phase.generate])


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_control_a_service_that_gives_seats_before_they_can_be_taken_back_is_found(mail_server, monkeypatch) -> None:
    def gives_at_once(event: Event, *, since: datetime | None) -> list[Registration]:
        return promoting.fill_seats(event)

    monkeypatch.setattr(projecting, "hold_seats", gives_at_once)
    with pytest.raises(AssertionError):
        run(mail_server, examples=200, steps=60, phases=[Phase.generate])


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.django_db
def test_an_event_keeps_its_promises_over_a_long_campaign(mail_server: MailServer) -> None:
    # Other examples in each run; `pytest --hypothesis-seed=NUMBER` plays those of a run that failed.
    number = core.global_force_seed if core.global_force_seed is not None else secrets.randbits(32)
    print(f"Played from --hypothesis-seed={number}")
    run(mail_server, examples=150, steps=50, number=int(number))
