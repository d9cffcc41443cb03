"""Credit-card clients as a PyTorch data set."""

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

TARGET = "default-payment-next-month"
MONEY = ["LIMIT_BAL"] + [f"BILL_AMT{m}" for m in range(1, 7)] + [f"PAY_AMT{m}" for m in range(1, 7)]
STATUS = ["PAY_0"] + [f"PAY_{m}" for m in range(2, 7)]


def load_frame(path, rows):
    frame = pd.read_csv(path, nrows=rows)
    for column in MONEY:  # amounts are skewed, some bills are negative
        frame[column] = frame[column].apply(lambda v: np.sign(v) * np.log1p(abs(v)))
    frame["age_band"] = pd.cut(frame["AGE"], [0, 29, 39, 49, 120], labels=["< 30", "30-39", "40-49", "50+"]).astype(str)
    frame["sex"] = np.where(frame["SEX"] == 1, "female", "male")
    return frame


def split(frame, seed):
    """60 % to train, 20 % to validate, 20 % to test."""
    order = np.random.default_rng(seed).permutation(len(frame))
    a, b = int(0.6 * len(frame)), int(0.8 * len(frame))
    return frame.iloc[order[:a]], frame.iloc[order[a:b]], frame.iloc[order[b:]]


class Scaler:
    def fit(self, frame, columns):
        self.columns = columns
        self.mean = frame[columns].mean()
        self.std = frame[columns].std().replace(0, 1)
        return self

    def transform(self, frame):
        return ((frame[self.columns] - self.mean) / self.std).to_numpy(dtype=np.float32)


class CreditDataset(Dataset):
    def __init__(self, features, labels):
        self.features = features
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, idx):
        x = torch.tensor(self.features[idx], dtype=torch.float32)
        y = torch.tensor(self.labels[idx], dtype=torch.float32)
        return x, y
