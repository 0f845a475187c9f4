import csv as reader
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fabricate.records import record, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.findings.kinds import Sheet
from transferbench.reports.rows import Comparison
from transferbench.reports.words.formats import csv, latex, markdown
from transferbench.reports.words.sheets import sheets_of

MARKDOWN = """\
**classify, miniature@1: percent, mean \u00b1 sd over 2 seeds**

| recipe | top-1 \u2191 | vs B | paper |
| --- | --: | --: | --: |
| B | 50.5 \u00b1 0.7 |  | 76.16 |
| D\\|2 | 59.0 \u00b1 1.4 | +8.5 [-10.6, 27.6] |  |

**classify, other@1: percent, 1 seed**

| recipe | top-1 \u2191 |
| --- | --: |
| x_1 | 0.0 |

**segment, miniature@1: percent, 1 seed**

| recipe | mIoU \u2191 |
| --- | --: |
| B | 30.0 |

- 95 % intervals of the paired difference over seeds (Student's t), each by itself
- \u2020 p < 0.05 after Holm's correction within each table, for 1 difference
- a seed sets the order of the data, the augmentation and the initial weights of what is new
- the pictures that are scored are held: no interval here tells what others would give (see --pictures)
- classify by other@1: B has no run of it, so no difference is given
- D\\|2 has no run of segment
- x_1 has no run of segment
"""

LATEX = r"""% needs \usepackage{booktabs}
\begin{table}
\centering
\caption{classify, miniature@1: percent, mean $\pm$ sd over 2 seeds}
\begin{tabular}{lrrr}
\toprule
recipe & top-1 $\uparrow$ & vs B & paper \\
\midrule
B & 50.5 $\pm$ 0.7 &  & 76.16 \\
D\textbar{}2 & 59.0 $\pm$ 1.4 & +8.5 [$-$10.6, 27.6] &  \\
\bottomrule
\end{tabular}
\end{table}
\begin{table}
\centering
\caption{classify, other@1: percent, 1 seed}
\begin{tabular}{lr}
\toprule
recipe & top-1 $\uparrow$ \\
\midrule
x\_1 & 0.0 \\
\bottomrule
\end{tabular}
\end{table}
\begin{table}
\centering
\caption{segment, miniature@1: percent, 1 seed}
\begin{tabular}{lr}
\toprule
recipe & mIoU $\uparrow$ \\
\midrule
B & 30.0 \\
\bottomrule
\end{tabular}
\end{table}

\begingroup\footnotesize\noindent
95 \% intervals of the paired difference over seeds (Student's t), each by itself.
$\dagger$ p $<$ 0.05 after Holm's correction within each table, for 1 difference.
a seed sets the order of the data, the augmentation and the initial weights of what is new.
the pictures that are scored are held: no interval here tells what others would give (see -{}-pictures).
classify by other@1: B has no run of it, so no difference is given.
D\textbar{}2 has no run of segment.
x\_1 has no run of segment.
\par\endgroup
"""

CSV = """\
recipe,protocol,score,baseline,n,mean,sd,difference,low,high,p,p_holm,pairs,\
pictures_low,pictures_high,difference_pictures_low,difference_pictures_high,\
paper,paper_sd,origin,mark,unit
B,miniature@1,classify/top1,B,1,0.5,,,,,,,,,,,,0.7616,,,,fraction
D,miniature@1,classify/top1,B,1,0.75,,0.25,,,,,1,,,,,,,,,fraction
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
    assert header[-5:-3] == ["paper", "paper_sd"] and lines[0][-5:-3] == ["0.7837", "0.0009"]
    assert (header[-1], lines[0][-1]) == ("unit", "fraction")


def test_csv_is_this_text() -> None:
    records = top1("B", 0.5, paper={"classify/top1": 0.7616}) + top1("D", 0.75)

    assert csv(compare(records, suite="s", baseline="B")) == CSV


def test_csv_reads_back_to_the_same_fractions() -> None:
    comparison = _comparison()

    lines = list(reader.DictReader(csv(comparison).splitlines()))

    delta = comparison.tables[0].rows[1].cells["classify/top1"].delta
    assert delta is not None
    assert lines[1]["recipe"] == "D|2"
    assert [float(lines[1][key]) for key in ("difference", "low", "p")] == [delta.mean, delta.low, delta.p]


def test_markdown_shows_names_as_they_are() -> None:
    comparison = compare(top1("<b>`x`</b> a\\|_c_ d_e", 0.5), suite="s", baseline="<b>`x`</b> a\\|_c_ d_e")

    row = markdown(comparison).splitlines()[4]

    assert row == "| \\<b>\\`x\\`\\</b> a\\\\\\|\\_c\\_ d_e | 50.0 |"


def test_latex_compiles(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("there is no pdflatex here")
    odd = top1("[a_b]%&#$^~\\{}<|>", 0.4, 0.5, machine={"device": "cpu", "torch": "9"})
    starred = top1("*", 0.4, 0.5)
    comparison = compare([*top1("B", 0.5, 0.52), *odd, *starred], suite="s", baseline="B")
    text = latex(comparison, sheets_of(comparison))

    document = f"\\documentclass{{article}}\\usepackage{{booktabs}}\\begin{{document}}{text}\\end{{document}}"
    (tmp_path / "page.tex").write_text(document)

    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    result = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-2000:]


def test_sheets_follow_the_tables_and_their_notes_come_first() -> None:
    comparison = compare(top1("B", 0.5), suite="s", baseline="B", order=("B", "D"))
    sheet = Sheet("costs", ("recipe", "hours"), (("B", "2"),), ("hours are long",))

    assert markdown(comparison, [sheet]).split("\n\n", 2)[2] == (
        "**costs**\n\n| recipe | hours |\n| --- | --: |\n| B | 2 |\n\n"
        "- hours are long\n- D has no finished run\n"
    )
    assert latex(comparison, [sheet]).count("\\begin{tabular}") == 2


def test_latex_says_what_letters_beyond_latin_need() -> None:
    german, japanese = (compare(top1(name, 0.5), suite="s", baseline=name) for name in ("\u00fc", "\u65e5"))

    assert latex(german).startswith("% needs \\usepackage{booktabs}\n")
    assert latex(japanese).startswith(
        "% needs \\usepackage{booktabs}, and lualatex or xelatex for some letters\n"
    )
