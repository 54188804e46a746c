"""The kernels taught by the GAN chapters, held against torch, SciPy and closed forms."""

import numpy as np
import pytest
import torch
from concepts import load_kernels
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, pad, softplus

GAME = load_kernels("03_concepts/adversarial_training.py")
DCGAN = load_kernels("03_concepts/dcgan.py")
SPECTRAL = load_kernels("03_concepts/spectral_normalization.py")


def masses(n_bins=50):
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(n_bins), size=2)
    p[:3] = 0  # bins that no real sample reaches
    return p / p.sum(), q


# The game (Goodfellow et al. 2014)


def test_optimal_discriminator_beats_every_other():
    p, q = masses()
    best = GAME["optimal_discriminator"](p, q)
    value = GAME["game_value"](best, p, q)
    rng = np.random.default_rng(1)
    for other in rng.uniform(1e-3, 1 - 1e-3, size=(50, len(p))):
        for step in (1e-3, 0.1, 1.0):
            mixed = best + step * (other - best)
            assert GAME["game_value"](mixed, p, q) < value


def test_game_value_is_minus_torchs_cross_entropy():
    p, q = masses()
    logits = torch.linspace(-3, 3, len(p), dtype=torch.float64)
    entropy = nn.BCEWithLogitsLoss(reduction="none")
    real, fake = (entropy(logits, torch.full_like(logits, label)).numpy() for label in (1, 0))
    ours = GAME["game_value"](torch.sigmoid(logits).numpy(), p, q)
    np.testing.assert_allclose(ours, -(p @ real + q @ fake), rtol=1e-12)


def test_jensen_shannon_agrees_with_scipy_and_with_the_game():
    p, q = masses()
    ours = GAME["jensen_shannon"](p, q)
    np.testing.assert_allclose(ours, jensenshannon(p, q) ** 2, rtol=1e-12)
    value = GAME["game_value"](GAME["optimal_discriminator"](p, q), p, q)
    np.testing.assert_allclose(value, 2 * ours - np.log(4), rtol=1e-12)


def test_jensen_shannon_of_gaussians_agrees_with_quadrature_and_ends_at_log_2():
    grid = np.linspace(-12, 14, 20001)

    def density(x, mean):
        return norm(mean, 1).pdf(x)

    def integrand(x):
        a, b = density(x, 0), density(x, 1.5)
        return (a * np.log(2 * a / (a + b)) + b * np.log(2 * b / (a + b))) / 2

    width = grid[1] - grid[0]
    ours = GAME["jensen_shannon"](width * density(grid, 0), width * density(grid, 1.5))
    np.testing.assert_allclose(ours, quad(integrand, -12, 13.5)[0], rtol=1e-8)
    apart = np.array([1.0, 0.0])
    np.testing.assert_allclose(GAME["jensen_shannon"](apart, apart[::-1]), np.log(2), rtol=1e-14)


@pytest.mark.parametrize("name", ["saturating", "non-saturating", "relativistic"])
def test_generator_slopes_agree_with_torchs_autograd(name):
    s = torch.linspace(-6, 6, 41, dtype=torch.float64, requires_grad=True)
    loss = {
        "saturating": torch.log1p(-torch.sigmoid(s)),
        "non-saturating": -torch.log(torch.sigmoid(s)),
        "relativistic": softplus(1.3 - s),
    }[name]
    (slope,) = torch.autograd.grad(loss.sum(), s)
    ours = GAME["generator_slopes"](s.detach().numpy(), s_real=1.3)[name]
    np.testing.assert_allclose(ours, slope.numpy(), rtol=1e-10)


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_dirac_gan_takes_torchs_simultaneous_gradient_steps(gamma):
    theta, psi = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.8, -0.6))
    value = -softplus(psi * theta) - np.log(2) - gamma / 2 * psi**2
    slope_theta, slope_psi = torch.autograd.grad(value, (theta, psi))
    expected = (theta - 0.1 * slope_theta, psi + 0.1 * slope_psi)
    path = GAME["dirac_gan"](0.8, -0.6, 1, rate=0.1, gamma=gamma)
    np.testing.assert_allclose(path[1], [e.item() for e in expected], rtol=1e-12)


def test_dirac_gan_near_equilibrium_follows_its_eigenvalues():
    """Mescheder et al. 2018: modulus sqrt(1 + h^2 / 4) without penalty, below 1 with R1."""
    radius = np.linalg.norm(GAME["dirac_gan"](1e-6, 0, 1000, rate=0.1), axis=1)
    np.testing.assert_allclose(radius[-1] / radius[0], (1 + 0.1**2 / 4) ** 500, rtol=1e-4)
    braked = np.linalg.norm(GAME["dirac_gan"](1e-6, 0, 1000, rate=0.1, gamma=0.5), axis=1)
    # Double characteristic: modulus sqrt(1 - h gamma + h^2 / 4), complex eigenvalues.
    rate = np.log(braked[-1] / braked[400]) / 600
    np.testing.assert_allclose(rate, np.log(1 - 0.05 + 0.0025) / 2, rtol=0.05)


def test_alternating_dirac_gan_neither_grows_nor_shrinks():
    """Steps in turn are symplectic: the linear map has determinant 1 and modulus 1."""
    radius = np.linalg.norm(GAME["dirac_gan"](1e-3, 0, 5000, rate=0.1, alternate=True), axis=1)
    assert 0.95e-3 < radius.min() <= radius.max() < 1.05e-3


# Transposed convolution


def test_the_decks_example():
    square = np.arange(4.0).reshape(2, 2)
    expected = [[0, 0, 1], [0, 4, 6], [4, 12, 9]]  # slide 23
    np.testing.assert_array_equal(DCGAN["transposed_convolution"](square, square), expected)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("size", [(2, 2), (3, 4), (5, 3)])
def test_transposed_convolution_agrees_with_torch(stride, padding, size):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(5, 6)), rng.normal(size=size)
    ours = DCGAN["transposed_convolution"](image, kernel, stride=stride, padding=padding)
    theirs = conv_transpose2d(
        *(torch.tensor(a)[None, None] for a in (image, kernel)), stride=stride, padding=padding
    )
    np.testing.assert_allclose(ours, theirs[0, 0].numpy(), atol=1e-13)


@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_and_its_matrix_agree_with_torch(stride):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(8, 7)), rng.normal(size=(3, 2))
    theirs = conv2d(*(torch.tensor(a)[None, None] for a in (image, kernel)), stride=stride)
    theirs = theirs[0, 0].numpy()
    ours = DCGAN["convolution"](image, kernel, stride=stride)
    np.testing.assert_allclose(ours, theirs, atol=1e-13)
    C = DCGAN["convolution_matrix"](image.shape, kernel, stride=stride)
    np.testing.assert_allclose(C @ image.ravel(), theirs.ravel(), atol=1e-13)


def test_transposed_convolution_is_the_transpose():
    rng = np.random.default_rng(0)
    image, code, kernel = (rng.normal(size=n) for n in ((9, 11), (4, 5), (3, 3)))
    forward = np.sum(DCGAN["convolution"](image, kernel, stride=2) * code)
    back = np.sum(image * DCGAN["transposed_convolution"](code, kernel, stride=2))
    np.testing.assert_allclose(forward, back, rtol=1e-12)


# Spectral normalisation


def test_power_iteration_finds_the_largest_singular_value():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(20, 30))
    sigma, u, v = SPECTRAL["power_iteration"](W, rng.normal(size=30), 2000)
    left, values, right = np.linalg.svd(W)
    np.testing.assert_allclose(sigma, values[0], rtol=1e-12)
    np.testing.assert_allclose([abs(u @ left[:, 0]), abs(v @ right[0])], 1, rtol=1e-10)


def test_power_iteration_never_overestimates():
    rng = np.random.default_rng(0)
    for _ in range(20):
        W = rng.normal(size=(6, 9))
        sigma = SPECTRAL["power_iteration"](W, rng.normal(size=9), 2)[0]
        assert sigma <= np.linalg.norm(W, 2) * (1 + 1e-14)


@pytest.mark.parametrize(("power", "name"), [(2, "direction"), (4, "value")])
def test_power_iteration_converges_at_the_known_rate(power, name):
    """Golub & Van Loan, *Matrix Computations*: ratio^2 a step for vectors, squared for values."""
    ratio, start = 0.7, np.array([1.0, 1.0])
    W = np.diag([1.0, ratio])
    errors = []
    for n_steps in (6, 12):
        sigma, _, v = SPECTRAL["power_iteration"](W, start, n_steps)
        errors.append(abs(v[1]) if name == "direction" else 1 - sigma)
    factor = (errors[1] / errors[0]) ** (1 / 6)
    np.testing.assert_allclose(factor, ratio**power, rtol=1e-3)


@pytest.mark.parametrize("shape", [(7, 5), (5, 7)])
def test_one_power_step_is_torchs(shape):
    torch.manual_seed(0)
    linear = nn.Linear(shape[1], shape[0]).double()
    layer = nn.utils.parametrizations.spectral_norm(linear, n_power_iterations=1)
    kept = layer.parametrizations.weight[0]
    raw = layer.parametrizations.weight.original.detach().numpy()
    v = kept._v.numpy().copy()
    for _ in range(3):
        weight = layer.weight.detach().numpy()  # takes one step in training mode
        sigma, u, v = SPECTRAL["power_iteration"](raw, v)
        np.testing.assert_allclose(weight, raw / sigma, rtol=1e-12)
        np.testing.assert_allclose(kept._u.numpy(), u, atol=1e-14)


def test_convolution_norm_is_that_of_the_dense_circular_matrix():
    rng = np.random.default_rng(0)
    kernel, side = rng.normal(size=(3, 2, 3, 3)), 6
    pixels = torch.eye(2 * side**2, dtype=torch.float64).reshape(-1, 2, side, side)
    outputs = conv2d(pad(pixels, (1, 1, 1, 1), mode="circular"), torch.tensor(kernel))
    dense = outputs.reshape(len(pixels), -1).numpy()
    ours = SPECTRAL["convolution_norm"](kernel, side)
    np.testing.assert_allclose(ours, np.linalg.norm(dense, 2), rtol=1e-12)


def test_reshaped_norm_is_what_torch_divides_by():
    torch.manual_seed(0)
    layer = nn.Conv2d(2, 5, 3).double()
    raw = layer.weight.detach().numpy().copy()
    nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=500)
    expected = raw / SPECTRAL["reshaped_norm"](raw)
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected, rtol=1e-8)


def test_convolution_norm_lies_between_its_bounds_and_a_blur_reaches_the_upper():
    rng = np.random.default_rng(0)
    for _ in range(10):
        kernel = rng.normal(size=(4, 3, 3, 3))
        ratio = SPECTRAL["convolution_norm"](kernel, 8) / SPECTRAL["reshaped_norm"](kernel)
        assert ratio <= 3
    blur = np.ones((1, 1, 3, 3))
    ratio = SPECTRAL["convolution_norm"](blur, 8) / SPECTRAL["reshaped_norm"](blur)
    np.testing.assert_allclose(ratio, 3, rtol=1e-12)
