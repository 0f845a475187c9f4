import csv as reader

from tests.fabricate.records import record, top1
from transferbench.reports.comparison import compare
from transferbench.reports.formats import csv, latex, markdown
from transferbench.reports.rows import Comparison

MARKDOWN = """\
**classify, miniature@1: percent, mean \u00b1 sd over 1 to 2 seeds**

| recipe | top-1 \u2191 | vs B | paper |
| --- | --: | --: | --: |
| B | 50.5 \u00b1 0.7 |  | 76.16 |
| D\\|2 | 59.0 \u00b1 1.4 | +8.5 [-10.6, 27.6] |  |
| x_1 \\* | 0.0 |  |  |

**segment, miniature@1: percent, 1 seed**

| recipe | mIoU \u2191 |
| --- | --: |
| B | 30.0 |

- 95 % intervals of the paired difference over seeds (Student's t), not corrected for many comparisons
- a seed sets the order of the data, the augmentation and the initial weights of what is new
- \\* x_1, classify: ran under other@1, B under miniature@1; no difference is given
- x_1 lacks seed 1 of classify
- D\\|2 has no run of segment
- x_1 has no run of segment
"""

LATEX = r"""% needs \usepackage{booktabs}
% classify, miniature@1: percent, mean +- sd over 1 to 2 seeds
\begin{tabular}{lrrr}
\toprule
recipe & top-1 $\uparrow$ & vs B & paper \\
\midrule
B & 50.5 $\pm$ 0.7 &  & 76.16 \\
D|2 & 59.0 $\pm$ 1.4 & +8.5 [$-$10.6, 27.6] &  \\
x\_1 * & 0.0 &  &  \\
\bottomrule
\end{tabular}
% segment, miniature@1: percent, 1 seed
\begin{tabular}{lr}
\toprule
recipe & mIoU $\uparrow$ \\
\midrule
B & 30.0 \\
\bottomrule
\end{tabular}
% 95 % intervals of the paired difference over seeds (Student's t), not corrected for many comparisons
% a seed sets the order of the data, the augmentation and the initial weights of what is new
% * x_1, classify: ran under other@1, B under miniature@1; no difference is given
% x_1 lacks seed 1 of classify
% D|2 has no run of segment
% x_1 has no run of segment
"""

CSV = """\
recipe,protocol,score,n,mean,sd,difference,low,high,p,paper,paper_sd
B,miniature@1,classify/top1,1,0.5,,,,,,0.7616,
D,miniature@1,classify/top1,1,0.75,,0.25,,,,,
"""


def _comparison() -> Comparison:
    records = [
        *top1("B", 0.5, 0.51, paper={"classify/top1": 0.7616}),
        *top1("D|2", 0.6, 0.58),
        *top1("x_1", 0.0, protocol="other@1"),
        record("B", "segment", 0, {"miou": 0.3}),
    ]
    return compare(records, suite="s", baseline="B")


def test_markdown_is_this_text() -> None:
    assert markdown(_comparison()) == MARKDOWN


def test_latex_is_this_text() -> None:
    assert latex(_comparison()) == LATEX


def _in_parts() -> Comparison:
    records = [*top1("B", 0.5, paper={"classify/top1": {"mean": 0.7837, "sd": 0.0009}}), *top1("b", 0.25)]
    records += top1("d", 0.3)
    return compare(records, suite="s", baseline="B", order=("B", "b", "d"), further_baselines=("b",))


def test_markdown_has_a_table_for_each_baseline_and_the_papers_spread() -> None:
    tables = markdown(_in_parts()).split("\n\n**")

    assert tables[0].splitlines()[2:] == [
        *("| recipe | top-1 \u2191 | paper |", "| --- | --: | --: |", "| B | 50.0 | 78.37 \u00b1 0.09 |"),
    ]
    assert tables[1].splitlines()[2:6] == [
        *(
            "| recipe | top-1 \u2191 | vs b |",
            "| --- | --: | --: |",
            "| b | 25.0 |  |",
            "| d | 30.0 | +5.0 |",
        ),
    ]


def test_latex_has_a_table_for_each_baseline_and_the_papers_spread() -> None:
    text = latex(_in_parts())

    assert text.count(r"\begin{tabular}") == 2
    assert "B & 50.0 & 78.37 $\\pm$ 0.09 \\\\\n" in text
    assert "recipe & top-1 $\\uparrow$ & vs b \\\\\n" in text


def test_csv_has_one_header_and_the_papers_spread() -> None:
    header, *lines = reader.reader(csv(_in_parts()).splitlines())

    assert [line[0] for line in lines] == ["B", "b", "d"]
    assert header[-2:] == ["paper", "paper_sd"] and lines[0][-2:] == ["0.7837", "0.0009"]


def test_csv_is_this_text() -> None:
    records = top1("B", 0.5, paper={"classify/top1": 0.7616}) + top1("D", 0.75)

    assert csv(compare(records, suite="s", baseline="B")) == CSV


def test_csv_reads_back_to_the_same_fractions() -> None:
    comparison = _comparison()

    lines = list(reader.DictReader(csv(comparison).splitlines()))

    delta = comparison.rows[1].cells["classify/top1"].delta
    assert delta is not None
    assert lines[2]["recipe"] == "D|2"
    assert [float(lines[2][key]) for key in ("difference", "low", "p")] == [delta.mean, delta.low, delta.p]
