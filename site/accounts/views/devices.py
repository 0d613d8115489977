"""Where a person is signed in."""

from typing import Any

from allauth.usersessions.views import ListUserSessionsView

from accounts.sessions import devices_of
from accounts.visitors import signed_in


class DevicesView(ListUserSessionsView):
    """allauth's page, with a list that costs the same however many devices there are."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the list; allauth's own method, which would ask for it in its way, is passed by."""
        found = devices_of(signed_in(self.request))
        return super(ListUserSessionsView, self).get_context_data(**kwargs, sessions=found, session_count=len(found))
