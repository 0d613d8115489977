"""The tag that keeps a rendered part of a page until anything readers see has changed."""

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

from core import epochs, languages

register = template.Library()


class KeptNode(template.Node):
    """Renders what it encloses once for each language, key and epoch."""

    def __init__(self, keys: list[FilterExpression], nodelist: NodeList) -> None:
        self.keys = keys
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Return the kept words, or render them; a key of None means that this once nothing may be kept."""
        keys: tuple[Any, ...] = tuple(key.resolve(context, ignore_failures=True) for key in self.keys)
        if None in keys:
            return self.nodelist.render(context)
        place = ("fragment", languages.current(), *keys)
        # Rendering has escaped what had to be.
        return mark_safe(epochs.kept(context.get("request"), place, lambda: self.nodelist.render(context)))  # noqa: S308


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """Keep a part that is the same for every reader: `{% kept "footer" %}…{% endkept %}`, `{% kept "body" page.pk %}`.

    The keys must name everything that the part depends on besides the language and what a purge announces.
    """
    name, *keys = token.split_contents()
    if not keys:
        raise template.TemplateSyntaxError(f"{name} needs a key that says what is kept.")
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode([parser.compile_filter(key) for key in keys], nodelist)
