"""The colours that data sets show their classes in, each as `#rrggbb`."""

from __future__ import annotations

from collections.abc import Sequence
from colorsys import hsv_to_rgb

_ADE20K = (
    "787878b4787806e6e650323204c8037878508c8c8ccc05ffe6e6e604fa07e005ffebff0796053d78784608ff33ff0652"
    "8fff8cccff04ff3307cc46030066c83de6faff06330b66ffff0747ff09e00907e6dcdcdcff095c7009ff08ffd607ffe0"
    "ffb8060aff47ff290a07ffffe0ff086608ffff3d06ffc207ff7a0800ff14ff0829ff05990633ffeb0cffa0961400a3ff"
    "8c8c8cfa0a0f14ff001fff00ff1f00ffe00099ff000000ffff470000ebff00adff1f00ff0bc8c8ff520000fff5003dff"
    "00ff7000ff85ff0000ffa300ff6600c2ff00008fff33ff000052ff00ff2900ffad0a00ffadff0000ff99ff5c00ff00ff"
    "ff00f5ff0066ffad00ff0014ffb8b8001fff00ff3d0047ffff00cc00ffc200ff52000aff0070ff3300ff00c2ff007aff"
    "00ffa3ff990000ff0aff70008fff005200ffa3ff00ffeb0008b8aa8500ff00ff5cb800ffff001f00b8ff00d6ffff0070"
    "5cff0000e0ff70e0ff46b8a0a300ff9900ff47ff00ff00a3ffcc00ff008f00ffeb85ff00ff00ebf500ffff007afff500"
    "0abed4d6ff0000ccff1400ffffff000099ff0029ff00ffcc2900ff29ff00ad00ff00f5ff4700ff7a00ff00ffb8005cff"
    "b8ff000085ffffd60019c2c266ff005c00ff"
)
"""Six digits a class."""
_DIGITS = 6
_GOLDEN = 0.61803398875
_TONES = ((0.95, 0.95), (0.55, 1.0), (0.9, 0.55))
_BITS_OF_A_COLOUR = 8


def ade20k_colours(numbers: Sequence[int]) -> tuple[str, ...]:
    """Returns the colours of classes by their numbers from 1; those over 150, which ADE20K lacks, are spread.

    Source:
        The palette of the scene parsing benchmark (color150.mat), as MMSegmentation has it in ade.py.
    """
    more = spread_colours(max(numbers, default=0))
    known = [f"#{_ADE20K[at : at + _DIGITS]}" for at in range(0, len(_ADE20K), _DIGITS)]
    return tuple(known[n - 1] if n <= len(known) else more[n - 1] for n in numbers)


def voc_colours(count: int) -> tuple[str, ...]:
    """Returns the colours of the values 0, 1, ...: their bits, dealt out to red, green and blue in turn.

    Source:
        VOClabelcolormap.m of the VOC 2012 development kit.
    """
    return tuple(_hex(*(_dealt(value, first) for first in range(3))) for value in range(count))


def spread_colours(count: int) -> tuple[str, ...]:
    """Returns colours for classes that have none: neighbours in number are far apart in hue."""
    return tuple(
        _hex(*(round(255 * part) for part in hsv_to_rgb(n * _GOLDEN % 1, *_TONES[n % len(_TONES)])))
        for n in range(count)
    )


def _dealt(value: int, first: int) -> int:
    """Returns every third bit of a value from the bit `first` on, the lowest of them as the highest."""
    return sum(
        (value >> (first + 3 * place) & 1) << (_BITS_OF_A_COLOUR - 1 - place)
        for place in range(_BITS_OF_A_COLOUR)
    )


def _hex(red: int, green: int, blue: int) -> str:
    return f"#{red:02x}{green:02x}{blue:02x}"
