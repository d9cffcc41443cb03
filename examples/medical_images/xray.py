"""Pneumonia or not? A convolutional net on chest X-rays of children, 28 x 28.

    python xray.py                                                   trains it: data/xray.pt
    hasten run xray.py::workload --metric roc_auc --max-drop 0.5%    makes it faster and smaller

Reads data/xrays.npz: `images` (n, 28, 28) of uint8, `labels` (n,), `part` (n,): 0 train, 1 validation, 2 test.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

DATA = Path(__file__).resolve().parent / "data"


def block(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class XRayNet(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.body = nn.Sequential(
            block(1, width),
            block(width, width),
            nn.MaxPool2d(2),
            block(width, 2 * width),
            block(2 * width, 2 * width),
            nn.MaxPool2d(2),
            block(2 * width, 4 * width),
            nn.AdaptiveAvgPool2d(1),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(4 * width, 2))

    def forward(self, image):
        return self.head(self.body(image))


def read():
    """(images, labels) of the parts train, validation and test."""
    with np.load(DATA / "xrays.npz") as data:
        images = torch.from_numpy(data["images"]).unsqueeze(1).float() / 255
        labels = torch.from_numpy(data["labels"].astype(np.int64))
        part = torch.from_numpy(data["part"].astype(np.int64))
    return [(images[part == k], labels[part == k]) for k in range(3)]


def train(net, images, labels, epochs=5, batch=64):
    weight = len(labels) / (2 * torch.bincount(labels, minlength=2).clamp(min=1)).float()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 2e-3, epochs=epochs, steps_per_epoch=-(-len(labels) // batch)
    )
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for some in torch.randperm(len(labels)).split(batch):
            shifted = torch.roll(images[some], tuple(torch.randint(-2, 3, (2,)).tolist()), (2, 3))
            loss = F.cross_entropy(net(shifted), labels[some], weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(some)
        print(f"epoch {epoch + 1}: loss {total / len(labels):.4f}")
    return net.eval()


def workload():
    """What hasten is given: the net as it was trained, and the data that judges it."""
    import hasten

    net = XRayNet()
    net.load_state_dict(torch.load(DATA / "xray.pt"))
    learnt, valid, test = read()
    return hasten.ModelWorkload(net.eval(), valid=valid, test=test, train=learnt)


def main():
    torch.manual_seed(28)
    learnt, _, (images, labels) = read()
    net = train(XRayNet(), *learnt)
    with torch.inference_mode():
        right = (net(images).argmax(1) == labels).float().mean()
    print(f"accuracy on the test part {right:.4f}")
    torch.save(net.state_dict(), DATA / "xray.pt")


if __name__ == "__main__":
    main()
