"""Train a small network to take the noise off digits; compare it with a median filter, by picture quality and by recognition."""

import json
from pathlib import Path

import numpy as np
import torch
from model import Adam, Denoiser, psnr

HERE = Path(__file__).resolve().parent
TRAIN, TEST = 1200, 240
EPOCHS, BATCH = 3, 24
SIGMA, DEAD = 0.28, 0.06


class NoisyDigits:
    """Pairs of noisy and clean pictures; the noise is new each time."""

    def __init__(self, images, seed):
        self.images = images
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, k):
        clean = self.images[k].astype(np.float32) / 255.0
        noisy = clean + self.rng.normal(0, SIGMA, clean.shape)
        noisy[self.rng.random(clean.shape) < DEAD] = 0.0  # dead pixels
        noisy = np.clip(noisy, 0, 1)
        return torch.tensor(noisy, dtype=torch.float32).unsqueeze(0), torch.tensor(clean).unsqueeze(0)


def batches(dataset, size, generator):
    order = torch.randperm(len(dataset), generator=generator).tolist()
    for start in range(0, len(order), size):
        pairs = [dataset[k] for k in order[start : start + size]]
        yield torch.stack([noisy for noisy, _ in pairs]), torch.stack([clean for _, clean in pairs])


def train(model, dataset, validation):
    optimizer = Adam(model)
    generator = torch.Generator().manual_seed(5)
    history = []
    for epoch in range(1, EPOCHS + 1):
        model.train()
        losses = []
        for noisy, clean in batches(dataset, BATCH, generator):
            optimizer.zero_grad()
            loss = torch.mean((model(noisy) - clean) ** 2)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        quality = [psnr(denoise(model, noisy), clean) for noisy, clean in validation]
        history.append({"epoch": epoch, "loss": round(sum(losses) / len(losses), 5), "psnr": round(sum(quality) / len(quality), 3)})
        print(f"epoch {epoch}: loss {history[-1]['loss']:.5f}, first batch {losses[0]:.5f}, last batch {losses[-1]:.5f}, psnr {history[-1]['psnr']:.3f} dB")
    return history


def denoise(model, picture):
    model.eval()
    with torch.no_grad():
        return model(picture.unsqueeze(0)).squeeze(0).clamp(0, 1)


def median_filter(picture):
    """3 x 3, zeros around."""
    values = picture[0].numpy()
    padded = np.zeros((30, 30), dtype=np.float32)
    padded[1:-1, 1:-1] = values
    out = np.zeros_like(values)
    for r in range(28):
        for c in range(28):
            out[r, c] = sorted(padded[r : r + 3, c : c + 3].ravel())[4]
    return torch.tensor(out).unsqueeze(0)


def edges(picture):
    """Mean absolute step from pixel to pixel: how sharp the picture is."""
    across = (picture[:, :, 1:] - picture[:, :, :-1]).abs().mean()
    down = (picture[:, 1:, :] - picture[:, :-1, :]).abs().mean()
    return ((across + down) / 2).item()


def nearest(picture, known, labels):
    """Label of the most alike known picture."""
    best, best_distance = None, float("inf")
    for other, label in zip(known, labels):
        distance = torch.sum((picture - other) ** 2).item()
        if distance < best_distance:
            best, best_distance = label, distance
    return best


def main():
    torch.set_num_threads(1)
    torch.manual_seed(11)
    with np.load(HERE / "data" / "digits.npz") as data:
        images, labels = data["images"], data["labels"]
    dataset = NoisyDigits(images[:TRAIN], seed=1)
    test = NoisyDigits(images[TRAIN : TRAIN + TEST], seed=2)
    test_labels = [int(y) for y in labels[TRAIN : TRAIN + TEST]]
    pairs = [test[k] for k in range(TEST)]
    model = Denoiser()
    print(f"{len(dataset)} digits to train, {len(test)} to test, {sum(p.numel() for p in model.parameters())} parameters")
    history = train(model, dataset, pairs[:80])

    results = {"noisy": [noisy for noisy, _ in pairs], "median": [], "network": []}
    for noisy, _ in pairs:
        results["median"].append(median_filter(noisy))
        results["network"].append(denoise(model, noisy))
    results["clean"] = [clean for _, clean in pairs]

    known = [torch.tensor(image.astype(np.float32) / 255.0).unsqueeze(0) for image in images[:250]]
    known_labels = [int(y) for y in labels[:250]]
    print("\npictures     psnr     mse     mae   edges  recognised")
    quality = {}
    for name, pictures in results.items():
        error = [torch.mean((a - b) ** 2).item() for a, b in zip(pictures, results["clean"])]
        absolute = [torch.mean(torch.abs(a - b)).item() for a, b in zip(pictures, results["clean"])]
        quality[name] = [psnr(a, b) for a, b in zip(pictures, results["clean"])] if name != "clean" else []
        mean = f"{np.mean(quality[name]):8.3f}" if quality[name] else "       -"
        right = [nearest(a, known, known_labels) == y for a, y in zip(pictures[:100], test_labels)]
        sharp = np.mean([edges(a) for a in pictures])
        print(f"{name:9}{mean} {np.mean(error):7.5f} {np.mean(absolute):7.5f} {sharp:7.5f} {sum(right):6d} of {len(right)}")

    print("\ndigit  count    noisy   median  network    gain")
    for digit in range(10):
        own = [k for k, y in enumerate(test_labels) if y == digit]
        means = [np.mean([quality[name][k] for k in own]) for name in ("noisy", "median", "network")]
        print(f"{digit:5d} {len(own):6d} " + " ".join(f"{m:8.3f}" for m in means) + f" {means[2] - means[0]:7.3f}")

    worst = sorted(range(TEST), key=lambda k: quality["network"][k])[:5]
    print("\nworst: " + ", ".join(f"{k} (a {test_labels[k]}, {quality['network'][k]:.3f} dB)" for k in worst))
    better = sum(1 for a, b in zip(quality["network"], quality["median"]) if a > b)
    print(f"the network is better than the median in {better} of {TEST}")
    picture = results["network"][worst[0]][0]
    for r in range(0, 28, 2):
        print("".join(" .:-=+*#"[min(7, int(8 * picture[r, c].item()))] for c in range(28)))
    with open(HERE / "history.json", "w") as f:
        json.dump(history, f, indent=1)


if __name__ == "__main__":
    main()
