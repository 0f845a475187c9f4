from io import BytesIO, StringIO, TextIOWrapper
from typing import Literal

from rich.console import Console

from tests.fabricate.records import demo, record, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.rows import Comparison
from transferbench.reports.words.table import table
from transferbench.runs.record import Record

DETECT = """\
detect, miniature@1: percent, mean \u00b1 sd over 2 seeds
recipe  mAP 11-point \u2191                    vs B
----------------------------------------------
B           76.0 \u00b1 0.3
random      21.3 \u00b1 0.5  -54.6 [-61.6, -47.7] \u2020
D           79.5 \u00b1 0.8   +3.4  [-6.1,  13.0]

recipe  mAP area \u2191                    vs B
------------------------------------------
B       75.1 \u00b1 0.1
random  20.2 \u00b1 0.2  -54.9 [-58.4, -51.4] \u2020
D       78.2 \u00b1 0.4   +3.1  [-1.7,   7.8]

recipe   COCO AP \u2191   vs B
-------------------------
B       36.6 \u00b1 0.0
random   9.0 \u00b1 0.0  -27.6
D       37.9 \u00b1 0.0   +1.3

recipe  COCO AP50 \u2191                    vs B
-------------------------------------------
B        75.4 \u00b1 0.3
random   19.7 \u00b1 0.5  -55.8 [-62.7, -48.8] \u2020
D        77.3 \u00b1 0.8   +1.9  [-7.6,  11.5]

"""

CLASSIFY = """\
classify, miniature@1: percent, mean \u00b1 sd over 2 seeds
recipe     top-1 \u2191               vs B  paper     top-5 \u2191             vs B
-------------------------------------------------------------------------
B       85.7 \u00b1 0.6                     76.16  97.2 \u00b1 0.3
D       88.5 \u00b1 0.2  +2.9 [-4.7, 10.5]  79.29  98.2 \u00b1 0.2  +1.1 [0.4, 1.7]

"""

SEGMENT = """\
segment, miniature@1: percent, mean \u00b1 sd over 2 seeds
recipe    pixAcc \u2191                    vs B      mIoU \u2191                    vs B
------------------------------------------------------------------------------
B       78.8 \u00b1 0.3                          36.4 \u00b1 0.3
random  50.6 \u00b1 0.5  -28.2 [-35.1, -21.2] \u2020   9.3 \u00b1 0.5  -27.1 [-34.0, -20.1] \u2020
D       79.4 \u00b1 0.8   +0.6  [-8.9,  10.1]    38.5 \u00b1 0.8   +2.1  [-7.4,  11.6]

"""

COST = """\
cost of a run: mean time, greatest memory
recipe             classify               detect              segment
---------------------------------------------------------------------
B       1 min 25 s, 1.5 GiB  1 min 25 s, 1.5 GiB  1 min 25 s, 1.5 GiB
random                       1 min 25 s, 1.5 GiB  1 min 25 s, 1.5 GiB
D       1 min 25 s, 1.5 GiB  1 min 25 s, 1.5 GiB  1 min 25 s, 1.5 GiB

"""

NOTES_80 = """\
- 95 % intervals of the paired difference over seeds (Student's t), each by
  itself
- \u2020 p < 0.05 after Holm's correction within each table, for 2 to 6 differences
- where every seed gives the same difference, its spread is unknown: no interval
- a seed sets the order of the data, the augmentation and the initial weights of
  what is new
- the pictures that are scored are held: no interval here tells what others
  would give (see --pictures)
- varied: pretraining and transfer, as every seed has a backbone of its own, for
  B, random, D
- random has no run of classify
"""

NOTES_100 = """\
- 95 % intervals of the paired difference over seeds (Student's t), each by itself
- \u2020 p < 0.05 after Holm's correction within each table, for 2 to 6 differences
- where every seed gives the same difference, its spread is unknown: no interval
- a seed sets the order of the data, the augmentation and the initial weights of what is new
- the pictures that are scored are held: no interval here tells what others would give (see
  --pictures)
- varied: pretraining and transfer, as every seed has a backbone of its own, for B, random, D
- random has no run of classify
"""

ONE_SEED = """\
classify, miniature@1: percent, 1 seed
recipe  top-1 \u2191  vs B
---------------------
B          50.0
bag        49.3  -0.7

classify, other@1: percent, 1 seed
recipe  top-1 \u2191
---------------
x          40.0

cost of a run: mean time, greatest memory
recipe  classify, miniature@1    classify, other@1
--------------------------------------------------
B         1 min 20 s, 1.5 GiB
bag       1 min 20 s, 1.5 GiB
x                              1 min 20 s, 1.5 GiB

- one seed: no spread, and no interval of the paired difference over seeds
- the pictures that are scored are held: no interval here tells what others
  would give (see --pictures)
- classify by other@1: B has no run of it, so no difference is given
"""

PARTS = """\
classify, miniature@1: percent, mean \u00b1 sd over 2 seeds
recipe     top-1 \u2191              vs B         paper
--------------------------------------------------
B       77.0 \u00b1 0.0                    77.26 \u00b1 0.07
D       78.5 \u00b1 0.1  +1.5  [0.2, 2.8]  78.37 \u00b1 0.09
x       79.0 \u00b1 0.7  +2.0 [-4.4, 8.4]  79.01

classify, wide@1: percent, mean \u00b1 sd over 2 seeds
recipe     top-1 \u2191                vs b  paper
---------------------------------------------
b       50.5 \u00b1 0.7                      50.00
d       59.0 \u00b1 1.4  +8.5 [2.1, 14.9] \u2020

cost of a run: mean time, greatest memory
recipe  classify, miniature@1     classify, wide@1
--------------------------------------------------
B         1 min 25 s, 1.5 GiB
D         1 min 25 s, 1.5 GiB
x         1 min 25 s, 1.5 GiB
b                              1 min 25 s, 1.5 GiB
d                              1 min 25 s, 1.5 GiB

"""


def _of_demo() -> Comparison:
    return compare(demo(), suite="demo", baseline="B", order=("random", "B", "D"))


def _of(records: list[Record]) -> Comparison:
    return compare(records, suite="s", baseline="B")


def _printed(comparison: Comparison, width: int, *, is_terminal: bool = False) -> str:
    """Returns the lines without the blanks at their ends; rules are drawn in ASCII to be readable here."""
    text = StringIO()
    colours: Literal["standard"] | None = "standard" if is_terminal else None
    console = Console(
        file=text, width=width, force_terminal=is_terminal, color_system=colours, no_color=not is_terminal
    )
    console.print(table(comparison))
    return "".join(line.rstrip() + "\n" for line in text.getvalue().replace("\u2500", "-").splitlines())


def test_a_table_of_80_columns_is_this_text() -> None:
    assert _printed(_of_demo(), 80) == CLASSIFY + DETECT + SEGMENT + COST + NOTES_80


def test_a_table_of_100_columns_has_more_beside_each_other() -> None:
    text = _printed(_of_demo(), 100)

    assert text.startswith(CLASSIFY) and text.endswith(SEGMENT + COST + NOTES_100)
    assert text.count("mAP area") == 1 and "mAP 11-point \u2191                    vs B  mAP area" in text


def test_parts_of_a_table_stand_below_each_other_with_the_papers_spread_where_it_has_one() -> None:
    records = [
        *top1("B", 0.77, 0.77, paper={"classify/top1": {"mean": 0.7726, "sd": 0.0007}}),
        *top1("D", 0.784, 0.786, paper={"classify/top1": {"mean": 0.7837, "sd": 0.0009}}),
        *top1("x", 0.785, 0.795, paper={"classify/top1": 0.7901}),
        *top1("b", 0.5, 0.51, protocol="wide@1", paper={"classify/top1": 0.5}),
        *top1("d", 0.58, 0.6, protocol="wide@1"),
    ]
    order = ("B", "D", "x", "b", "d")

    comparison = compare(records, suite="s", baseline="B", order=order, further_baselines=("b",))

    assert _printed(comparison, 80).partition("- 95 %")[0] == PARTS


def test_one_seed_and_another_protocol_are_printed_so() -> None:
    records = top1("B", 0.5) + top1("bag", 0.493) + top1("x", 0.4, protocol="other@1")

    assert _printed(_of(records), 80) == ONE_SEED


def test_a_wide_console_shows_all_scores_of_a_task_in_one_table() -> None:
    headers = [line for line in _printed(_of_demo(), 140).splitlines() if "mAP 11-point" in line]

    assert len(headers) == 1
    assert "COCO AP50" in headers[0]


def test_no_number_is_cut_short_on_a_narrow_console() -> None:
    narrow, wide = _printed(_of_demo(), 30), _printed(_of_demo(), 140)

    assert "\u2026" not in narrow
    assert {word for word in wide.split() if "." in word} <= set(narrow.split())


def test_colour_marks_only_differences_that_exclude_zero() -> None:
    records = top1("B", 0.5, 0.5) + top1("up", 0.7, 0.71) + top1("down", 0.3, 0.31) + top1("same", 0.5, 0.6)

    lines = _printed(_of(records), 80, is_terminal=True).splitlines()

    assert "\x1b[32m" in lines[4] and "\x1b[31m" in lines[5]
    assert "\x1b[3" not in lines[3] + lines[6]


def test_a_pipe_gets_no_colours() -> None:
    assert "\x1b" not in _printed(_of_demo(), 80)


def test_an_output_without_unicode_gets_plain_signs() -> None:
    file = TextIOWrapper(buffer := BytesIO(), encoding="ascii")

    Console(file=file, width=100).print(table(_of_demo()))

    file.flush()
    assert b"76.0 +- 0.3" in buffer.getvalue() and b"mAP 11-point ^" in buffer.getvalue()


def test_names_with_brackets_are_printed_as_they_are() -> None:
    records = [record("[red]x", "classify", 0, {"top1": 0.5}), record("y", "classify", 0, {"top1": 0.6})]

    text = _printed(compare(records, suite="s", baseline="[red]x"), 80)

    assert "vs [red]x" in text and "\n[red]x " in text


def test_less_of_an_error_is_green() -> None:
    lost = {"B": (0.20, 0.21, 0.22), "D": (0.10, 0.115, 0.12)}
    runs = [
        record(name, "detect", seed, {"lost_missed": value})
        for name, values in lost.items()
        for seed, value in enumerate(values)
    ]
    text = StringIO()
    console = Console(file=text, width=100, force_terminal=True, color_system="standard")

    console.print(table(compare(runs, suite="s", baseline="B")))

    assert "\x1b[32m" in text.getvalue() and "\x1b[31m" not in text.getvalue()
