"""The only writers of the events app: verbs, keyword-only, one transaction each."""

from events.services.cancelling import cancel
from events.services.claiming import claim_registrations
from events.services.cloning import clone_webinar
from events.services.erasing import ask_to_erase, erase_registrations
from events.services.joining import set_join_link
from events.services.preferences import change_preferences
from events.services.projecting import hand_over_source, project_event
from events.services.promoting import promote, promote_from_waiting_list
from events.services.registering import Applicant, Outcome, register

__all__ = [
    "Applicant",
    "Outcome",
    "ask_to_erase",
    "cancel",
    "change_preferences",
    "claim_registrations",
    "clone_webinar",
    "erase_registrations",
    "hand_over_source",
    "project_event",
    "promote",
    "promote_from_waiting_list",
    "register",
    "set_join_link",
]
