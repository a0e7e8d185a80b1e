"""What trained the network in the box: BatchNorm is folded away without a change of what the network says."""

import torch

threads = torch.get_num_threads()
from studio import train_vgg16_tiny as studio  # noqa: E402

torch.set_num_threads(threads)  # the studio takes one thread for each of its workers


def test_folding_changes_nothing_that_the_network_says():
    draw = torch.Generator().manual_seed(0)
    trained = studio.initialise(studio.VGG(batch_norm=True), 1).eval()
    for norm in studio.of_kind(trained, torch.nn.BatchNorm2d):
        for values, low, high in ((norm.weight, 0.5, 2), (norm.bias, -1, 1), (norm.running_mean, -1, 1), (norm.running_var, 0.3, 3)):
            torch.nn.init.uniform_(values, low, high, generator=draw)
    x = torch.randn(4, 3, 64, 64, generator=draw)
    plain = studio.fold(trained)
    assert not studio.of_kind(plain, torch.nn.BatchNorm2d)
    with torch.no_grad():
        torch.testing.assert_close(plain.eval()(x), trained(x), rtol=1e-3, atol=1e-3)
