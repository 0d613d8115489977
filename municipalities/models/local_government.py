"""The local government: a city, metropolitan authority, district or region, or several that act together."""

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import countries, languages, timezones
from core.folding import fold
from municipalities.enums import Precision, Standing
from municipalities.querysets import LocalGovernmentQuerySet

LATITUDES = (-90, 90)
LONGITUDES = (-180, 180)
POPULATION_YEARS = (1900, 2200)
TARGET_YEARS = (2020, 2100)
NEEDED = _("A listed local government needs its kind, world region and time zone.")


def _between(lowest: int, highest: int) -> list:
    return [MinValueValidator(lowest), MaxValueValidator(highest)]


def validate_country(code: str) -> None:
    """Refuse what is not the code of a country."""
    if not countries.is_valid(code):
        raise ValidationError(_("Choose a country from the list."), code="country")


def _term(vocabulary: str, label, **options) -> models.ForeignKey:
    return models.ForeignKey(
        "core.Term",
        verbose_name=label,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"vocabulary": vocabulary},
        **options,
    )


class FoldedNames(models.TextField):
    """Every name of a local government, folded for finding; written by the record itself, never by hand."""

    def pre_save(self, model_instance, add):
        value = " · ".join(dict.fromkeys(fold(name) for name in model_instance.all_names()))
        setattr(model_instance, self.attname, value)
        return value


class LocalGovernment(models.Model):
    """A local government as it is known in public: facts only, each empty rather than guessed."""

    slug = models.SlugField(_("slug"), max_length=120, unique=True)
    name = models.CharField(
        _("name"), max_length=160, help_text=_("Shown where a language has no name of its own for it.")
    )
    names = models.JSONField(_("names in other languages"), default=dict, blank=True)
    folded_names = FoldedNames(editable=False, default="")
    kind = _term("local-government-kind", _("kind"))
    country = models.CharField(_("country"), max_length=2, validators=[validate_country])
    subregion = _term("world-subregion", _("world region"))
    population = models.PositiveIntegerField(_("population"), null=True, blank=True, validators=[MinValueValidator(1)])
    population_year = models.PositiveSmallIntegerField(
        _("year of the population"), null=True, blank=True, validators=_between(*POPULATION_YEARS)
    )
    population_source = models.CharField(_("source of the population"), max_length=200, blank=True)
    latitude = models.DecimalField(
        _("latitude"), max_digits=8, decimal_places=5, null=True, blank=True, validators=_between(*LATITUDES)
    )
    longitude = models.DecimalField(
        _("longitude"), max_digits=8, decimal_places=5, null=True, blank=True, validators=_between(*LONGITUDES)
    )
    timezone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[timezones.validate])
    geonames_id = models.PositiveIntegerField(_("GeoNames number"), null=True, blank=True, unique=True)
    target_year = models.PositiveSmallIntegerField(
        _("climate neutral by"),
        null=True,
        blank=True,
        validators=_between(*TARGET_YEARS),
        help_text=_("The year the local government has committed to."),
    )
    is_mission_city = models.BooleanField(_("EU Mission City"), default=False)
    label_date = models.DateField(
        _("EU Mission Label awarded"),
        null=True,
        blank=True,
        help_text=_("Where only the month is known, give its first day and choose Month below."),
    )
    label_precision = models.CharField(
        _("the date is known to the"), max_length=8, choices=Precision.choices, blank=True
    )
    ccc_status = _term("ccc-status", _("Climate City Contract"))
    is_up2030_pilot = models.BooleanField(_("UP2030 pilot"), default=False)
    source_url = models.URLField(
        _("source"), max_length=500, blank=True, help_text=_("Supports the label, the pilot or the target.")
    )
    standing = models.CharField(_("standing"), max_length=8, choices=Standing.choices, default=Standing.ACTIVE)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = LocalGovernmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("local government")
        verbose_name_plural = _("local governments")
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["country", "name"], name="municipalities_by_country"),
            models.Index(fields=["subregion"], name="municipalities_by_subregion", condition=Q(standing="active")),
        ]
        # A comparison with nothing is neither true nor false, which a check lets pass: hence the many "isnull".
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="municipalities_has_name"),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="municipalities_country_code"),
            models.CheckConstraint(condition=Q(standing__in=Standing.values), name="municipalities_standing_known"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=LATITUDES,
                    longitude__range=LONGITUDES,
                ),
                name="municipalities_place_on_earth",
            ),
            models.CheckConstraint(
                condition=Q(population=None, population_year=None, population_source="")
                | Q(population__isnull=False, population__gt=0) & ~Q(population_source=""),
                name="municipalities_population_has_source",
            ),
            models.CheckConstraint(
                condition=Q(population_year=None) | Q(population_year__range=POPULATION_YEARS),
                name="municipalities_population_year",
            ),
            models.CheckConstraint(
                condition=Q(target_year=None) | Q(target_year__range=TARGET_YEARS), name="municipalities_target_year"
            ),
            models.CheckConstraint(
                condition=Q(label_date=None, label_precision="")
                | Q(label_date__isnull=False, label_precision=Precision.DAY)
                | Q(label_date__isnull=False, label_date__day=1, label_precision=Precision.MONTH),
                name="municipalities_label_date_precision",
            ),
            models.CheckConstraint(
                condition=Q(label_date=None) | Q(is_mission_city=True), name="municipalities_label_of_mission_city"
            ),
            # Somebody who proposes a city knows its name and country; staff add the rest before it is listed.
            models.CheckConstraint(
                condition=~Q(standing=Standing.ACTIVE)
                | Q(kind__isnull=False, subregion__isnull=False) & ~Q(timezone=""),
                name="municipalities_listed_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name in the active language, or else the general one."""
        return self.name_in(languages.current())

    def name_in(self, language: str) -> str:
        """Return the name in `language`, or else the general one."""
        return self.names.get(language) or self.name

    def all_names(self) -> list[str]:
        """Return every name that the local government is known by."""
        return [self.name, *(name for name in self.names.values() if name)]

    @property
    def country_name(self) -> str:
        """The country's name in the active language."""
        return countries.name(self.country, languages.current())

    @property
    def label_is_to_the_day(self) -> bool:
        """Whether the day of the label is known, not only its month."""
        return self.label_precision == Precision.DAY

    @property
    def is_complete(self) -> bool:
        """Whether it has what every listed local government needs."""
        return bool(self.kind_id and self.subregion_id and self.timezone)

    def clean(self) -> None:
        super().clean()
        if problems := {**self._doubtful_facts(), **self._doubtful_label()}:
            raise ValidationError(problems)

    def _doubtful_facts(self) -> dict[str, Promise]:
        problems: dict[str, Promise] = {}
        if self.population and not self.population_source:
            problems["population_source"] = _("Say where the population comes from.")
        if not self.population and (self.population_source or self.population_year):
            problems["population"] = _("Give the population, or remove its year and source.")
        if (self.latitude is None) != (self.longitude is None):
            problems["longitude"] = _("Give both latitude and longitude, or neither.")
        if self.standing == Standing.ACTIVE and not self.is_complete:
            problems["standing"] = NEEDED
        return problems

    def _doubtful_label(self) -> dict[str, Promise]:
        problems: dict[str, Promise] = {}
        if bool(self.label_date) != bool(self.label_precision):
            problems["label_precision"] = _("Give the date of the label and how exactly it is known, or neither.")
        if isinstance(self.label_date, date) and self.label_precision == Precision.MONTH and self.label_date.day != 1:
            problems["label_date"] = _("Where only the month is known, give its first day.")
        if self.label_date and not self.is_mission_city:
            problems["is_mission_city"] = _("Only an EU Mission City can hold the EU Mission Label.")
        return problems
