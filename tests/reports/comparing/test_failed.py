from tests.fabricate.records import top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.failed import with_failures


def test_what_failed_is_noted_with_its_first_reason_and_what_to_do() -> None:
    failures = {
        "published/detect/seed0": "x.pth: expected weights, found none\nmore",
        "published/detect/seed1": "the disk is full",
        "a/b/segment/seed0": "",
    }

    comparison = with_failures(compare(top1("B", 0.5), suite="mine", baseline="B"), failures)

    assert comparison.notes == (
        "published: 2 runs of detect failed (seed0: x.pth: expected weights, found none); "
        "`transferbench run mine --retry-failed` does them again",
        "a/b: 1 run of segment failed (seed0: no reason given); `transferbench run mine --retry-failed` does "
        "it again",
    )
    assert comparison.failures == failures
