"""The kernels taught in part 3 against torch, SciPy, scikit-learn and exact identities."""

from itertools import product

import numpy as np
import pytest
import torch
from concepts import load_kernels
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import convolve2d
from sklearn.linear_model import Ridge

CONVOLUTION = load_kernels("03_concepts/convolution.py")
BATCH_NORM = load_kernels("03_concepts/batch_normalization.py")
DROPOUT = load_kernels("03_concepts/dropout.py")
LSTM = load_kernels("03_concepts/lstm.py")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_chapter_without_kernels_is_named(tmp_path):
    chapter = tmp_path / "empty.py"
    chapter.write_text("# %% [markdown]\n# # Nothing\n\n# %%\n1 + 1\n")
    with pytest.raises(ValueError, match=r"empty\.py"):
        load_kernels(chapter)


@pytest.mark.parametrize("stride, padding", [*product([1, 2, 3], [0, 1, 2])])
def test_cross_correlation_is_torchs_conv2d(rng, stride, padding):
    image, kernel = rng.standard_normal((9, 11)), rng.standard_normal((3, 4))
    ours = CONVOLUTION["cross_correlate"](image, kernel, stride=stride, padding=padding)
    theirs = torch.nn.functional.conv2d(
        torch.tensor(image)[None, None],
        torch.tensor(kernel)[None, None],
        stride=stride,
        padding=padding,
    )[0, 0]
    assert_allclose(ours, theirs, atol=1e-13)
    lengths = [
        CONVOLUTION["output_length"](n, kernel=k, stride=stride, padding=padding)
        for n, k in zip(image.shape, kernel.shape, strict=True)
    ]
    assert list(theirs.shape) == lengths


def test_convolution_is_scipys_and_commutes(rng):
    image, kernel = rng.standard_normal((7, 8)), rng.standard_normal((3, 2))
    convolve = CONVOLUTION["convolve"]
    assert_allclose(convolve(image, kernel), convolve2d(image, kernel, mode="valid"), atol=1e-13)
    # Over the full support, convolution commutes (cross-correlation does not).
    wide = np.pad(image, ((2, 2), (1, 1)))
    other = np.pad(kernel, ((6, 6), (7, 7)))
    assert_allclose(convolve(wide, kernel), convolve(other, image), atol=1e-13)


def test_the_decks_entry_on_slide_14():
    window = np.array([[7, 2, 3], [4, 5, 3], [3, 3, 2]])
    kernel = np.array([[1, 0, -1]] * 3)
    assert CONVOLUTION["cross_correlate"](window, kernel).item() == 7 + 4 + 3 - 3 - 3 - 2 == 6
    assert CONVOLUTION["convolve"](window, kernel).item() == -6


@pytest.mark.parametrize("kernels, strides", [([3], [1]), ([4, 4, 4], [2, 2, 2]), ([5, 3], [3, 1])])
def test_receptive_field_is_where_the_gradient_is(kernels, strides):
    x = torch.zeros(1, 1, 101, requires_grad=True)
    layers = [torch.nn.Conv1d(1, 1, k, stride=s) for k, s in zip(kernels, strides, strict=True)]
    output = torch.nn.Sequential(*layers)(x)[0, 0]
    (gradient,) = torch.autograd.grad(output[len(output) // 2], x)
    assert CONVOLUTION["receptive_field"](kernels, strides) == (gradient != 0).sum().item()


@pytest.mark.parametrize(
    "name, function",
    [
        ("ReLU", torch.relu),
        ("leaky ReLU", lambda a: torch.nn.functional.leaky_relu(a, 0.2)),
        ("tanh", torch.tanh),
        ("sigmoid", torch.sigmoid),
    ],
)
def test_activations_and_derivatives_are_torchs(name, function):
    grid = np.linspace(-5, 5, 200)
    a = torch.tensor(grid, requires_grad=True)
    value, derivative = CONVOLUTION["activations"][name]
    output = function(a)
    assert_allclose(value(grid), output.detach(), atol=1e-14)
    assert_allclose(derivative(grid), torch.autograd.grad(output.sum(), a)[0], atol=1e-14)


def test_folding_into_32_columns_puts_rows_32_samples_apart():
    inside = [[-33, -32, -31], [-1, 0, 1], [31, 32, 33]]
    assert_array_equal(CONVOLUTION["lags_seen"](10, 10), inside)
    # The first column has no left neighbour: its previous sample ends the row above.
    assert np.isnan(CONVOLUTION["lags_seen"](10, 0)[:, 0]).all()
    assert CONVOLUTION["fold"](np.arange(1024))[9, 31] == 32 * 10 - 1


@pytest.fixture
def batch(rng):
    return rng.standard_normal((16, 5)) * [1, 2, 3, 4, 0.1] + 7


def test_batch_norm_is_torchs_with_gradient_and_running_moments(rng, batch):
    gamma, beta, g = rng.standard_normal((3, 5))
    g = g * rng.standard_normal((16, 5))
    layer = torch.nn.BatchNorm1d(5).double()
    layer.weight.data[:], layer.bias.data[:] = torch.tensor(gamma), torch.tensor(beta)
    x = torch.tensor(batch, requires_grad=True)
    output = layer(x)
    (gradient,) = torch.autograd.grad((output * torch.tensor(g)).sum(), x)

    ours, mean, var = BATCH_NORM["batch_norm"](batch, gamma, beta)
    assert_allclose(ours, output.detach(), atol=1e-12)
    ours = BATCH_NORM["batch_norm_gradient"](batch, gamma, g)
    assert_allclose(ours, gradient, atol=1e-12)
    running = BATCH_NORM["update_running"](np.zeros(5), np.ones(5), mean, var, 16)
    assert_allclose(running[0], layer.running_mean, atol=1e-14)
    assert_allclose(running[1], layer.running_var, atol=1e-14)


def test_batch_norm_fixes_mean_and_central_moment_of_the_batch(batch):
    output, _, var = BATCH_NORM["batch_norm"](batch, 1.0, 0.0, eps=1e-5)
    assert_allclose(output.mean(0), 0, atol=1e-12)
    assert_allclose(output.var(0), var / (var + 1e-5), rtol=1e-12)


def test_batch_norm_loses_two_directions_of_the_gradient(rng, batch):
    g = rng.standard_normal(batch.shape)
    gradient = BATCH_NORM["batch_norm_gradient"](batch, 1.0, g, eps=0.0)
    centred = batch - batch.mean(0)
    assert_allclose(gradient.sum(0), 0, atol=1e-12)
    assert_allclose((gradient * centred).sum(0), 0, atol=1e-11)


def test_dropout_is_torchs_for_the_same_mask(rng):
    x, p = rng.standard_normal((50, 6)), 0.4
    torch.manual_seed(0)
    keep = torch.nn.functional.dropout(torch.ones(50, 6, dtype=torch.float64), p).numpy() > 0
    torch.manual_seed(0)
    theirs = torch.nn.functional.dropout(torch.tensor(x), p)
    assert 0 < keep.mean() < 1
    assert_allclose(DROPOUT["dropout"](x, keep, p), theirs, atol=1e-14)


def test_dropout_keeps_the_mean(rng):
    n, p = 100_000, 0.3
    values = DROPOUT["dropout"](np.ones(n), DROPOUT["draw_mask"](n, p, rng), p)
    # Five standard errors; the variance of one value is p / (1 - p).
    assert abs(values.mean() - 1) < 5 * np.sqrt(p / (1 - p) / n)


def test_dropout_regression_minimises_the_mean_over_all_masks(rng):
    X, y, p = rng.standard_normal((20, 3)), rng.standard_normal(20), 0.3
    gram, moment = np.zeros((3, 3)), np.zeros(3)
    for mask in product([False, True], repeat=3):
        weight = np.prod(np.where(mask, 1 - p, p))
        masked = DROPOUT["dropout"](X, np.array(mask), p)
        gram += weight * masked.T @ masked
        moment += weight * masked.T @ y
    ours = DROPOUT["dropout_regression"](X, y, p)
    assert_allclose(ours, np.linalg.solve(gram, moment), rtol=1e-12)


def test_dropout_regression_is_ridge_on_standardised_columns(rng):
    X, y, p = rng.standard_normal((40, 4)), rng.standard_normal(40), 0.2
    X = X / np.sqrt((X**2).mean(0))
    ridge = Ridge(alpha=40 * p / (1 - p), fit_intercept=False).fit(X, y)
    assert_allclose(DROPOUT["dropout_regression"](X, y, p), ridge.coef_, rtol=1e-10)


@pytest.fixture
def lstm():
    torch.manual_seed(0)
    layer = torch.nn.LSTM(3, 7).double()
    W, U, b_ih, b_hh = (p.detach().numpy().copy() for p in layer.parameters())
    return layer, W, U, b_ih + b_hh


def test_lstm_layer_is_torchs(rng, lstm):
    layer, W, U, b = lstm
    series = 3 * rng.standard_normal((40, 3))
    hidden, gates = LSTM["lstm_layer"](series, W, U, b)
    theirs = layer(torch.tensor(series))[0].detach()
    assert_allclose(hidden, theirs, atol=1e-13)
    assert gates.shape == (40, 3, 7)
    assert (gates > 0).all() and (gates < 1).all()


def test_an_open_forget_gate_keeps_the_cell_and_a_closed_one_clears_it(rng, lstm):
    _, W, U, b = lstm
    x, h, c = rng.standard_normal(3), rng.standard_normal(7), 10 * rng.standard_normal(7)
    shut_input, open_forget, closed_forget = b.copy(), b.copy(), b.copy()
    shut_input[:7] = open_forget[:7] = -700
    open_forget[7:14], closed_forget[7:14] = 700, -700
    assert_allclose(LSTM["lstm_cell"](x, h, c, W, U, open_forget)[1], c, rtol=1e-12)
    cleared = LSTM["lstm_cell"](x, h, c, W, U, closed_forget)[1]
    assert_allclose(cleared, LSTM["lstm_cell"](x, h, 0 * c, W, U, closed_forget)[1], atol=1e-12)
