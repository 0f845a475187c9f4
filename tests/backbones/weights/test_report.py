"""What fits is counted, and what no trained network has is told."""

import torch

from transferbench.backbones.weights.report import LoaderReport, insane, percent, report_on

EXPECTED = {
    "conv.weight": torch.zeros(4, 3),
    "bn.weight": torch.zeros(4),
    "bn.running_mean": torch.zeros(4),
    "bn.running_var": torch.ones(4),
    "bn.num_batches_tracked": torch.tensor(0),
}
FOUND = {
    "conv.weight": torch.ones(4, 3, dtype=torch.float16),
    "bn.weight": torch.ones(4),
    "bn.running_mean": torch.ones(4),
    "bn.running_var": torch.full((4,), 2.0),
}


def test_a_full_load_counts_every_number_and_names_the_dtypes() -> None:
    report = report_on(EXPECTED, FOUND, source="x", arch="a")

    assert (report.matched, report.share_loaded, report.norms) == (4, 1.0, 1)
    assert report.dtypes == ("float16", "float32")
    assert report.is_full


def test_shares_count_numbers_and_not_tensors() -> None:
    found = {name: tensor for name, tensor in FOUND.items() if name != "conv.weight"}

    report = report_on(EXPECTED, found, source="x", arch="a")

    assert report.share_loaded == 12 / 24
    assert report.missing == ("conv.weight",)
    assert not report.is_full


def test_a_tensor_of_another_shape_and_an_unexpected_one_are_named() -> None:
    found = {**FOUND, "conv.weight": torch.ones(4, 4), "extra": torch.ones(1)}

    report = report_on(EXPECTED, found, source="x", arch="a")

    assert report.faults() == (
        "1 of another shape (the first is 'conv.weight: 4x4 in place of 4x3'), "
        "1 unexpected (the first is 'extra')"
    )


def test_what_may_be_missing_is_recorded_and_no_fault() -> None:
    found = {name: tensor for name, tensor in FOUND.items() if "running" not in name}

    report = report_on(EXPECTED, found, source="x", arch="a", allow_missing=("*.running_*",))

    assert report.allowed_missing == ("bn.running_mean", "bn.running_var")
    assert (report.is_full, report.missing, report.share_loaded) == (True, (), 16 / 24)


def test_leave_to_lack_everything_is_no_load() -> None:
    report = report_on(EXPECTED, {}, source="x", arch="a", allow_missing=("*",))

    assert not report.is_full


def test_a_report_of_nothing_is_not_full() -> None:
    assert not LoaderReport("random:a", "a", was_random=True).is_full


def test_a_trained_network_is_sane() -> None:
    assert insane(FOUND) is None


def test_a_network_without_batch_norm_is_sane() -> None:
    assert insane({"conv.weight": torch.ones(2, 2), "scale.weight": torch.zeros(2)}) is None


def test_nan_and_infinity_are_told() -> None:
    for value in (float("nan"), float("inf")):
        assert insane({**FOUND, "bn.weight": torch.tensor([value])}) == "NaN or infinity in 'bn.weight'"


def test_a_variance_that_is_not_above_zero_is_told() -> None:
    for value in (0.0, -0.25):
        found = {**FOUND, "bn.running_var": torch.tensor([1.0, value])}

        assert insane(found) == f"a variance of {value:.3g} in 'bn.running_var'"


def test_statistics_as_they_were_made_are_told_unless_they_may_be_missing() -> None:
    found = {**FOUND, "bn.running_mean": torch.zeros(4), "bn.running_var": torch.ones(4)}

    assert insane(found) == (
        "1 of 1 batch norms with the statistics they were made with "
        "(mean 0, variance 1; the first is 'bn.running_var')"
    )
    assert insane(found, allow_missing=("*.running_*",)) is None


def test_one_norm_that_was_touched_does_not_vouch_for_the_others() -> None:
    norms = {
        f"{n}.running_{kind}": torch.full((2,), float(kind == "var"))
        for n in "abc"
        for kind in ("mean", "var")
    }
    touched = {**norms, "a.running_mean": torch.ones(2)}

    assert insane(touched) == (
        "2 of 3 batch norms with the statistics they were made with "
        "(mean 0, variance 1; the first is 'b.running_var')"
    )
    assert insane({**touched, "b.running_mean": torch.ones(2)}) is None


def test_weights_of_zeros_or_integers_are_told_unless_they_may_be_missing() -> None:
    zeros, integers = {"conv.weight": torch.zeros(4, 3)}, {"conv.weight": torch.ones(4, 3, dtype=torch.int8)}

    assert insane(zeros) == "nothing but zeros in 'conv.weight'"
    assert insane(integers) == "integers (int8) in 'conv.weight'"
    assert insane(zeros, allow_missing=("conv.*",)) is None


def test_floats_of_a_byte_are_read() -> None:
    assert insane({"conv.weight": torch.ones(4, 3).to(torch.float8_e4m3fn)}) is None


def test_a_share_that_is_not_all_never_reads_as_all() -> None:
    assert [percent(share) for share in (1.0, 0.9996, 0.5, 0.0)] == ["100.0%", "99.9%", "50.0%", "0.0%"]
