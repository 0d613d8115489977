"""Records of local governments and of who represents them."""

from municipalities.models.local_government import LocalGovernment
from municipalities.models.membership import Membership

__all__ = ["LocalGovernment", "Membership"]
