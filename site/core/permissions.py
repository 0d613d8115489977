"""Permission policies of the admin."""

from typing import Any

from wagtail.permission_policies import ModelPermissionPolicy


class NoDeletion(ModelPermissionPolicy):
    """Django's model permissions without deleting: other records hang from these, so they are retired instead."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action != "delete" and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        return super().user_has_any_permission(user, [action for action in actions if action != "delete"])

    def users_with_any_permission(self, actions: Any) -> Any:
        return super().users_with_any_permission([action for action in actions if action != "delete"])
