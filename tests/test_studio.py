"""What trained the network in the box: folding BatchNorm away and putting it back change nothing that the network says."""

import pytest
import torch

torch_threads = torch.get_num_threads()
from studio import train_vgg16_tiny as studio  # noqa: E402

torch.set_num_threads(torch_threads)  # the studio takes one thread for each of its workers


@pytest.fixture
def pictures():
    return torch.randint(0, 256, (24, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_norms_that_are_put_back_change_nothing(pictures):
    plain = studio.initialise(studio.VGG(batch_norm=False), 1).eval()
    for i, conv in enumerate(studio.of_kind(plain, torch.nn.Conv2d)):
        torch.nn.init.normal_(conv.bias, std=0.1, generator=torch.Generator().manual_seed(i))
    trained = studio.unfold(plain, pictures).eval()
    x = studio.normalised(pictures)
    with torch.no_grad():
        torch.testing.assert_close(trained(x), plain(x), rtol=1e-4, atol=1e-6)
        trained.train()
        learning = trained(x)  # and on the very pictures that the norms were measured on, neither does the mode
        torch.testing.assert_close(learning, plain(x), rtol=1e-2, atol=1e-4)
    again = studio.fold(studio.unfold(plain, pictures).eval()).state_dict()
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(again[name], value, rtol=1e-4, atol=1e-6)


def test_colours_are_drawn_anew_and_shapes_stay(pictures):
    x = studio.normalised(pictures)
    draw = torch.Generator().manual_seed(0)
    other, third = (studio.coloured(x, 0.3, draw) for _ in range(2))
    assert other.shape == x.shape and not torch.allclose(other, third)
    torch.testing.assert_close(studio.coloured(x, 0.0, draw), x)
    grey, lit = x.mean(1).flatten(1), other.mean(1).flatten(1)  # a straight line from the one to the other, for each picture
    together = [torch.corrcoef(torch.stack(pair))[0, 1].item() for pair in zip(grey, lit)]
    assert min(together) > 0.9999
