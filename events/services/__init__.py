"""The only writers of the events app: verbs, keyword-only, one transaction each."""

from events.services.announcing import announce_changes
from events.services.attending import join
from events.services.calling_off import cancel_event, restore_event
from events.services.cancelling import cancel
from events.services.claiming import claim_registrations
from events.services.cloning import clone_webinar
from events.services.erasing import ask_to_erase, erase_registrations, goes_with_account
from events.services.handing_over import hand_over_source
from events.services.joining import set_join_link
from events.services.planning import plan
from events.services.preferences import change_preferences
from events.services.projecting import project_event
from events.services.promoting import give_held_seats, promote, promote_from_waiting_list
from events.services.registering import Applicant, Outcome, register
from events.services.reminding import miss_what_was_due, remind
from events.services.renewing import renew_links
from events.services.ruling import arm, copy_rules, delete_rule, disarm, propose_rules, save_rule, send_now
from events.services.writing import send_message, take_back_message, write_message

__all__ = [
    "Applicant",
    "Outcome",
    "announce_changes",
    "arm",
    "ask_to_erase",
    "cancel",
    "cancel_event",
    "change_preferences",
    "claim_registrations",
    "clone_webinar",
    "copy_rules",
    "delete_rule",
    "disarm",
    "erase_registrations",
    "give_held_seats",
    "goes_with_account",
    "hand_over_source",
    "join",
    "miss_what_was_due",
    "plan",
    "project_event",
    "promote",
    "promote_from_waiting_list",
    "propose_rules",
    "register",
    "remind",
    "renew_links",
    "restore_event",
    "save_rule",
    "send_message",
    "send_now",
    "set_join_link",
    "take_back_message",
    "write_message",
]
