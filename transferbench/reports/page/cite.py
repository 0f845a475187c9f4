"""What is needed to cite the numbers, and to take them along."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import PurePath

PAPER = """@inproceedings{he2019bag,
  title     = {Bag of Tricks for Image Classification with Convolutional Neural Networks},
  author    = {He, Tong and Zhang, Zhi and Zhang, Hang and Zhang, Zhongyue and Xie, Junyuan and Li, Mu},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  pages     = {558--567},
  year      = {2019},
  note      = {arXiv:1812.01187}
}"""
"""The paper whose question is asked."""

_KINDS = {
    ".json": "application/json",
    ".csv": "text/csv",
    ".tex": "text/x-tex",
    ".md": "text/markdown",
    ".bib": "text/x-bibtex",
}


@dataclass(frozen=True)
class Download:
    """A file that the page holds."""

    name: str
    address: str
    """A `data:` address: nothing is fetched."""
    kilobytes: float


def download(name: str, content: str) -> Download:
    """Returns a text as a file that a page holds."""
    kind = _KINDS.get(PurePath(name).suffix, "text/plain")
    content_bytes = content.encode()
    address = f"data:{kind};charset=utf-8;base64,{b64encode(content_bytes).decode()}"
    return Download(name, address, len(content_bytes) / 1000)
