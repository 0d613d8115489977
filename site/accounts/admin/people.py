"""People in the admin."""

from wagtail.users.views.users import UserViewSet


class PersonViewSet(UserViewSet):
    pass
