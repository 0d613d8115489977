"""Blocks that show or hand over files: pictures, videos elsewhere, documents."""

from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageChooserBlock

from core import covers, embeds

# Must name the renditions that templates/blocks/picture.html asks for.
RENDITIONS = ("width-480|format-webp", "width-960|format-webp", "width-1440|format-webp")


class PictureChooserBlock(ImageChooserBlock):
    """Chooses a picture; all pictures of a page come with licences and renditions in two statements."""

    def bulk_to_python(self, values):
        """Return the pictures in the order of their keys, None where one is missing."""
        found = get_image_model().objects.select_related("licence").prefetch_renditions(*RENDITIONS)
        pictures = found.in_bulk([pk for pk in values if pk])
        return [pictures.get(pk) for pk in values]


class PictureBlock(blocks.StructBlock):
    """A picture with what it shows in words; who made it and under which licence stand on the picture itself."""

    image = PictureChooserBlock(label=_("picture"))
    alt = blocks.CharBlock(
        label=_("description"),
        max_length=250,
        required=False,
        help_text=_("What the picture shows, for people who cannot see it. Empty only if it adds nothing."),
    )
    caption = blocks.CharBlock(label=_("caption"), max_length=300, required=False)

    def get_preview_value(self):
        """Show the newest picture of the library, or an empty frame while there is none."""
        return self.normalize({**self.meta.preview_value, "image": get_image_model().objects.order_by("-pk").first()})

    def get_preview_context(self, value, parent_context=None):
        """Add `example_src`, a drawing to stand in for a picture."""
        context = super().get_preview_context(value, parent_context)
        return {**context, "example_src": covers.address("cities", "example")}

    class Meta:
        template = "blocks/picture.html"
        icon = "image"
        label = _("Picture")
        label_format = "{alt}"
        group = _("Media")
        description = _("A picture with description, caption, credit and licence.")
        preview_value = {
            "image": None,
            "alt": _("Solar panels on the roof of a school"),
            "caption": _("The school earns a quarter of its energy bill on its own roof."),
        }


class EmbedBlock(blocks.StructBlock):
    """A video elsewhere, of which nothing is loaded before the reader asks for it."""

    url = blocks.URLBlock(label=_("address of the video"), help_text=_("On YouTube or Vimeo."))
    title = blocks.CharBlock(label=_("title"), max_length=160)

    def clean(self, value):
        """Refuse an address that no allowed provider serves."""
        cleaned = super().clean(value)
        if cleaned.get("url") and embeds.player(cleaned["url"]) is None:
            problem = ValidationError(_("Give the address of one video on YouTube or Vimeo, starting with https://."))
            raise StructBlockValidationError(block_errors={"url": problem})
        return cleaned

    def get_context(self, value, parent_context=None):
        """Add `player`, which is None for an address that is no longer allowed."""
        context = super().get_context(value, parent_context)
        context["player"] = embeds.player(value.get("url") or "")
        return context

    class Meta:
        template = "blocks/embed.html"
        icon = "media"
        label = _("Video")
        label_format = "{title}"
        group = _("Media")
        description = _("A video on YouTube or Vimeo; nothing is loaded from there before the reader asks for it.")
        preview_value = {"url": "https://www.youtube.com/watch?v=aaaaaaaaaaa", "title": _("How the tram came back")}


class DownloadBlock(blocks.StructBlock):
    """A document to take away, with its kind and size."""

    document = DocumentChooserBlock(label=_("document"))
    title = blocks.CharBlock(
        label=_("title"), max_length=160, required=False, help_text=_("The document's own title if left empty.")
    )

    def get_preview_value(self):
        """Show the newest document of the library, if there is one."""
        document = self.child_blocks["document"].model_class.objects.order_by("-pk").first()
        return self.normalize({**self.meta.preview_value, "document": document})

    def get_context(self, value, parent_context=None):
        """Add `kind`, such as PDF, and `size` in words."""
        context = super().get_context(value, parent_context)
        if document := value.get("document"):
            context["kind"] = document.file_extension.upper()
            context["size"] = filesizeformat(document.get_file_size())
        return context

    class Meta:
        template = "blocks/download.html"
        icon = "download"
        label = _("Download")
        label_format = "{title}"
        group = _("Media")
        description = _("A document with its kind and size.")
        preview_value = {"document": None, "title": _("Guide to heat planning")}
