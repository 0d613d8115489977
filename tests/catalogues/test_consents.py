"""What people agreed to under a version of the newsletter's consent stands word for word; other words need another."""

import pytest
from django.utils import translation

from core import languages
from newsletter import wording

# By version, then language: what subscribing and unsubscribing say. A version that was shown is never changed here:
# the log of consents names it. Whoever changes a sentence, or a translation of it, raises `wording.VERSION` and adds
# all sentences of the new one.
SAID = {
    "1": {
        "en": (
            "Send me the GKEC newsletter by e-mail. I can end this at any time with a link in each mail.",
            "Do not send me the GKEC newsletter any more.",
        ),
        "fr": (
            (
                "Envoyez-moi la lettre d’information GKEC par e-mail. Je peux y mettre fin à tout moment avec un lien "
                "présent dans chaque e-mail."
            ),
            "Ne m’envoyez plus la lettre d’information GKEC.",
        ),
        "es": (
            (
                "Envíenme el boletín de GKEC por correo electrónico. Puedo ponerle fin en cualquier momento con un enlace "
                "que figura en cada correo."
            ),
            "No me envíen más el boletín de GKEC.",
        ),
        "pt": (
            (
                "Quero receber o boletim do GKEC por correio eletrónico. Posso terminar a subscrição a qualquer momento "
                "com uma ligação presente em cada mensagem."
            ),
            "Não quero receber mais o boletim do GKEC.",
        ),
        "ar": (
            "أطلب إرسال نشرة GKEC الإخبارية إليّ بالبريد الإلكتروني. ويمكنني إنهاء ذلك في أي وقت برابط في كل رسالة.",
            "أطلب عدم إرسال نشرة GKEC الإخبارية إليّ بعد الآن.",
        ),
    },
}


@pytest.mark.parametrize("language", languages.codes())
def test_other_words_of_the_consent_need_a_new_version(language: str) -> None:
    with translation.override(language):
        agreeing, leaving = wording.agreeing(), wording.leaving()
    assert (agreeing.text, leaving.text) == SAID[wording.VERSION][language]
    assert {(one.version, one.language) for one in (agreeing, leaving)} == {(wording.VERSION, language)}
