import subprocess
import sys

PROBE = """
import sys
import transferbench.reports.words.formats, transferbench.reports.montage, transferbench.reports.words.table
print(sorted({"torch", "torchvision", "numpy", "scipy", "matplotlib", "PIL"} & set(sys.modules)))
"""


def test_reports_load_nothing_heavy() -> None:
    loaded = subprocess.run([sys.executable, "-c", PROBE], check=True, capture_output=True, text=True).stdout

    assert loaded == "[]\n"
