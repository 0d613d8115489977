"""Registers what the admin shows of people."""

from wagtail import hooks

from accounts.admin import bulk

# Wagtail keeps one action of a name, the last to be registered: these take the place of its own.
for action in (bulk.AssignRole, bulk.SetActiveState, bulk.Delete):
    hooks.register("register_bulk_action", action, order=1)
