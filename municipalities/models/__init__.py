"""Records of local governments."""

from municipalities.models.local_government import LocalGovernment

__all__ = ["LocalGovernment"]
