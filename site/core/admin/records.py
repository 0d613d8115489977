"""Lists of records that nobody types into: people and services write the rows, staff look and do what is offered."""

from typing import Any

from django.urls import URLPattern, path
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import ModelPermissionPolicy


class OfferedPolicy(ModelPermissionPolicy):
    """Grants what somebody's permissions say, as far as it is offered at all."""

    offered = frozenset({"view"})

    def user_has_permission(self, user: Any, action: str) -> bool:
        """Grant only what is offered."""
        return action in self.offered and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        """Grant when one of the actions is granted."""
        return any(self.user_has_permission(user, action) for action in actions)


class RecordList(ModelViewSet):
    """An index without any address under which rows could be typed; `get_own_urlpatterns` adds what is offered."""

    add_to_reference_index = False
    copy_view_enabled = False
    list_per_page = 50

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Leave out every address under which rows could be typed."""
        wanted = super().get_common_view_kwargs(**kwargs)
        doors = {f"{door}_url_name" for door in ("add", "edit", "delete", "history", "usage")}
        return {key: value for key, value in wanted.items() if key not in doors}

    def get_urlpatterns(self) -> list[URLPattern]:
        """Return the addresses that exist."""
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            *self.get_own_urlpatterns(),
        ]

    def get_own_urlpatterns(self) -> list[URLPattern]:
        """Return the addresses beside the index."""
        return []

    def register_admin_url_finder(self) -> None:
        """Do nothing: there is no edit view to find."""
