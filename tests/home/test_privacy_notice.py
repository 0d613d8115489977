"""The privacy notice promises what the settings do, in every language."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from core import personal

TEXTS = json.loads((Path(settings.ROOT) / "home/data/site_texts.json").read_text())
SECTION = {
    "en": "How long we keep data",
    "fr": "Combien de temps",
    "es": "Durante cuánto tiempo",
    "pt": "Durante quanto tempo",
    "ar": "مدة الاحتفاظ بالبيانات",
}
# The server's log is kept by whoever runs the servers, so no setting of ours says how long.
SERVER_LOG_DAYS = 30
# Backups too; the notes by which erasures are repeated are kept as long, and are no rows.
BACKUPS = "RETENTION_BACKUP_DAYS"
# For each sentence of the notice, the settings that it promises, in its order.
PROMISED = [
    ["RETENTION_REGISTRATION_DAYS"],
    ["RETENTION_ENROLMENT_DAYS"],
    ["RETENTION_MEMBERSHIP_DAYS"],
    ["RETENTION_MAIL_WORDS_DAYS", "RETENTION_MAIL_DAYS"],
    ["RETENTION_SUBSCRIPTION_ASKED_DAYS", "RETENTION_SUBSCRIPTION_LEFT_DAYS"],
    ["UNCONFIRMED_KEPT_DAYS"],
    ["RETENTION_DEVICE_DAYS"],
    ["RETENTION_CONSENT_DAYS"],
    ["RETENTION_HISTORY_DAYS"],
    [SERVER_LOG_DAYS],
    [BACKUPS],
]


def as_promised(name: str | int) -> int:
    """Return the number that the notice shows for a setting: whole years where it is that, else days."""
    days = name if isinstance(name, int) else getattr(settings, name)
    return days // personal.YEAR if days % personal.YEAR == 0 else days


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_the_notice_names_the_periods_of_the_settings(language):
    notice = TEXTS[language]["privacy"]
    [kept] = re.findall(rf"<h2>{SECTION[language]}</h2><ul>(.*?)</ul>", notice)
    sentences = re.findall(r"<li>(.*?)</li>", kept)
    numbers = [[int(number) for number in re.findall(r"\d+", sentence)] for sentence in sentences]
    assert numbers == [[as_promised(name) for name in names] for names in PROMISED]


def test_every_rule_of_retention_is_promised():
    promised = {name for names in PROMISED for name in names if isinstance(name, str)} - {BACKUPS}
    assert {rule.setting for kind in personal.kinds() for rule in kind.rules} == promised
