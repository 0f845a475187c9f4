import pytest
import torch

from transferbench.benchmarks.networks import peers_of
from transferbench.errors import WeightsError

pytest.importorskip("timm", reason="needs the extra `timm`")


@pytest.mark.parametrize(
    ("arch", "names"),
    [("resnet18", ["plain", "torchvision", "timm"]), ("resnet18_d", ["plain", "timm"]), ("mini_d", ["plain"]),
     ("timm:resnet10t", ["plain", "timm"])],
)  # fmt: skip
def test_a_network_is_compared_with_those_that_have_it(arch: str, names: list[str]) -> None:
    peers = peers_of(arch, 10)

    assert list(peers) == names
    for peer in peers.values():
        images = peer.prepare(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
        assert peer.make().eval()(images).shape == (1, 10)


def test_all_networks_have_as_many_parameters() -> None:
    counts = {sum(p.numel() for p in peer.make().parameters()) for peer in peers_of("resnet18", 10).values()}

    assert len(counts) == 1


def test_images_are_normalised_as_the_weights_of_the_network_want_them() -> None:
    image = torch.tensor([0, 128, 255], dtype=torch.uint8)[:, None, None].expand(3, 2, 2)

    normalised = peers_of("resnet18", 10)["torchvision"].prepare(image[None])

    expected = [(0 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    torch.testing.assert_close(normalised[0, :, 0, 0], torch.tensor(expected))


def test_an_unknown_network_is_told() -> None:
    with pytest.raises(WeightsError, match="did you mean 'resnet18'"):
        peers_of("resnet81", 10)
