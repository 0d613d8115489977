"""The only writers of the events app: verbs, keyword-only, one transaction each."""

from events.services.announcing import announce_changes
from events.services.attending import join
from events.services.calling_off import cancel_event, restore_event
from events.services.cancelling import cancel
from events.services.claiming import claim_registrations
from events.services.cloning import clone_webinar
from events.services.joining import set_join_link
from events.services.preferences import change_preferences
from events.services.projecting import hand_over_source, project_event
from events.services.promoting import promote, promote_from_waiting_list
from events.services.registering import Applicant, Outcome, register

__all__ = [
    "Applicant",
    "Outcome",
    "announce_changes",
    "cancel",
    "cancel_event",
    "change_preferences",
    "claim_registrations",
    "clone_webinar",
    "hand_over_source",
    "join",
    "project_event",
    "promote",
    "promote_from_waiting_list",
    "register",
    "restore_event",
    "set_join_link",
]
