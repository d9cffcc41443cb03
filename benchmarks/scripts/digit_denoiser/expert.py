"""Pictures and noise are prepared as arrays, an evaluation is one pass over a batch, Adam runs on lists of tensors; medians,
errors and distances are NumPy over all pictures. The random numbers are drawn in slow.py's order.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

HERE = Path(__file__).resolve().parent
TRAIN, TEST, EPOCHS, BATCH = 1200, 240, 3, 24
SIGMA, DEAD = 0.28, 0.06
RATE, BETA1, BETA2, EPSILON = 0.004, 0.9, 0.999, 1e-8


def noisy_copies(clean, rng):
    """The generator gives each picture its noise and then its dead pixels."""
    noise, dead = np.empty(clean.shape), np.empty(clean.shape)
    for a, b in zip(noise, dead):
        a[:] = rng.normal(0, SIGMA, a.shape)
        rng.random(out=b)
    noise += clean
    noise[dead < DEAD] = 0.0
    return np.clip(noise, 0, 1, out=noise).astype(np.float32)


def forward(parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    h = F.conv2d(x, w1, b1, padding=1).relu_()
    h = F.conv2d(h, w2, b2, padding=1).relu_()
    return x - F.conv2d(h, w3, b3, padding=1)


def denoise(parameters, pictures):
    with torch.inference_mode():
        out = [forward(parameters, part).clamp_(0, 1) for part in torch.from_numpy(pictures)[:, None].split(40)]
    return torch.cat(out)[:, 0].numpy()


def psnr(a, b):
    return 10 * np.log10(1 / ((a - b) ** 2).mean(axis=(1, 2)).astype(float))


def train(parameters, clean, check):
    rng, generator = np.random.default_rng(1), torch.Generator().manual_seed(5)
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    t, history = 0, []
    for epoch in range(1, EPOCHS + 1):
        order = torch.randperm(TRAIN, generator=generator).numpy()
        wanted = torch.from_numpy(clean[order])[:, None]
        given = torch.from_numpy(noisy_copies(clean[order], rng))[:, None]
        losses = []
        for x, y in zip(given.split(BATCH), wanted.split(BATCH)):
            loss = torch.mean((forward(parameters, x) - y) ** 2)
            gradients = torch.autograd.grad(loss, parameters)
            t += 1
            with torch.no_grad():
                torch._foreach_mul_(first, BETA1)
                torch._foreach_add_(first, gradients, alpha=1 - BETA1)
                torch._foreach_mul_(second, BETA2)
                torch._foreach_addcmul_(second, gradients, gradients, value=1 - BETA2)
                m = torch._foreach_mul(torch._foreach_div(first, 1 - BETA1**t), RATE)
                v = torch._foreach_sqrt(torch._foreach_div(second, 1 - BETA2**t))
                torch._foreach_add_(v, EPSILON)
                torch._foreach_sub_(parameters, torch._foreach_div(m, v))
            losses.append(loss.item())
        quality = psnr(denoise(parameters, check[0]), check[1])
        history.append({"epoch": epoch, "loss": round(sum(losses) / len(losses), 5), "psnr": round(float(quality.mean()), 3)})
        print(f"epoch {epoch}: loss {history[-1]['loss']:.5f}, first batch {losses[0]:.5f}, last batch {losses[-1]:.5f}, psnr {history[-1]['psnr']:.3f} dB")
    return history


def median_filter(pictures):
    windows = sliding_window_view(np.pad(pictures, ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2))
    return np.partition(windows.reshape(*pictures.shape, 9), 4, axis=3)[..., 4]


def main():
    torch.set_num_threads(1)
    torch.manual_seed(11)
    with np.load(HERE / "data" / "digits.npz") as data:
        images, labels = data["images"][: TRAIN + TEST].astype(np.float32) / 255, data["labels"][: TRAIN + TEST]
    clean, wanted, answers = images[:TRAIN], images[TRAIN:], labels[TRAIN:]
    noisy = noisy_copies(wanted, np.random.default_rng(2))
    layers = [nn.Conv2d(1, 8, 3), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 1, 3)]
    parameters = [p for layer in layers for p in layer.parameters()]
    print(f"{TRAIN} digits to train, {TEST} to test, {sum(p.numel() for p in parameters)} parameters")
    history = train(parameters, clean, (noisy[:80], wanted[:80]))

    results = {"noisy": noisy, "median": median_filter(noisy), "network": denoise(parameters, noisy), "clean": wanted}
    known = clean[:250].reshape(250, -1)
    lengths = (known * known).sum(axis=1)
    quality = {}
    print("\npictures     psnr     mse     mae   edges  recognised")
    for name, pictures in results.items():
        off = pictures - wanted
        mean = "       -"
        if name != "clean":
            quality[name] = psnr(pictures, wanted)
            mean = f"{quality[name].mean():8.3f}"
        nearest = (lengths - 2 * pictures[:100].reshape(100, -1) @ known.T).argmin(axis=1)
        right = np.count_nonzero(labels[nearest] == answers[:100])
        sharp = sum(np.abs(np.diff(pictures, axis=axis)).mean(dtype=float) for axis in (1, 2)) / 2
        print(f"{name:9}{mean} {(off * off).mean(dtype=float):7.5f} {np.abs(off).mean(dtype=float):7.5f} {sharp:7.5f} {right:6d} of 100")

    print("\ndigit  count    noisy   median  network    gain")
    for digit in range(10):
        own = answers == digit
        means = [quality[name][own].mean() for name in ("noisy", "median", "network")]
        print(f"{digit:5d} {own.sum():6d} " + " ".join(f"{m:8.3f}" for m in means) + f" {means[2] - means[0]:7.3f}")
    worst = np.argsort(quality["network"], kind="stable")[:5].tolist()
    print("\nworst: " + ", ".join(f"{k} (a {answers[k]}, {quality['network'][k]:.3f} dB)" for k in worst))
    print(f"the network is better than the median in {np.count_nonzero(quality['network'] > quality['median'])} of {TEST}")
    for row in np.minimum(7, (8 * results["network"][worst[0]][::2]).astype(int)).tolist():
        print("".join(" .:-=+*#"[level] for level in row))
    with open(HERE / "history.json", "w") as f:
        json.dump(history, f, indent=1)


if __name__ == "__main__":
    main()
