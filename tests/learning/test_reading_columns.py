"""A spreadsheet's headings in any language: names, addresses and languages from their own columns, and nothing lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from learning.services.reading_lines import MOST_AT_ONCE, read


def people(lines: str) -> list[tuple[str, str, str]]:
    return [(row.name, row.email, row.language) for row in read(lines, set()).good]


@pytest.mark.parametrize(
    "heading",
    [
        "Name;Department;E-mail address",
        "Nom;Service;Adresse e-mail",
        "NOM;Direction;Courriel",
        "Nombre;Departamento;Correo electrónico",
        "Nome;Serviço;Endereço de correio eletrónico",
        "الاسم;القسم;البريد الإلكتروني",
        "\ufeffNom;Servei;Correu electrònic",
        '"Name";"Abteilung";"E-Mail"',
    ],
)
def test_in_every_language_the_name_comes_from_its_own_column(heading):
    preview = read(f"{heading}\nÀlex Roca;Finances;alex@city.example\nBo;;bo@city.example\n", set())
    found = [(row.number, row.name, row.email) for row in preview.rows]
    assert found == [(2, "Àlex Roca", "alex@city.example"), (3, "Bo", "bo@city.example")]
    assert (preview.bad, preview.unknown_heading, preview.leaves_columns_out) == ([], "", True)


@pytest.mark.parametrize(
    ("heading", "row", "name", "language"),
    [
        ("Nom;Prénom;Courriel", "Roca;Àlex;a@city.example", "Àlex Roca", ""),
        ("Apellidos;Nombre;Correo", "Roca Puig;Àlex;a@city.example", "Àlex Roca Puig", ""),
        ("Nombre;Primer apellido;Segundo apellido;Correo", "Ana;Ruiz;Gil;a@city.example", "Ana Ruiz Gil", ""),
        ("Name;First name;Last name;Email", "Ana Ruiz;Ana;Ruiz;a@city.example", "Ana Ruiz", ""),
        ("First name,Last name,Email,Language", "Alex,Roca,a@city.example,PT", "Alex Roca", "pt"),
        ("Name;Email;Llengua", "Alex Roca;a@city.example;fr", "Alex Roca", "fr"),
        # A name that is a language's code is a name under its heading.
        ("Name;Email", "Es;a@city.example", "Es", ""),
        ("Name;Address;E-mail", "Alex Roca;Main Street 1;a@city.example", "Alex Roca", ""),
        ("Name;Email", ";Alex Roca <a@city.example>", "Alex Roca", ""),
        ("Name;Department;Email", "Alex Roca;;a@city.example;;", "Alex Roca", ""),
        ("\tName\tEmail", "1\tAlex Roca\ta@city.example", "Alex Roca", ""),
        ("Email;Name", 'a@city.example;"Roca; Alex"', "Roca; Alex", ""),
        # What does not fit under the headings is read as without them.
        ("Name,Email", "Roca, Alex, a@city.example", "Roca Alex", ""),
        ("Name;Department;Email", "Alex Roca;a@city.example", "Alex Roca", ""),
        ("Name;Email", "Alex Roca <a@city.example>", "Alex Roca", ""),
    ],
)
def test_columns_in_whatever_order(heading, row, name, language):
    assert people(f"{heading}\n{row}") == [(name, "a@city.example", language)]


def test_a_heading_that_nobody_knows_is_one_where_it_has_words_above_the_addresses_and_is_told():
    preview = read("Jina;Barua pepe\nAsha Juma;asha@city.example\nMusa;musa@city.example", set())
    assert [(row.name, row.email) for row in preview.rows] == [
        ("Asha Juma", "asha@city.example"),
        ("Musa", "musa@city.example"),
    ]
    assert (preview.unknown_heading, preview.leaves_columns_out) == ("Jina;Barua pepe", False)


@pytest.mark.parametrize(
    "lines",
    [
        # Whose address is missing stands in the first line: they are somebody, no heading.
        "Ana Silva;\nBo Berg;bo@city.example",
        "Ana Silva;Finances;\nBo Berg;Water;bo@city.example",
        "Ana Silva;;Finances\nBo Berg;bo@city.example;Water",
        "Ana Silva\nBo Berg;bo@city.example",
        "Ana Silva\nbo@city.example",
    ],
)
def test_somebody_without_an_address_in_the_first_line_is_reported_and_not_taken_for_a_heading(lines):
    preview = read(lines, set())
    assert [(row.number, row.problem) for row in preview.bad] == [(1, "There is no e-mail address in this line.")]
    assert ([row.email for row in preview.good], preview.heading) == (["bo@city.example"], "")


def test_a_first_row_of_many_characters_is_no_heading_and_breaks_nothing():
    preview = read(f"{'a;' * 100_000}\nBo;bo@city.example", set())
    assert [row.problem for row in preview.rows] == ["This line is too long for a name and an address.", ""]


def test_a_row_of_nothing_but_commas_beside_an_address_breaks_nothing():
    preview = read("Email;Name\na@x.example;" + "," * 140_000 + "\nBo;bo@city.example", set())
    assert len(preview.rows) == 2


CELL = st.text(st.characters(exclude_characters='@<>";\n\r', exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@given(
    heading=st.sampled_from(["Nom;Servei;Correu", "Name;Team;Email", "Jina;Idara;Barua pepe", ""]),
    rows=st.lists(st.tuples(CELL, CELL, st.booleans()), min_size=1, max_size=MOST_AT_ONCE + 3),
)
@example(heading="Name;Team;Email", rows=[("es", "fr", True), ("'", "x", True)])
def test_no_line_is_lost_and_what_is_sent_along_names_the_same_people(heading, rows):
    lines = [
        f"{name};{team};" + (f"p{number}@city.example" if has_address else "")
        for number, (name, team, has_address) in enumerate(rows)
    ]
    preview = read("\n".join([*([heading] if heading else []), *lines]), set())
    written = len(lines) + bool(heading)
    assert len(preview.rows) + preview.later + bool(preview.heading) == written
    # A heading whose words nobody knows is shown; of any other line there is a person, a sentence or a count.
    assert preview.unknown_heading in ("", preview.heading)
    addresses = [f"p{number}@city.example" for number, (_n, _t, has_address) in enumerate(rows) if has_address]
    assert [row.email for row in preview.good] == addresses[:MOST_AT_ONCE]
    assert preview.later == len(addresses[MOST_AT_ONCE:])
    assert people(preview.lines_again) == [(row.name, row.email, row.language) for row in preview.good]
