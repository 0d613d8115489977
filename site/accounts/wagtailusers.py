"""Wagtail's app of users, with the forms and lists of a model whose name is an address."""

from wagtail.users.apps import WagtailUsersAppConfig


class PeopleConfig(WagtailUsersAppConfig):
    user_viewset = "accounts.admin.people.PersonViewSet"
