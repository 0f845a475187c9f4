from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.broken import FAULTY, ODD, encoded, grey_16_bit, noise, plain
from tests.real_data import real_data
from transferbench.tasks.classify.verify import look as verify_look
from transferbench.tasks.classify.verify.findings import ABOUT, FAULTS, KINDS, REMARKS
from transferbench.tasks.classify.verify.look import look


def kinds_of(content: bytes, name: str = "picture.jpg") -> set[str]:
    return {finding.kind for finding in look(content, name)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_of_a_plain_picture_there_is_nothing_to_say(kind: str) -> None:
    content = encoded(noise(), kind)

    assert look(content, f"picture.{kind.lower()}") == []


@pytest.mark.parametrize("name", FAULTY)
def test_each_fault_is_told(name: str) -> None:
    make, kinds = FAULTY[name]

    found = kinds_of(make(), name)

    assert found == kinds and found <= set(FAULTS)


@pytest.mark.parametrize("name", ODD)
def test_what_the_reader_takes_care_of_is_a_remark(name: str) -> None:
    make, kinds = ODD[name]

    found = kinds_of(make(), name)

    assert found == kinds and found <= set(REMARKS)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_is_a_fault(progressive: bool) -> None:
    content = encoded(noise(), progressive=progressive)

    sound = [cut for cut in range(len(content)) if not kinds_of(content[:cut]) & set(FAULTS)]

    assert sound == []


def test_nothing_that_the_reference_refuses_is_passed() -> None:
    rng, content = np.random.default_rng(0), plain()

    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        assert kinds_of(bytes(damaged)) & set(FAULTS) or decodes(bytes(damaged))


def decodes(content: bytes) -> bool:
    try:
        Image.open(BytesIO(content)).load()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("orientation", [0, 1, 9])
def test_an_upright_picture_or_a_senseless_orientation_is_not_told(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert kinds_of(encoded(noise(), exif=exif)) == set()


@pytest.mark.parametrize(
    ("reader", "kind"),
    [
        (lambda content, name: np.full((48, 48, 3), 255), "clipped"),
        (lambda content, name: np.full((48, 48, 3), 127), "16-bit"),
    ],
)
def test_16_bits_that_the_reader_cuts_off_are_a_fault(
    monkeypatch: pytest.MonkeyPatch, reader: Callable[[bytes, str], np.ndarray], kind: str
) -> None:
    monkeypatch.setattr(verify_look, "decode_rgb", reader)

    assert kinds_of(grey_16_bit(), "deep.png") == {kind, "grey"}


def test_damaged_exif_and_32_pixels_are_nothing_to_say() -> None:
    content = encoded(noise(side=32), exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01")

    assert look(content, "picture.jpg") == []


def test_what_is_wrong_is_said_in_words() -> None:
    (page,) = look(FAULTY["page.jpg"][0](), "page.jpg")
    (tiny,) = look(plain(side=20), "tiny.jpg")

    assert page.words == "it begins with b'<!DOCTYPE html><'"
    assert tiny.words == "20 x 20 pixels"


def test_every_kind_is_explained() -> None:
    assert list(ABOUT) == list(KINDS)


def test_real_pictures_are_sound() -> None:
    files = sorted(real_data("imagenet_sample").rglob("*.JPEG"))

    assert [f.name for f in files if look(f.read_bytes(), f.name)] == []
