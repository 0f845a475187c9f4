import csv as reader

from tests.fabricate.records import record, top1
from transferbench.reports.comparison import Comparison, compare
from transferbench.reports.formats import csv, latex, markdown

MARKDOWN = """\
**classify, miniature@1: percent, mean \u00b1 sd over 1 to 2 seeds**

| recipe | top-1 \u2191 | vs B | paper |
| --- | --: | --: | --: |
| B | 50.5 \u00b1 0.7 |  | 76.2 |
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
B & 50.5 $\pm$ 0.7 &  & 76.2 \\
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
recipe,protocol,score,n,mean,sd,difference,low,high,p,paper
B,miniature@1,classify/top1,1,0.5,,,,,,0.7616
D,miniature@1,classify/top1,1,0.75,,0.25,,,,
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
