"""Search by PostgreSQL: one statement finds, ranks, counts and quotes; another fetches the addresses."""

import difflib
import json
import re
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from wagtail.models import Page

from core.folding import fold
from search import configurations
from search.port import PER_PAGE, Hit, Results, Suggestions
from search.question import Question

# Characters of the private use area, which neither questions nor documents may hold, so that marks cannot be forged.
MARK, UNMARK = "\ue000", "\ue001"
SELECTION = f"StartSel={MARK}, StopSel={UNMARK}"
WHOLE = f"{SELECTION}, HighlightAll=true"
FRAGMENTS = f'{SELECTION}, MaxWords=24, MinWords=12, MaxFragments=2, FragmentDelimiter=" … "'
# A text of so many characters is shown whole; of a longer one, what stands round the words that were found.
SHORT = 260
# A page may be asked for that lies far behind; nobody reads on for so long.
LAST_PAGE = 50
WORD = re.compile(r"\w{3,}")
# How alike a word and one of a page must be, from 0 to 1, for the page to be looked at.
LIKE_ENOUGH = 0.4
SAME_WORD_MISTYPED = 0.72
MOST_WORDS = 8

# Pages are asked for their own state, so that what has just been unpublished or made private is not found.
READABLE = """
  JOIN wagtailcore_page p ON p.id = d.page_id AND p.live
  WHERE NOT EXISTS (
    SELECT 1 FROM wagtailcore_pageviewrestriction r JOIN wagtailcore_page closed ON closed.id = r.page_id
    WHERE starts_with(p.path, closed.path)
  )
"""

FIND = """
WITH question (language, config, asked) AS (VALUES {questions}),
found AS (
  SELECT DISTINCT ON (d.translation_key)
    d.id, d.kind, q.config, q.asked, d.language = %(reader)s AS own, ts_rank(d.vector, q.asked, 1) AS rank
  FROM question q JOIN search_searchdocument d ON d.language = q.language AND d.vector @@ q.asked
  {readable}
  ORDER BY d.translation_key, own DESC, d.language = %(default)s DESC, rank DESC, d.id
),
shown AS (
  SELECT * FROM found WHERE %(kind)s = '' OR kind = %(kind)s
  ORDER BY own DESC, rank DESC, id LIMIT %(limit)s OFFSET %(offset)s
)
SELECT
  (SELECT jsonb_object_agg(kind, n) FROM (SELECT kind, count(*) AS n FROM found GROUP BY kind) AS counted),
  (SELECT bool_and(numnode(asked) = 0) FROM question WHERE language = %(reader)s),
  (
    SELECT jsonb_agg(
      jsonb_build_object(
        'page', d.page_id, 'title', d.title, 'kind', d.kind, 'language', d.language,
        'snippet', CASE
          WHEN length(words) <= %(short)s THEN ts_headline(s.config, words, s.asked, %(whole)s)
          ELSE '… ' || ts_headline(s.config, words, s.asked, %(fragments)s) || ' …'
        END
      ) ORDER BY s.own DESC, s.rank DESC, s.id
    )
    FROM shown s JOIN search_searchdocument d ON d.id = s.id,
    concat_ws(' ', nullif(d.summary, ''), nullif(d.body, '')) AS words
  )
"""

MISTYPED = """
SELECT d.page_id AS page, d.title, d.summary, d.body, d.kind, d.language
FROM search_searchdocument d
{readable} AND d.language = %(reader)s AND d.folded %%> ANY(%(words)s)
ORDER BY (SELECT sum(word_similarity(word, d.folded)) FROM unnest(%(words)s::text[]) AS word) DESC, d.id
LIMIT 20
"""


class PostgresEngine:
    """Full-text search in each language's own configuration, with trigrams for typing errors."""

    def search(
        self, question: Question, *, language: str, kind: str = "", page: int = 1, request: HttpRequest | None = None
    ) -> Results:
        """See `search.port.SearchEngine`. Two statements; two more where the page asked for lies beyond the last."""
        page = min(max(page, 1), LAST_PAGE)
        kinds, only_common_words, rows = self._find(question, language=language, kind=kind, page=page)
        total = kinds.get(kind, 0) if kind else sum(kinds.values())
        if not rows and total:
            page = min(-(-total // PER_PAGE), LAST_PAGE)
            kinds, only_common_words, rows = self._find(question, language=language, kind=kind, page=page)
        return Results(
            hits=_hits(rows, request),
            total=min(total, LAST_PAGE * PER_PAGE),
            kinds=kinds,
            page=page if total else 1,
            only_common_words=only_common_words,
        )

    def suggest(self, question: Question, *, language: str, request: HttpRequest | None = None) -> Suggestions:
        """See `search.port.SearchEngine`. Looks at pages in the reader's language only."""
        words = list(dict.fromkeys(WORD.findall(fold(question.words))))[:MOST_WORDS]
        if not words:
            return Suggestions()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(LIKE_ENOUGH)])
            cursor.execute(MISTYPED.format(readable=READABLE), {"reader": language, "words": words})
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        near = [{**row, "snippet": row["summary"]} for row in rows[:3]]
        return Suggestions(words=_corrected(question, rows), hits=_hits(near, request))

    def _find(
        self, question: Question, *, language: str, kind: str, page: int
    ) -> tuple[dict[str, int], bool, list[dict[str, Any]]]:
        questions, parameters = _questions(question)
        parameters |= {
            "reader": language,
            "default": "en",
            "kind": kind,
            "limit": PER_PAGE,
            "offset": (page - 1) * PER_PAGE,
            "short": SHORT,
            "whole": WHOLE,
            "fragments": FRAGMENTS,
        }
        with connection.cursor() as cursor:
            cursor.execute(FIND.format(questions=questions, readable=READABLE), parameters)
            kinds, only_common_words, rows = cursor.fetchone()
        return _decoded(kinds) or {}, bool(only_common_words), _decoded(rows) or []


def _decoded(value: Any) -> Any:
    """Return what JSON says; Django leaves it as text on its own connections."""
    return json.loads(value) if isinstance(value, str) else value


def _questions(question: Question) -> tuple[str, dict[str, Any]]:
    """Return one row of SQL for each language, with its configuration and what is asked in it."""
    rows: list[str] = []
    parameters: dict[str, Any] = {}
    for code in configurations.LANGUAGES:
        parameters |= {f"config_{code}": configurations.name(code), f"words_{code}": question.in_language(code)}
        config = f"%(config_{code})s::regconfig"
        asked = f"websearch_to_tsquery({config}, %(words_{code})s)"
        if code == "ar":
            for number, (word, forms) in enumerate(question.arabic_forms()):
                names = [f"ar_{number}", *(f"ar_{number}_{place}" for place in range(len(forms)))]
                parameters |= dict(zip(names, (word, *forms), strict=True))
                target, *others = (f"plainto_tsquery({config}, %({name})s)" for name in names)
                asked = f"ts_rewrite({asked}, {target}, {' || '.join(others)})"
        rows.append(f"('{code}', {config}, {asked})")
    return ", ".join(rows), parameters


def _hits(rows: list[dict[str, Any]], request: HttpRequest | None) -> tuple[Hit, ...]:
    pages = Page.objects.only("url_path").in_bulk([row["page"] for row in rows])
    return tuple(
        Hit(
            title=row["title"],
            url=pages[row["page"]].get_url(request) or "",
            snippet=_marked(row["snippet"]),
            kind=row["kind"],
            language=row["language"],
        )
        for row in rows
        if row["page"] in pages
    )


def _marked(passage: str) -> SafeString:
    """Return the passage as HTML: escaped first, then marked, so that nothing in it is markup but the marks."""
    html = str(escape(passage)).replace(MARK, "<mark>").replace(UNMARK, "</mark>")
    return mark_safe(html)  # noqa: S308  (escaped in the line above)


def _corrected(question: Question, rows: list[dict[str, Any]]) -> str:
    """Return the question with each word that these pages do not know replaced by the nearest that they do."""
    known: dict[str, str] = {}
    for row in rows:
        for word in WORD.findall(f"{row['title']} {row['summary']} {row['body']}"):
            known.setdefault(fold(word), word.lower())

    def nearest(match: re.Match[str]) -> str:
        word = fold(match.group())
        if word in known:
            return match.group()
        alike = difflib.get_close_matches(word, known, n=1, cutoff=SAME_WORD_MISTYPED)
        return known[alike[0]] if alike else match.group()

    corrected = WORD.sub(nearest, question.words)
    return corrected if fold(corrected) != fold(question.words) else ""
