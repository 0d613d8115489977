"""Pages and records of the foundation."""

from core.models.base_page import BasePage
from core.models.heartbeat import Heartbeat
from core.models.history import HistoryStep
from core.models.pictures import Picture, PictureRendition
from core.models.terms import Term
from core.models.translation_jobs import TranslationJob

__all__ = ["BasePage", "Heartbeat", "HistoryStep", "Picture", "PictureRendition", "Term", "TranslationJob"]
