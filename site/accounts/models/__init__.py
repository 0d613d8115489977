"""Records of people and of what they agreed to."""

from accounts.models.consent import ConsentQuerySet, ConsentRecord
from accounts.models.request import DataRequest
from accounts.models.user import User, UserManager

__all__ = ["ConsentQuerySet", "ConsentRecord", "DataRequest", "User", "UserManager"]
