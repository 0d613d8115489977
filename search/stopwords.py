"""Words that carry no meaning in a question and that PostgreSQL's own lists leave in."""

# PostgreSQL has no list for Arabic; its French one lacks a few forms that people type.
STOP_WORDS = {
    "ar": frozenset(
        [
            "في",
            "من",
            "على",
            "إلى",
            "الى",
            "عن",
            "مع",
            "أو",
            "او",
            "و",
            "ف",
            "أن",
            "ان",
            "إن",
            "هو",
            "هي",
            "هذا",
            "هذه",
            "ذلك",
            "تلك",
            "التي",
            "الذي",
            "الذين",
            "ما",
            "كل",
            "بين",
            "بعد",
            "قبل",
            "عند",
            "كيف",
            "هل",
            "لا",
            "لم",
            "ثم",
            "قد",
            "كان",
            "كانت",
        ]
    ),
    "fr": frozenset(["les", "cet", "cette", "ces", "entre", "chez", "comment", "quel", "quelle", "quels", "quelles"]),
}


def without(text: str, language: str) -> str:
    """Return the words of `text` without the language's stop words; a text of nothing else comes back whole.

    Quoted passages are left alone, since their words must stay side by side.
    """
    stop = STOP_WORDS.get(language)
    if not stop:
        return text
    # Every other part stands between quotation marks.
    parts = text.split('"')
    for place in range(0, len(parts), 2):
        parts[place] = " ".join(word for word in parts[place].split() if word.casefold() not in stop)
    kept = '"'.join(parts).strip()
    return kept if kept.replace('"', "").strip() else text
