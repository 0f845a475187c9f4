"""What each kind of plot shows, told by the text in it."""

import re
from xml.etree import ElementTree

from transferbench.reports.plots.curves import Curve, learning_curves
from transferbench.reports.plots.drawing import Drawing
from transferbench.reports.plots.intervals import Dot, Group, forest, grouped, interval_words
from transferbench.reports.plots.looks import looks
from transferbench.reports.plots.scatter import Axis, Point, scatter
from transferbench.reports.rows import Interval

LOOKS = looks(["B", "D", "random"], "B")
LONG = "resnet50_d_mixup_and_a_very_long_name_of_a_recipe"


def texts(drawing: Drawing) -> list[str]:
    return [
        element.text or "" for element in ElementTree.fromstring(drawing.svg).iter() if "text" in element.tag
    ]


def height(drawing: Drawing) -> float:
    found = re.search(r'height="([\d.]+)pt"', drawing.svg)
    assert found
    return float(found[1])


def test_a_forest_writes_each_recipe_with_its_number() -> None:
    dots = [Dot("D", 10.26, Interval(-2.0, 22.1), Interval(7.0, 13.0)), Dot("random", -31.2)]

    drawing = forest("f", dots, LOOKS, title="t", axis="difference in mAP, points", zero="B")

    assert {"D", "random", "+10.3 [\u22122.0, 22.1]", "\u221231.2"} <= set(texts(drawing))
    assert drawing.description == (
        "difference in mAP, points, against B: D +10.3 [\u22122.0, 22.1]; random \u221231.2."
    )


def test_a_number_that_rounds_to_zero_has_no_minus() -> None:
    assert interval_words(Dot("D", -0.01, Interval(-0.04, 0.01))) == "+0.0 [0.0, 0.0]"


def test_a_forest_grows_by_its_lines() -> None:
    one, three = (
        forest("f", [Dot("D", 1.0)] * count, LOOKS, title="t", axis="x", zero="B") for count in (1, 3)
    )

    assert 20 < (height(three) - height(one)) / 2 < 40


def test_groups_are_labelled_and_only_recipes_that_occur_are_explained() -> None:
    groups = [Group("cat", (Dot("D", 1.0),)), Group("a class with a very long name", (Dot("D", 2.0),))]

    drawing = grouped("g", groups, LOOKS, title="t", axis="x")

    assert {"cat", "D", "a class wi\u2026y long name"} <= set(texts(drawing))
    assert "random" not in texts(drawing)


def test_points_are_explained_below_and_told_in_words() -> None:
    points = [Point("B", 75.0, 38.0, y_range=Interval(37.0, 39.0)), Point("D", 77.0, 41.0, is_hollow=True)]

    drawing = scatter("s", points, LOOKS, title="t", x=Axis("top-1, %"), y=Axis("mIoU, %"), front=points[1:])

    assert {"top-1, %", "mIoU, %", "B", "D"} <= set(texts(drawing))
    assert drawing.description == ("mIoU, % against top-1, %: B 75, 38.0; D 77, 41.0. Not beaten in both: D.")


def test_hours_of_different_sizes_stand_on_a_logarithmic_scale() -> None:
    points = [Point("B", 0.01, 1.0), Point("D", 1000.0, 2.0)]

    drawing = scatter("s", points, LOOKS, title="t", x=Axis("hours", is_log=True), y=Axis("y"))

    assert {"0.01", "0.1", "1", "10", "100", "1000"} <= set(texts(drawing))


def test_curves_tell_where_they_begin_and_end() -> None:
    curve = Curve("D", (0.0, 1.0, 2.0), (3.0, 2.0, 0.5), (2.9, 1.9, 0.4), (3.1, 2.1, 0.6))

    drawing = learning_curves("c", [curve], LOOKS, title="t")

    assert drawing.description.endswith("D from 3 to 0.5.")
    assert {"epoch", "training loss", "D"} <= set(texts(drawing))


def test_a_distilled_loss_does_not_press_the_others_flat() -> None:
    plain = Curve("B", (0.0, 1.0), (3.0, 0.5), (2.9, 0.4), (3.1, 0.6))
    distilled = Curve("D", (0.0, 1.0), (1300.0, 1250.0), (1290.0, 1240.0), (1310.0, 1260.0))

    together = learning_curves("c", [plain, distilled], LOOKS, title="t")
    alone = learning_curves("c", [plain], LOOKS, title="t")

    assert {"1", "10", "100", "1000"} <= set(texts(together))
    assert "10" not in texts(alone)


def test_long_names_leave_a_legend_one_column() -> None:
    def plot_of(*names: str) -> Drawing:
        points = [Point(name, 1.0, 1.0) for name in names]
        return scatter("s", points, looks(["B", *names], "B"), title="t", x=Axis("x"), y=Axis("y"))

    long, short = plot_of(*(f"{LONG}_{i}" for i in range(3))), plot_of("r0", "r1", "r2")

    assert height(long) > height(short) + 20
