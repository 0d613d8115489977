"""The foundation app: pages, blocks, vocabularies, components and the page cache."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
