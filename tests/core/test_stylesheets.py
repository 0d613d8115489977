"""The stylesheet holds its promises: one request, logical properties, tokens with enough contrast in light and dark."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from core import staticbundle

STATIC = Path(settings.STATICFILES_DIRS[0])
SOURCES = sorted((STATIC / "css").rglob("*.css"))
# Pages of the editors belong to Wagtail, with its own tokens and without layers.
PUBLIC = [path for path in SOURCES if path.name != "admin.css" and path.parent.name != "admin"]
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
PHYSICAL = re.compile(
    r"(?<![\w-])(?:"
    r"(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)"
    r"|(?:left|right|top|bottom|(?:min-|max-)?width|(?:min-|max-)?height)(?=\s*:)"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)"
    r"|border-(?:top|bottom)-(?:left|right)-radius"
    r")"
)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgb\(|\bhsl\(|\boklch\(")


def rules(path: Path) -> str:
    text = COMMENT.sub("", path.read_text("utf-8"))
    # In conditions width and height are what they are called.
    return re.sub(r"@(?:media|container)[^{]*", "", text)


@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: path.name)
def test_no_rule_is_physical(path):
    assert PHYSICAL.findall(rules(path)) == []


@pytest.mark.parametrize("path", [path for path in PUBLIC if path.name != "tokens.css"], ids=lambda path: path.name)
def test_colours_come_from_tokens(path):
    # Pure black and white remain for masks and for what a camera must read.
    found = {word for word in COLOUR.findall(rules(path)) if word not in {"#000", "#ffffff"}}
    assert found == set()


@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: path.name)
def test_every_rule_is_in_a_layer(path):
    text = COMMENT.sub("", path.read_text("utf-8")).strip()
    assert re.fullmatch(r"@layer [\w, ]+;", text) or re.match(r"@layer \w+ \{", text)
    assert text.count("{") == text.count("}")


def test_every_token_that_is_used_exists():
    text = "".join(rules(path) for path in PUBLIC)
    used = set(re.findall(r"var\((--[\w-]+)\s*[,)]", text))
    defined = set(re.findall(r"(--[\w-]+)\s*:", text))
    assert used - defined == set()


# Contrast ------------------------------------------------------------------------------------------

TOKENS = COMMENT.sub("", (STATIC / "css/tokens.css").read_text("utf-8"))


def token(name: str, scheme: str) -> tuple[int, int, int]:
    value = re.search(rf"--{name}:\s*([^;]+);", TOKENS)[1].strip()
    pair = re.fullmatch(r"light-dark\((#\w+), (#\w+)\)", value)
    colour = value if pair is None else pair[1 if scheme == "light" else 2]
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def luminance(colour: tuple[int, int, int]) -> float:
    red, green, blue = (c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str, scheme: str) -> float:
    """Return the ratio of WCAG 2.2 between two tokens."""
    high, low = sorted((luminance(token(first, scheme)), luminance(token(second, scheme))), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("paper", "surface", "wash")
TEXT_PAIRS = [
    *[(text, ground) for ground in GROUNDS for text in ("ink", "ink-soft", "green", "green-strong", "clay", "sky")],
    ("on-green", "green"),
    ("on-green", "green-strong"),
    ("on-clay", "clay"),
    ("on-clay", "clay-strong"),
    ("on-sun", "sun"),
    *[("ink", f"{hue}-wash") for hue in ("green", "sun", "clay", "sky")],
    *[("ink-soft", f"{hue}-wash") for hue in ("green", "sun", "clay", "sky")],
    ("green", "green-wash"),
    ("clay", "clay-wash"),
    ("sky", "sky-wash"),
]
SHAPE_PAIRS = [
    *[(shape, ground) for ground in GROUNDS for shape in ("line-strong", "green", "clay", "sky", "ink")],
    ("green", "land"),
    ("clay", "land"),
    ("ink", "land"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_reaches_the_contrast_of_aa(text, ground, scheme):
    assert contrast(text, ground, scheme) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_shapes_that_mean_something_reach_three_to_one(shape, ground, scheme):
    assert contrast(shape, ground, scheme) >= 3


def test_the_ratio_is_that_of_the_standard(monkeypatch):
    monkeypatch.setitem(globals(), "TOKENS", "--a: #000000; --b: #ffffff; --c: #777777;")
    assert contrast("a", "b", "light") == pytest.approx(21)
    assert contrast("c", "b", "light") == pytest.approx(4.48, abs=0.01)


# The bundle ------------------------------------------------------------------------------------------


def test_the_site_is_one_stylesheet_and_one_script():
    style, script = (Path(finders.find(name)).read_text("utf-8") for name in ("css/site.css", "js/site.js"))

    assert style.startswith("@layer reset, tokens, base, layout, components, pages, print;\n@layer tokens {")
    assert style.count("{") == style.count("}")
    assert "/*" not in style
    assert ".date__day {" in style
    assert "@media print" in style
    for path in (STATIC / "js").glob("*.js"):
        assert path.read_text("utf-8").strip() in script


def test_the_script_stays_small():
    assert len(Path(finders.find("js/site.js")).read_bytes()) <= 15_000


def test_a_missing_file_of_the_order_stops_the_build(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css/layers.css").write_text("@layer base;")

    with pytest.raises(FileNotFoundError, match=r"tokens\.css"):
        staticbundle.build(tmp_path, tmp_path / "out")


def test_a_bundle_that_would_not_change_is_left_alone(tmp_path):
    staticbundle.build(STATIC, tmp_path)
    before = (tmp_path / "css/site.css").stat().st_mtime_ns

    staticbundle.build(STATIC, tmp_path)

    assert (tmp_path / "css/site.css").stat().st_mtime_ns == before
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["site.css", "site.js"]


def test_scripts_keep_their_names_to_themselves(tmp_path):
    one, two = tmp_path / "one.js", tmp_path / "two.js"
    one.write_text("const a = 1;\n")
    two.write_text("const a = 2;\n")

    assert staticbundle.join_scripts([one, two]) == "{\nconst a = 1;\n}\n{\nconst a = 2;\n}\n"
