"""The opening tags of links within rich text; loaded when all models are ready, as Wagtail's handlers must be."""

from django.utils.html import escape
from wagtail.documents.rich_text import DocumentLinkHandler
from wagtail.rich_text.pages import PageLinkHandler

from core.richtext import batch_for

NO_LINK = "<a>"


class PageLinks(PageLinkHandler):
    """Opening tags of links to pages; a page that cannot be read leaves its words without a link."""

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, str]]) -> list[str]:
        batch, request = batch_for(attrs_list)
        targets = (batch.pages.get(attrs.get("id", "")) for attrs in attrs_list)
        urls = (page.get_url(request) if page else None for page in targets)
        return [f'<a href="{escape(url)}">' if url else NO_LINK for url in urls]


class DocumentLinks(DocumentLinkHandler):
    """Opening tags of links to documents."""

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, str]]) -> list[str]:
        batch, _request = batch_for(attrs_list)
        urls = (batch.documents.get(attrs.get("id", "")) for attrs in attrs_list)
        return [f'<a href="{escape(url)}">' if url else NO_LINK for url in urls]
