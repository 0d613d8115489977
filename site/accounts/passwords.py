"""What a password may not be, in sentences of ours: Django's are not complete in all our languages."""

from django.contrib.auth.password_validation import MinimumLengthValidator, UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class LongEnough(MinimumLengthValidator):
    """Refuses a short password and says how many characters it takes."""

    def get_error_message(self) -> str:
        """Return the sentence with the number in it."""
        words = ngettext(
            "Write a password of at least %(number)s character.",
            "Write a password of at least %(number)s characters.",
            self.min_length,
        )
        return words % {"number": self.min_length}


class UnlikeThePerson:
    """Refuses a password that is nearly what others know of the person, and says which of it."""

    sentences = {
        "email": _("This password is too similar to your e-mail address."),
        "display_name": _("This password is too similar to your name."),
        "organisation": _("This password is too similar to the name of your organisation."),
    }

    def validate(self, password: str, user=None) -> None:
        """Compare the password with each of these fields."""
        for attribute, sentence in self.sentences.items():
            try:
                UserAttributeSimilarityValidator([attribute]).validate(password, user)
            except ValidationError:
                raise ValidationError(sentence, code="password_too_similar") from None

    def get_help_text(self) -> str:
        """Return Django's advice."""
        return UserAttributeSimilarityValidator().get_help_text()
