"""Every reaction that runs against the layers is connected here and nowhere else."""

from typing import Any


def connect() -> None:
    """Connect signals of lower apps to receivers of upper ones; called once, when all apps are ready."""
    from accounts.signals import address_verified
    from core.signals import database_restored, site_restored
    from events import purposes as event_purposes
    from home import sections, statements
    from learning import draft_mails
    from learning import drafted as learning_drafted
    from learning import purposes as learning_purposes
    from learning import running as learning_running
    from mail import footer, purposes
    from mail.signals import messages_expiring, objection_noted, objection_reported
    from municipalities import drafted, running
    from municipalities import purposes as membership_purposes
    from municipalities import signals as of_cities
    from municipalities.display import cities_section
    from newsletter import purposes as newsletter_purposes

    address_verified.connect(_claim_registrations, dispatch_uid="gkec.claim_registrations")
    of_cities.membership_approved.connect(_send_drafts, dispatch_uid="gkec.send_drafts")
    of_cities.membership_declined.connect(_let_declined_go, dispatch_uid="gkec.let_drafts_go")
    of_cities.membership_ended.connect(_let_drafts_go, dispatch_uid="gkec.let_drafts_go_at_end")
    of_cities.coordination_given_up.connect(_let_own_drafts_go, dispatch_uid="gkec.let_drafts_go_of_members")
    of_cities.local_government_merged.connect(_move_teams, dispatch_uid="gkec.move_teams")
    database_restored.connect(_make_safe, dispatch_uid="gkec.make_safe")
    site_restored.connect(_repeat_erasures, dispatch_uid="gkec.repeat_erasures")
    purposes.provide_purposes(event_purposes.of_messages)
    purposes.provide_purposes(learning_purposes.of_messages)
    purposes.provide_purposes(membership_purposes.of_messages)
    running.provide_running_teams(learning_running.of_cities)
    drafted.provide_drafts(learning_drafted.invited_by, draft_mails.drafts_after)
    address_verified.connect(_claim_subscription, dispatch_uid="gkec.claim_subscription")
    objection_reported.connect(_end_subscription, dispatch_uid="gkec.end_subscription")
    objection_noted.connect(_unsubscribe, dispatch_uid="gkec.unsubscribe")
    messages_expiring.connect(_close_books_anew, dispatch_uid="gkec.close_books_anew")
    purposes.provide_purposes(newsletter_purposes.of_messages)
    purposes.provide_planned(event_purposes.planned_for)
    purposes.provide_planned(learning_purposes.planned_for)
    purposes.provide_planned(newsletter_purposes.planned_for)
    footer.provide(statements.funding_statement)
    sections.fill("cities", template="municipalities/cities.html", context=cities_section)


def _claim_registrations(sender: Any, *, person: Any, address: str = "", **kwargs: Any) -> None:
    from events.services import claim_registrations

    claim_registrations(person=person, address=address or person.email)


def _send_drafts(sender: Any, *, membership: Any, **kwargs: Any) -> None:
    from learning.services import send_drafts

    if membership.is_of_coordinator:
        send_drafts(coordinator=membership.person, local_government_id=membership.local_government_id)


def _let_declined_go(sender: Any, *, membership: Any, **kwargs: Any) -> None:
    from learning.services import let_drafts_go

    if membership.is_of_coordinator:
        let_drafts_go(
            coordinator=membership.person, local_government_id=membership.local_government_id, is_decided=True
        )


def _let_drafts_go(sender: Any, *, membership: Any, **kwargs: Any) -> None:
    if membership.is_of_coordinator:
        _let_own_drafts_go(sender, membership=membership)


def _let_own_drafts_go(sender: Any, *, membership: Any, **kwargs: Any) -> None:
    from learning.services import let_drafts_go

    let_drafts_go(coordinator=membership.person, local_government_id=membership.local_government_id)


def _move_teams(sender: Any, *, source_id: int, target_id: int, **kwargs: Any) -> None:
    from learning.services import move_teams

    move_teams(source_id=source_id, target_id=target_id)


def _make_safe(sender: Any, **kwargs: Any) -> None:
    """Repeat nothing that the lost site may have done between the backup and its end."""
    from accounts.services import end_all_sessions
    from events.services import miss_what_was_due
    from learning.services import let_teams_be
    from mail.services import hold_after_restore
    from municipalities.services import let_decisions_go

    end_all_sessions()
    hold_after_restore()
    miss_what_was_due()
    let_decisions_go()
    let_teams_be()


def _repeat_erasures(sender: Any, *, is_migrated: bool, **kwargs: Any) -> list[str]:
    """Be rid again of those who were erased after the backup; tables of an earlier release have to wait."""
    from accounts.services import repeat_erasures

    if not is_migrated:
        return ["Then run `repeat_erasures`: who was erased since the backup may be in it."]
    return repeat_erasures().in_words()


def _claim_subscription(sender: Any, *, person: Any, address: str = "", **kwargs: Any) -> None:
    from newsletter.services import claim_subscription

    claim_subscription(person=person, address=address or person.email)


def _end_subscription(sender: Any, *, address: str, what: Any, kind: str, at: Any, **kwargs: Any) -> bool:
    from mail.enums import ReportKind
    from newsletter.enums import LeftWhy
    from newsletter.services import leave_by_report

    why = LeftWhy.COMPLAINT if what is ReportKind.COMPLAINED else LeftWhy.ONE_CLICK
    return leave_by_report(address=address, why=why, kind=kind, at=at)


def _unsubscribe(sender: Any, *, address: str, note: str, by: Any, **kwargs: Any) -> None:
    from mail.enums import SuppressionReason
    from newsletter.services import unsubscribe_address

    unsubscribe_address(email=address, by=by, reason=note or str(SuppressionReason.ASKED.label))


def _close_books_anew(sender: Any, *, mailings: Any, **kwargs: Any) -> None:
    from newsletter.services import close_books_anew

    close_books_anew(mailings_of=mailings)
