"""What the staff's lists say: the cells of each row on the screen, and the lines of the spreadsheet."""

import csv
import io
import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse


def rows(client: Client, listing: str, **query: Any) -> list[list[str]]:
    """Return the words of each row's cells."""
    html = client.get(reverse(f"{listing}:index_results"), query).content.decode()
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    return [[re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", cell))).strip() for cell in row] for row in cells]


def spreadsheet(client: Client, listing: str, **query: Any) -> list[list[str]]:
    """Return the cells of each line, the headings first."""
    response = client.get(reverse(f"{listing}:index"), {"export": "csv", **query})
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
