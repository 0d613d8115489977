"""Loading local governments and their names from the data files of the project."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from core import languages, pagecache
from core.folding import fold
from core.models import Term
from municipalities.enums import Precision
from municipalities.errors import LoadingProblem
from municipalities.models import LocalGovernment

DATA = Path(__file__).resolve().parent.parent / "data"
# The file's populations are GeoNames' unless a row names another source.
USUAL_POPULATION_SOURCE = "GeoNames"
TERM_FIELDS = {"kind", "subregion", "ccc_status"}


@dataclass(frozen=True)
class Loaded:
    """How many local governments a load has created, changed and left as they were."""

    created: int
    changed: int
    unchanged: int


class _Terms:
    """The terms that rows refer to, read once."""

    def __init__(self) -> None:
        wanted = ("local-government-kind", "world-subregion", "ccc-status")
        self._found = {(term.vocabulary, term.slug): term for term in Term.objects.filter(vocabulary__in=wanted)}

    def get(self, vocabulary: str, slug: str) -> Term:
        try:
            return self._found[vocabulary, slug]
        except KeyError:
            raise LoadingProblem(
                f"The vocabulary {vocabulary} has no term {slug}; load the vocabularies first."
            ) from None


class _Names:
    """Slugs, and names by language, by GeoNames number; nothing is known while the file is missing."""

    def __init__(self, path: Path) -> None:
        rows = _rows(path) if path.exists() else []
        self._rows = {row["geonames_id"]: row for _line, row in rows}

    def slug(self, geonames_id: str) -> str:
        """Return the slug that the file gives the local government."""
        return self._rows.get(geonames_id, {}).get("slug", "")

    def others(self, geonames_id: str, name: str) -> dict[str, str]:
        """Return the names in languages that call the local government otherwise."""
        row = self._rows.get(geonames_id, {})
        return {code: row[code] for code in languages.codes() if row.get(code) and row[code] != name}


def load_cities(
    *, cities: Path = DATA / "cities.csv", names: Path = DATA / "city_names.csv", overwrite: bool = False
) -> Loaded:
    """Create the local governments of the data files; running it again changes nothing.

    A local government that is there already (found by its GeoNames number, or else by name and country) keeps what
    staff have written: only names in languages it lacks are added. With `overwrite` the files' facts replace its own.
    All or nothing; raises LoadingProblem that names the line.
    """
    known = _Names(names)
    terms = _Terms()
    present = _Present()
    with transaction.atomic():
        for line, row in _rows(cities):
            try:
                present.take(_facts(row, terms, known), slug=known.slug(row["geonames_id"]), overwrite=overwrite)
            except (KeyError, ValueError, ArithmeticError) as problem:
                raise LoadingProblem(f"{cities.name}, line {line}: {problem}") from problem
            except ValidationError as problem:
                sentences = "; ".join(problem.messages)
                raise LoadingProblem(f"{cities.name}, line {line}: {sentences}") from problem
        return present.write()


class _Present:
    """The local governments that are there, and what a load makes of them."""

    def __init__(self) -> None:
        everyone = list(LocalGovernment.objects.all())
        self._by_number = {record.geonames_id: record for record in everyone if record.geonames_id}
        self._by_name = {(record.name, record.country): record for record in everyone}
        self._slugs = {record.slug for record in everyone}
        self._new: list[LocalGovernment] = []
        self._changed: list[LocalGovernment] = []
        self._unchanged = 0

    def take(self, facts: dict[str, Any], *, slug: str, overwrite: bool) -> None:
        """Note one row; raises ValidationError with the sentences that the staff's form would show."""
        record = self._find(facts)
        if record is None:
            record = LocalGovernment(slug=self._free_slug(facts, slug), **facts)
            self._new.append(record)
        else:
            wanted = facts if overwrite else {"names": {**facts["names"], **record.names}}
            changes = {field: value for field, value in wanted.items() if getattr(record, field) != value}
            if not changes:
                self._unchanged += 1
                return
            for field, value in changes.items():
                setattr(record, field, value)
            self._changed.append(record)
        # The terms come from the database and slugs are known here, so nothing needs to be looked up again.
        record.clean_fields(exclude=TERM_FIELDS)
        record.clean()

    def write(self) -> Loaded:
        """Write what has been noted."""
        LocalGovernment.objects.bulk_create(self._new)
        for record in self._changed:
            record.save()
        # Rows written in bulk send no signal.
        pagecache.purge("list:cities")
        return Loaded(created=len(self._new), changed=len(self._changed), unchanged=self._unchanged)

    def _find(self, facts: dict[str, Any]) -> LocalGovernment | None:
        if facts["geonames_id"]:
            return self._by_number.get(facts["geonames_id"])
        return self._by_name.get((facts["name"], facts["country"]))

    def _free_slug(self, facts: dict[str, Any], slug: str) -> str:
        """Return the given slug, or the name as one; with the country where another local government has it."""
        slug = slug or slugify(fold(facts["name"]))
        if not slug or slug in self._slugs:
            slug = f"{slug}-{facts['country'].lower()}".strip("-")
        self._slugs.add(slug)
        return slug


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [
                (line, {key: (value or "").strip() for key, value in row.items() if key})
                for line, row in enumerate(csv.DictReader(file), start=2)
            ]
    except (OSError, UnicodeDecodeError) as problem:
        raise LoadingProblem(f"{path} cannot be read: {problem}") from problem


def _facts(row: dict[str, str], terms: _Terms, known: _Names) -> dict[str, Any]:
    is_mission_city = _yes(row["eu_mission_city"])
    label_date, label_precision = _date_with_precision(row["ccc_label_date"])
    population = int(row["population"]) if row["population"] else None
    return {
        "name": row["name"],
        "names": known.others(row["geonames_id"], row["name"]),
        "kind": terms.get("local-government-kind", row.get("kind") or "municipality"),
        "country": row["country_code"],
        "subregion": terms.get("world-subregion", row["region_m49"]),
        "population": population,
        "population_year": int(row["population_year"]) if row.get("population_year") else None,
        "population_source": (row.get("population_source") or USUAL_POPULATION_SOURCE) if population else "",
        "latitude": Decimal(row["latitude"]) if row["latitude"] else None,
        "longitude": Decimal(row["longitude"]) if row["longitude"] else None,
        "timezone": row["timezone"],
        "geonames_id": int(row["geonames_id"]) if row["geonames_id"] else None,
        "target_year": int(row["target_year"]) if row["target_year"] else None,
        "is_mission_city": is_mission_city,
        "label_date": label_date,
        "label_precision": label_precision,
        "ccc_status": _contract_status(terms, is_mission_city=is_mission_city, has_label=label_date is not None),
        "is_up2030_pilot": _yes(row["up2030_pilot"]),
        "source_url": row["source_url"],
    }


def _contract_status(terms: _Terms, *, is_mission_city: bool, has_label: bool) -> Term | None:
    """Say only what the row proves: a Mission City without a label may stand anywhere on the way to it."""
    if has_label:
        return terms.get("ccc-status", "labelled")
    return None if is_mission_city else terms.get("ccc-status", "not-applicable")


def _yes(word: str) -> bool:
    if word not in {"yes", "no"}:
        raise ValueError(f"expected yes or no, found {word!r}")
    return word == "yes"


def _date_with_precision(text: str) -> tuple[date | None, str]:
    """Read "2025-05-07", or "2025-05" where the day is unknown."""
    if not text:
        return None, ""
    if len(text) == len("2025-05"):
        return date.fromisoformat(f"{text}-01"), Precision.MONTH
    return date.fromisoformat(text), Precision.DAY
