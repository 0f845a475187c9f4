"""The index of weights says what is so."""

import subprocess
import sys
from pathlib import Path

import pytest

from transferbench.backbones.card import Form, Pixels
from transferbench.backbones.catalog import spec_of
from transferbench.backbones.weights.index import read_index
from transferbench.errors import WeightsError

INDEX = read_index()


@pytest.mark.parametrize("name", INDEX)
def test_an_entry_is_of_the_catalog_and_its_figures_can_be(name: str) -> None:
    entry = INDEX[name]

    assert entry.name == name
    assert 1 / entry.classes < entry.top1 < entry.top5 < 1
    assert entry.pixels.input_size == spec_of(entry.arch).pixels.input_size
    assert entry.about
    assert entry.measured


@pytest.mark.parametrize("name", INDEX)
def test_an_entry_says_what_timm_says(name: str) -> None:
    cfg = pytest.importorskip("timm", reason="needs the extra `timm`").get_pretrained_cfg(name)
    entry = INDEX[name]

    pixels = Pixels(cfg.mean, cfg.std, cfg.input_size[1], cfg.crop_pct, cfg.interpolation)
    assert entry.pixels == pixels
    assert (entry.source, entry.licence) == (f"hf:{cfg.hf_hub_id}", cfg.license)
    assert (entry.arch.replace("_", "").removesuffix("b"), entry.classes) == (
        cfg.architecture.replace("_", ""),
        cfg.num_classes,
    )


@pytest.mark.parametrize("name", [name for name in INDEX if name.endswith(".tv_in1k")])
def test_torchvisions_own_figures_are_near(name: str) -> None:
    from torchvision.models import get_model_weights

    weights = get_model_weights(name.partition(".")[0]).IMAGENET1K_V1
    measured = weights.meta["_metrics"]["ImageNet-1K"]

    assert INDEX[name].top1 == pytest.approx(measured["acc@1"] / 100, abs=0.002)
    assert INDEX[name].top5 == pytest.approx(measured["acc@5"] / 100, abs=0.002)


def test_the_row_with_mixup_of_the_papers_tables_is_there() -> None:
    entry = INDEX["resnet50d.gluon_in1k"]

    assert (entry.top1, entry.top5) == (0.79078, 0.94468)
    assert entry.row.startswith("tables 6, 8 and 9, '+ mixup w/o distill', ResNet-50-D")


def test_an_entry_may_state_hash_form_and_classes(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "weights" / "index.toml").read_text().partition("\n\n[")[2]
    path = tmp_path / "index.toml"
    more = f'form = {{ activation = "relu6" }}\nclasses = 21\nsha256 = "{"0" * 64}"\n'
    path.write_text(f"[{text.partition('sha256')[0]}{more}pixels = {{}}")

    entry = read_index(path)["resnet18.gluon_in1k"]

    assert (entry.form, entry.classes, entry.sha256) == (Form("relu6"), 21, "0" * 64)


def test_all_faults_of_an_index_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "index.toml"
    path.write_text(
        'b = 1\n[a]\nsource = "x"\narch = "resnet18"\nabout = ""\nrow = ""\nlicence = ""\nmeasured = ""\n'
        'top1 = 70.8\nsha = ""\nsha256 = "abc"\npixels = { crop = 2, cut = 1 }\n'
    )

    with pytest.raises(WeightsError) as caught:
        read_index(path)

    assert sorted(str(caught.value).splitlines()) == sorted(
        [
            f"{path}: expected an index of weights, found 8 faults:",
            "  a.pixels.crop: input should be less than or equal to 1; found 2",
            "  a.pixels.cut: unknown key; take it out",
            "  a.sha256: string should match pattern '^([0-9a-f]{64})?$'; found 'abc'",
            "  a.sha: unknown key; take it out",
            "  a.source: string should match pattern '^hf:[^/]+/[^/]+$'; found 'x'",
            "  a.top1: input should be less than or equal to 1; found 70.8",
            "  a.top5: expected a value, found none; add the key",
            "  b: input should be a dictionary or an instance of IndexEntry; found 1",
        ]
    )


def test_an_index_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "index.toml"
    path.write_text("[a")

    with pytest.raises(WeightsError, match="expected an index of weights in TOML, found a mistake: "):
        read_index(path)


def test_the_index_is_read_without_torch_and_before_anything_is_fetched() -> None:
    code = "import sys, transferbench.backbones.weights.fetch as f; f.is_remote('x'); print(*sys.modules)"

    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert not {"torch", "torchvision", "timm", "huggingface_hub", "numpy"} & set(modules.split())
