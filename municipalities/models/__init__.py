"""Records of local governments, of who represents them, and of decisions about that which can still be taken back."""

from municipalities.models.held_decision import HeldDecision
from municipalities.models.local_government import LocalGovernment
from municipalities.models.membership import Membership

__all__ = ["HeldDecision", "LocalGovernment", "Membership"]
