"""What the short form on every page needs to know."""

from django import template

from accounts.services.consents import Wording
from newsletter import wording

register = template.Library()


@register.simple_tag
def agreement() -> Wording:
    """Return the sentence that who subscribes agrees to, with its version."""
    return wording.agreeing()
