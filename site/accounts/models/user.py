"""The person with an account; the e-mail address is the name."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import validators
from accounts.enums import Gender
from core import clock
from core.emailkeys import one_spelling


class UserQuerySet(models.QuerySet["User"]):
    def unconfirmed(self) -> "UserQuerySet":
        """Return sign-ups that nobody ever confirmed or used; accounts that staff made are not among them."""
        signed_up = self.filter(last_login=None, is_staff=False, is_superuser=False, groups=None)
        return signed_up.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exclude(emailaddress__verified=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        """Create a person; without a password they sign in by mailed code or passkey."""
        user = self.model(email=one_spelling(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        """Create a person who may do everything."""
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, email: str | None) -> "User":
        """Find a person by address, however it is spelled."""
        return self.get(email=one_spelling(email or ""))


# The manager of Wagtail's own reverse relation has no types.
class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """A person with an account."""

    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en", validators=[validators.site_language])
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validators.known_timezone])
    country = models.CharField(_("country"), max_length=2, blank=True, validators=[validators.known_country])
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    organisation_type = models.ForeignKey(
        "core.Term",
        verbose_name=_("type of organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"vocabulary": "organisation-type"},
    )
    gender = models.CharField(_("gender"), max_length=16, choices=Gender.choices, blank=True)
    role = models.CharField(_("role"), max_length=120, blank=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=clock.now)
    # Part of every session's hash: raising it ends all sessions at once. A trigger raises it when the
    # person is deactivated, by whatever statement, so that no old session wakes up with the account.
    session_generation = models.PositiveIntegerField(default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["display_name", "email"]
        constraints = [
            # Together with the unique column this makes an address unique in any case, as sign-in looks it up.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="accounts_user_email_lower_case"),
            models.CheckConstraint(condition=Q(language__regex=r"^[a-z]{2,3}$"), name="accounts_user_language_code"),
            models.CheckConstraint(condition=~Q(timezone=""), name="accounts_user_has_timezone"),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"), name="accounts_user_country_code"
            ),
            models.CheckConstraint(
                condition=Q(gender="") | Q(gender__in=Gender.values), name="accounts_user_known_gender"
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def clean(self) -> None:
        """Bring the address to the form in which it is stored and looked up."""
        super().clean()
        self.email = one_spelling(self.email)

    def get_full_name(self) -> str:
        """Return the name, or the address where no name is known."""
        return self.display_name or self.email

    def get_short_name(self) -> str:
        """Return what to greet the person by; empty where no name is known."""
        return self.display_name.split(" ")[0]

    @property
    def short_name(self) -> str:
        """What to greet the person by; empty where no name is known."""
        return self.get_short_name()

    @property
    def first_name(self) -> str:
        """The name that Wagtail's side bar shows: it knows no other attribute and falls back to the address."""
        return self.get_full_name()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django offers no other place that both its hash and its hash under retired keys go through.
        return salted_hmac(
            "accounts.session", f"{self.password}:{self.session_generation}", secret=secret, algorithm="sha256"
        ).hexdigest()
