"""The forms about one colleague, of which a page holds many."""

from typing import Any

from django import forms, template

from municipalities.models import Membership
from municipalities.teams import Team, action_form

register = template.Library()


@register.simple_tag(takes_context=True)
def form_about(context: template.Context, action: str, membership: Membership) -> forms.Form:
    """Return the form of an action on a membership: as it was sent where it has just been refused, or else empty."""
    refused: Any = context.get("refused")
    if refused and refused.is_about(action, membership):
        return refused.form
    return action_form(action, membership.pk)


@register.simple_tag(takes_context=True)
def team_led_by(context: template.Context, membership: Membership) -> Team | None:
    """Return the team that the reader coordinates by this membership of their own; None for every other one."""
    return next((one for one in context.get("teams", ()) if one.own == membership), None)
