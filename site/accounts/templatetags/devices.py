"""Template tags of a person's own devices."""

from django import template

from accounts import devices

register = template.Library()

register.filter("device", devices.name)
