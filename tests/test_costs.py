"""The meter counts what can be counted by hand."""

import numpy as np
import pytest
import torch
from making import alike, network, set_of
from torch import nn

from shoulders import costs, datasets, features, training


@pytest.fixture
def small():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 3, padding=1), nn.Flatten(), nn.Linear(128, 2)
    )


FIRST, SECOND, LAST = 5 * 64 * 4 * 3 * 9, 5 * 64 * 2 * 4 * 9, 5 * 128 * 2
"""Multiplications of the three layers for five pictures of 8 × 8 pixels; as many additions."""


def test_forward_and_backward_by_hand(small):
    pictures = torch.randn(5, 3, 8, 8)
    with costs.meter() as spent, torch.inference_mode():
        small(pictures)
    assert spent.gflops == pytest.approx(2 * (FIRST + SECOND + LAST) / 1e9)
    assert spent.megabytes == 0 and spent.seconds > 0
    with costs.meter() as spent:
        small(pictures).sum().backward()
    assert spent.gflops == pytest.approx(2 * (2 * FIRST + 3 * SECOND + 3 * LAST) / 1e9)  # nothing below the first layer learns
    kept = pictures.numel() + 5 * 4 * 64 + 5 * 128  # what goes into each layer, and is kept once
    assert spent.megabytes == pytest.approx(4 * kept / 1e6)


@pytest.mark.parametrize(
    ("layer", "forth"),
    [
        (nn.Conv2d(4, 8, 3, groups=4), 5 * 36 * 8 * 9),
        (nn.Conv2d(4, 4, 3, stride=2, groups=4), 5 * 9 * 4 * 9),
        (nn.Conv2d(4, 6, 1), 5 * 64 * 6 * 4),
        (nn.ConvTranspose2d(4, 6, 2, stride=2), 5 * 64 * 4 * 6 * 4),
    ],
)
def test_the_way_back_through_groups_is_twice_the_way_there(layer, forth):
    pictures = torch.randn(5, 4, 8, 8, requires_grad=True)
    with costs.meter() as spent:
        layer(pictures).sum().backward()
    assert spent.gflops == pytest.approx(2 * 3 * forth / 1e9)


def test_memory_is_the_most_at_any_time_not_the_sum(small):
    pictures = torch.randn(5, 3, 8, 8)
    with costs.meter() as once:
        small(pictures).sum().backward()
    with costs.meter() as thrice:
        for _ in range(3):
            small(pictures).sum().backward()
    assert thrice.megabytes == once.megabytes
    assert thrice.gflops == pytest.approx(3 * once.gflops)


def test_counting_changes_nothing(small):
    pictures = torch.randn(5, 3, 8, 8)
    small(pictures).sum().backward()
    before = [parameter.grad.clone() for parameter in small.parameters()]
    small.zero_grad()
    with costs.meter():
        small(pictures).sum().backward()
    assert all(alike(parameter.grad, old) for old, parameter in zip(before, small.parameters()))


def test_a_look_costs_what_its_pictures_cost_and_a_bill_adds_up(tmp_path, exact):
    held = datasets.load(set_of(tmp_path / "set", 6, 5))
    backbone = network("vgg16_tiny")
    with costs.meter() as one:
        features.extract(backbone, held.train.take([0]), remember=False)
    with costs.meter() as all_of_them:
        features.extract(backbone, held.train, remember=False)
    assert all_of_them.gflops == pytest.approx(12 * one.gflops)
    result = training.feature_extraction(backbone, held)
    bill = costs.bill(result, costs.Spent(2.0, 3.0, 4.0), backbone)
    weights = sum(parameter.numel() for parameter in backbone.module.parameters())
    assert bill["megabytes"] == pytest.approx(4 + 4 * (weights + 3 * 65) / 1e6)  # 64 features and a constant learn
    assert bill["trained_parameters"] == 65 and bill["gflops"] == 3
    assert bill["points_per_second"] == pytest.approx(100 * (result.accuracy - 0.5) / 2)
    assert np.allclose([bill["low"], bill["high"]], result.interval)


def test_frozen_weights_are_no_activations():
    frozen, learns = nn.Linear(400, 400).requires_grad_(False), nn.Linear(3, 400)
    with costs.meter() as spent:
        frozen(learns(torch.zeros(2, 3))).sum().backward()
    assert spent.megabytes < 0.1
