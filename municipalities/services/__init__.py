"""The only writers of local governments and memberships."""

from municipalities.services.accepting import accept_local_government
from municipalities.services.appointing import make_coordinator
from municipalities.services.closing import end_membership, end_overdue
from municipalities.services.deciding import approve_membership, decline_membership
from municipalities.services.holding import (
    approve_or_hold,
    carry_out_decisions,
    decline_or_hold,
    let_decisions_go,
    refuse_or_hold,
    take_back_decision,
)
from municipalities.services.loading import Loaded, load_cities
from municipalities.services.refusing import refuse_local_government
from municipalities.services.representing import change_request, propose_local_government, represent
from municipalities.services.writing import save_local_government

__all__ = [
    "Loaded",
    "accept_local_government",
    "approve_membership",
    "approve_or_hold",
    "carry_out_decisions",
    "change_request",
    "decline_membership",
    "decline_or_hold",
    "end_membership",
    "end_overdue",
    "let_decisions_go",
    "load_cities",
    "make_coordinator",
    "propose_local_government",
    "refuse_local_government",
    "refuse_or_hold",
    "represent",
    "save_local_government",
    "take_back_decision",
]
