"""The generation part: a training step against the machine's matrix products and a plain loop.

Run by ``python -m experiments.generation``; writes ``experiments/results/generation.json``.
All times are of the processor, with one thread, and every ratio is taken within this one run.
"""

import time
from dataclasses import replace

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from experiments import stored
from experiments.dcgan import DECK
from experiments.models import DT, training_ensemble
from lorenz_utils.adversarial import RUNS
from lorenz_utils.metrics import LORENZ, compare
from lorenz_utils.system import make_ensemble
from lorenz_utils.training import FAITHFUL

REPEATS = 5
STEPS = {"images": 10, "transitions": 40}


class Counter(TorchDispatchMode):
    """Sums the operations of matrix products; PyTorch's own counter refuses the penalty."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Run the operation and add what it costs."""
        out = func(*args, **(kwargs or {}))
        if func._overloadpacket in flop_registry:
            self.total += flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=out)
        return out


def seconds(function, repeats=REPEATS):
    """Median processor seconds of a call, the first one not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return float(np.median(times))


def matrix_rate(size=1024):
    """Floating-point operations a second of one large matrix product."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    return 2 * size**3 / seconds(lambda: a @ b, 20)


def steps_of(config):
    """A function that makes some whole steps of a run, and the run."""
    run = RUNS[config.pair](config, training_ensemble(config), "cpu")

    def advance():
        for _ in range(STEPS[config.pair]):
            run.train_step()

    return advance, run


def plain_dcgan(config):
    """The loop of a DCGAN tutorial around the same networks and data: no tricks, no options."""
    run = RUNS[config.pair](config, training_ensemble(config), "cpu")
    generator, critic, data = run.generator, run.critic, run.data
    makers = torch.optim.Adam(generator.parameters(), config.rate, (config.beta1, config.beta2))
    critics = torch.optim.Adam(critic.parameters(), config.rate, (config.beta1, config.beta2))
    ones, zeros = torch.ones(config.batch_size), torch.zeros(config.batch_size)

    def advance():
        for _ in range(STEPS["images"]):
            real = data[torch.randint(len(data), (config.batch_size,))]
            fake = generator(torch.randn(config.batch_size, generator.latent_dim))
            critics.zero_grad()
            loss = binary_cross_entropy_with_logits(critic(real), ones)
            loss = loss + binary_cross_entropy_with_logits(critic(fake.detach()), zeros)
            loss.backward()
            critics.step()
            makers.zero_grad()
            binary_cross_entropy_with_logits(critic(fake), ones).backward()
            makers.step()

    return advance


def main():
    """Print and store all rows."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rate = matrix_rate()
    rows = []

    advance, _ = steps_of(FAITHFUL)
    with Counter() as counter:
        advance()
    achieved = counter.total / seconds(advance)
    rows.append(
        {
            "what": "training step of the faithful pair",
            "giga_flops": round(achieved / 1e9, 1),
            "matrix_product_giga_flops": round(rate / 1e9, 1),
            "share": round(achieved / rate, 3),
        }
    )

    # A DCGAN step with all tricks, and with the critic at every step, against the plain loop.
    plain = seconds(plain_dcgan(DECK))
    for name, config in (
        ("deck's loop, all tricks", DECK),
        ("deck's loop, critic at every step", replace(DECK, critic_every=1)),
    ):
        ours = seconds(steps_of(config)[0])
        samples = STEPS["images"] * config.batch_size
        rows.append(
            {
                "what": name,
                "samples_per_second": round(samples / ours),
                "plain_loop_samples_per_second": round(samples / plain),
                "ratio": round(plain / ours, 3),
            }
        )

    ensemble = make_ensemble(300, 1000, DT, rng=0)
    start = time.process_time()
    compare(ensemble[:200], ensemble[200:], DT, rng=0, **LORENZ)
    rows.append(
        {
            "what": "compare, 100 x 1000 and six controls",
            "seconds": round(time.process_time() - start, 1),
        }
    )
    for row in rows:
        print(row)
    stored.save("generation", rows, packages=["torch", "nolds"])


if __name__ == "__main__":
    stored.no_options(__doc__)
    main()
