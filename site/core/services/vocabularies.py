"""Loading the controlled vocabularies from the file that comes with the code."""

import csv
from pathlib import Path

from django.db import transaction

from core import languages
from core.models import Term

SOURCE = Path(__file__).resolve().parents[1] / "data" / "vocabularies.csv"


@transaction.atomic
def load_vocabularies() -> int:
    """Add the terms and labels that the database lacks; return how many terms are new.

    What staff have written stays: an existing term only gets labels in languages in which it has none. Safe to run
    at each deployment; two statements when there is nothing to add.
    """
    known = {(term.vocabulary, term.slug): term for term in Term.objects.select_for_update()}
    new, completed = [], []
    for row in _rows():
        labels = {code: row[f"label_{code}"] for code in languages.codes() if row.get(f"label_{code}")}
        term = known.get((row["vocabulary"], row["slug"]))
        if term is None:
            new.append(
                Term(
                    vocabulary=row["vocabulary"],
                    slug=row["slug"],
                    order=int(row["order"]),
                    note=row["note"],
                    labels=labels,
                )
            )
        elif missing := {code: label for code, label in labels.items() if not term.labels.get(code)}:
            term.labels |= missing
            completed.append(term)
    Term.objects.bulk_create(new)
    Term.objects.bulk_update(completed, ["labels"])
    return len(new)


def _rows() -> list[dict[str, str]]:
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
