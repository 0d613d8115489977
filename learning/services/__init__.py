"""The only writers of the learning app: verbs, keyword-only, one transaction each."""

from learning.services.applying import admit, apply_alone, decline
from learning.services.enrolling import Prospect, TeamOutcome, enrol_team, foresee_team, preview_team
from learning.services.erasing import erase_enrolments
from learning.services.expiring import end_unanswered
from learning.services.handing_over import hand_over_course
from learning.services.holding import give_held_seats
from learning.services.joining import confirm_details, join
from learning.services.learning_units import complete_finished, complete_unit, read_unit, reopen_unit
from learning.services.leaving import replace, withdraw_enrolment
from learning.services.moving import move_teams
from learning.services.opening import call_off_cohort, restore_cohort, save_cohort
from learning.services.projecting import project_course, withdraw, withdraw_course
from learning.services.promoting import fill_free_seats, promote_from_waiting_list
from learning.services.reading_lines import Invitee, Line, Preview
from learning.services.repairing import repair_courses
from learning.services.sending import lapse_drafts, let_drafts_go, send_drafts, send_due_teams, take_back_team
from learning.services.withdrawing import (
    is_to_wait,
    keep_teams,
    let_teams_be,
    told_of_seats,
    withdraw_due_teams,
    withdraw_teams,
)

__all__ = [
    "Invitee",
    "Line",
    "Preview",
    "Prospect",
    "TeamOutcome",
    "admit",
    "apply_alone",
    "call_off_cohort",
    "complete_finished",
    "complete_unit",
    "confirm_details",
    "decline",
    "end_unanswered",
    "enrol_team",
    "erase_enrolments",
    "fill_free_seats",
    "foresee_team",
    "give_held_seats",
    "hand_over_course",
    "is_to_wait",
    "join",
    "keep_teams",
    "lapse_drafts",
    "let_drafts_go",
    "let_teams_be",
    "move_teams",
    "preview_team",
    "project_course",
    "promote_from_waiting_list",
    "read_unit",
    "reopen_unit",
    "repair_courses",
    "replace",
    "restore_cohort",
    "save_cohort",
    "send_drafts",
    "send_due_teams",
    "take_back_team",
    "told_of_seats",
    "withdraw",
    "withdraw_course",
    "withdraw_due_teams",
    "withdraw_enrolment",
    "withdraw_teams",
]
