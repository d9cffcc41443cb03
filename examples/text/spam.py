"""Spam or not? A convolutional net over the words of short messages (after Kim 2014), with a tokeniser of its own.

    python spam.py                                                   trains it: data/spam.pt
    hasten run spam.py::workload --metric accuracy --max-drop 1%     makes it faster and smaller

Reads data/messages.tsv: label and text of each message.
"""

import csv
import random
import re
from collections import Counter
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

DATA = Path(__file__).resolve().parent / "data"
PADDING, UNKNOWN = 0, 1
LENGTH = 48


class WordTokenizer:
    """Numbers of words; what is seen less than twice is unknown. Texts of a call are padded to `LENGTH`."""

    def __init__(self, texts, most=4000):
        counts = Counter(word for text in texts for word in self.words(text))
        self.numbers = {}
        for word, count in counts.most_common(most):
            if count > 1:
                self.numbers[word] = len(self.numbers) + 2

    @staticmethod
    def words(text):
        text = re.sub(r"\d{5,}", " longnumber ", text.lower())
        text = re.sub(r"(https?://|www\.)\S+", " link ", text)
        return re.findall(r"[a-z']+|\d+|[£$€!?]", text)

    def __call__(self, texts):
        rows = []
        for text in texts:
            row = [self.numbers.get(word, UNKNOWN) for word in self.words(text)[:LENGTH]]
            rows.append(row + [PADDING] * (LENGTH - len(row)))
        return torch.tensor(rows)


class SpamNet(nn.Module):
    def __init__(self, words, width=64, channels=48, sizes=(2, 3, 4)):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=PADDING)
        self.convolutions = nn.ModuleList([nn.Conv1d(width, channels, size) for size in sizes])
        self.dropout = nn.Dropout(0.4)
        self.head = nn.Linear(channels * len(sizes), 2)

    def forward(self, ids):
        x = self.embedding(ids).transpose(1, 2)
        pooled = [F.relu(convolution(x)).amax(2) for convolution in self.convolutions]
        return self.head(self.dropout(torch.cat(pooled, 1)))


def read():
    """(texts, labels) of the parts train, validation and test."""
    with open(DATA / "messages.tsv", encoding="utf-8", newline="") as source:
        rows = [row for row in csv.reader(source, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) == 2]
    rows = [row for row in rows if row[0] in ("ham", "spam")]
    random.Random(5).shuffle(rows)
    cuts = [0, int(0.4 * len(rows)), int(0.7 * len(rows)), len(rows)]
    parts = [rows[a:b] for a, b in zip(cuts, cuts[1:])]
    return [([text for _, text in part], torch.tensor([int(k == "spam") for k, _ in part])) for part in parts]


def train(net, ids, labels, epochs=6, batch=32):
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    net.train()
    for epoch in range(epochs):
        total = 0.0
        for some in torch.randperm(len(labels)).split(batch):
            loss = F.cross_entropy(net(ids[some]), labels[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(some)
        print(f"epoch {epoch + 1}: loss {total / len(labels):.4f}")
    return net.eval()


def workload():
    """What hasten is given: tokeniser and net as they are used together, and the texts that judge them."""
    import hasten

    learnt, valid, test = read()
    tokenizer = WordTokenizer(learnt[0])
    net = SpamNet(len(tokenizer.numbers) + 2)
    net.load_state_dict(torch.load(DATA / "spam.pt"))
    parts = [(texts, labels.numpy()) for texts, labels in (learnt, valid, test)]
    return hasten.ModelWorkload(net.eval(), train=parts[0], valid=parts[1], test=parts[2], tokeniser=tokenizer)


def main():
    torch.manual_seed(5)
    (texts, labels), _, (others, truth) = read()
    tokenizer = WordTokenizer(texts)
    net = train(SpamNet(len(tokenizer.numbers) + 2), tokenizer(texts), labels)
    with torch.inference_mode():
        right = (net(tokenizer(others)).argmax(1) == truth).float().mean()
    print(f"{len(tokenizer.numbers)} words, accuracy on the test part {right:.4f}")
    torch.save(net.state_dict(), DATA / "spam.pt")


if __name__ == "__main__":
    main()
