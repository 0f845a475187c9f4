from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.reports.page.stories import contrast, story
from transferbench.reports.page import page
from transferbench.reports.page.page import html, write_page
from transferbench.reports.page.sections import Section, sections

TOLD = story()
VOID = {"meta", "link", "img", "br"}


class _Elements(HTMLParser):
    """Every element of a page, and those that are not closed where they should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.faults += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(tag)


@pytest.fixture(scope="module")
def parts() -> list[Section]:
    return sections(TOLD)


@pytest.fixture(scope="module")
def text(parts: list[Section]) -> str:
    return html(TOLD, parts)


def test_every_element_is_closed_and_no_id_is_twice(text: str) -> None:
    elements = _Elements(text)

    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert elements.faults == []
    assert len(set(ids)) == len(ids)


def test_what_a_label_or_a_link_points_to_is_there(text: str) -> None:
    found = _Elements(text).found

    ids = {attributes.get("id") for _, attributes in found}
    for _, attributes in found:
        targets = (attributes.get("aria-labelledby") or "").split()
        if (attributes.get("href") or "").startswith("#"):
            targets.append(str(attributes["href"])[1:])
        assert set(targets) <= ids


def test_names_are_escaped_wherever_they_stand(text: str) -> None:
    assert "<b>tall" not in text
    assert text.count("&lt;b&gt;tall") > 20
    assert "mixup & friends" not in text


def test_nothing_is_asked_of_the_network(text: str) -> None:
    for tag, attributes in _Elements(text).found:
        for key in ("src", "href"):
            address = attributes.get(key) or "#"
            assert address.startswith(("data:", "#")), (tag, address)
    assert "@import" not in text and "url(h" not in text


def test_landmarks_pictures_and_tables_are_there_for_who_does_not_see(text: str) -> None:
    found = _Elements(text).found
    tags = [tag for tag, _ in found]

    assert {"header", "nav", "main", "footer", "h1"} <= set(tags)
    assert all(attributes.get("alt") for tag, attributes in found if tag == "img")
    assert tags.count("caption") == tags.count("table") > 5
    assert all(attributes.get("scope") for tag, attributes in found if tag == "th")
    assert tags.count("desc") == tags.count("svg") == tags.count("title") - 1


def test_the_answer_notes_methods_and_citation_are_told(text: str) -> None:
    for words in (
        "mixup &amp; friends transfers best",
        "which 3 seeds tell from zero",
        "95 % intervals of the paired difference over seeds",
        "Detection was measured by miniature@1",
        "transferbench run fable",
        "@inproceedings{he2019bag",
        'download="compare.json"',
    ):
        assert words in text, words


def test_the_same_story_has_the_same_bytes(tmp_path: Path) -> None:
    bare = story("segment", losses={})

    first, second = (write_page(bare, tmp_path / name) for name in ("a", "b"))

    assert first.read_bytes() == second.read_bytes()
    for path in (tmp_path / "a" / "plots").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / "plots" / path.name).read_bytes(), path.name


def test_plots_are_written_beside_the_page(tmp_path: Path) -> None:
    write_page(story("segment", losses={}), tmp_path)

    written = {path.name for path in (tmp_path / "plots").iterdir()}
    names = ("difference-segment-miou", "difference-segment-pix-acc", "classes-segment-miou")
    assert {f"{name}.{form}" for name in names for form in ("svg", "pdf", "png")} <= written


def _noise(number: int) -> bytes:
    content = BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (360, 360, 3), np.uint8)
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    ("share", "left_out"),
    [
        (0.9, "half of the pictures"),
        (0.7, "the pictures"),
        (0.5, "the pictures and the files to take along"),
        (0.1, "the pictures, the files to take along and the plots"),
    ],
)
def test_a_page_that_is_too_large_leaves_out_pictures_first(
    monkeypatch: pytest.MonkeyPatch, parts: list[Section], share: float, left_out: str
) -> None:
    heavy = tuple(replace(contrast(number), truth=_noise(number)) for number in range(12))
    told = replace(TOLD, contrasts=heavy, files={"numbers.json": "7" * 600_000})
    whole = len(html(told, parts).encode())
    monkeypatch.setattr(page, "LARGEST_BYTES", share * whole)

    content = page._small_enough(told, parts)

    assert len(content) <= share * whole
    assert f"MB: {left_out}." in content.decode()


def test_a_page_says_nothing_of_what_is_there(text: str) -> None:
    assert "left out, because the page" not in text


def test_what_must_be_known_before_the_answer_stands_above_it(parts: list[Section], text: str) -> None:
    warned = html(replace(TOLD, warning="no result: <quick>"), parts)

    assert warned.index("no result: &lt;quick&gt;") < warned.index("The answer</h2>")
    assert 'role="note"' not in text


def test_a_long_name_may_end_a_line_after_its_underscores(parts: list[Section]) -> None:
    assert str(page._parted("a_b+<c>")) == "a_<wbr>b+<wbr>&lt;c&gt;"
    assert "mixup &amp; friends" in html(TOLD, parts)


def test_what_bold_and_colour_mean_is_said(text: str) -> None:
    assert "Bold and in colour: a difference whose own interval excludes zero." in text


def test_a_note_has_one_full_stop(parts: list[Section]) -> None:
    told = replace(TOLD, remarks=("the numbers mean nothing.",))

    assert "<li>the numbers mean nothing.</li>" in html(told, [*parts, Section("notes", "Notes")])
