from transferbench.benchmarks.result import Comparison, Figure, Result

COMPARISON = Comparison.of(
    "decode_crop",
    "decode",
    {"ours": [1.0, 3.0, 2.0], "torchvision": [2.0, 9.0, 6.0]},
    pictures=10,
    difference=0.25,
)


def test_a_comparison_is_of_medians_for_one_picture() -> None:
    assert (COMPARISON.ours_seconds, COMPARISON.reference_seconds) == (0.2, 0.6)
    assert COMPARISON.ratio == 3  # of 2, 3 and 3


def test_programs_are_given_numbers_by_name() -> None:
    result = Result(
        (COMPARISON,), {"device": "cpu"}, (Figure("memory_ours", "peak", 1.5, "GB"),), ("a note",)
    )

    assert result.content() == {
        "ratios": {"decode_crop": 3.0},
        "seconds": {"decode_crop": {"ours": 0.2, "torchvision": 0.6}},
        "differences": {"decode_crop": 0.25},
        "figures": {"memory_ours": 1.5},
        "machine": {"device": "cpu"},
        "notes": ["a note"],
    }


def test_where_no_pixels_are_compared_there_is_no_difference() -> None:
    comparison = Comparison.of("colour", "colours", {"ours": [1.0], "torchvision": [2.0]}, pictures=1)

    assert Result((comparison,), {}).content()["differences"] == {}
