"""System checks: every block of an issue can also be sent."""

from typing import Any

from django.core.checks import Error, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from newsletter.blocks import MAIL_BLOCKS
from newsletter.blocks.base import MailBlock


@register()
def blocks_can_be_sent(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Report blocks of an issue without a form for mails."""
    return [problem for name, block in MAIL_BLOCKS for problem in problems(name, block)]


def problems(name: str, block: Any) -> list[Error]:
    """Return what a block lacks to be sent."""
    if not isinstance(block, MailBlock):
        return [Error(f"The block {name} does not extend MailBlock.", id="newsletter.E001")]
    template = getattr(block.meta, "mail_template", "")
    return [
        Error(
            f"The block {name} has no template {template}{ending}.",
            hint="Set Meta.mail_template.",
            id="newsletter.E002",
        )
        for ending in (".mjml", ".txt")
        if not _exists(f"{template}{ending}")
    ]


def _exists(template: str) -> bool:
    try:
        get_template(template)
    except TemplateDoesNotExist:
        return False
    return True
