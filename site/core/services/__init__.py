"""The only writers of the foundation's records."""

from core.services.vocabularies import load_vocabularies

__all__ = ["load_vocabularies"]
