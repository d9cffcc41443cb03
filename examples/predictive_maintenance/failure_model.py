"""The model that warns: fitted on the features of features.py, saved for whoever serves it.

Reads data/features.csv, writes data/model.joblib, and the rows that judge the model: data/valid.csv and data/test.csv.
"""

from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

DATA = Path(__file__).resolve().parent / "data"


def main():
    df = pd.read_csv(DATA / "features.csv").drop(columns=["UDI", "tool"])
    train, rest = train_test_split(df, test_size=0.5, random_state=3, stratify=df["failure"])
    valid, test = train_test_split(rest, test_size=0.5, random_state=3, stratify=rest["failure"])

    numbers = [c for c in df.columns if c not in ("kind", "failure")]
    model = make_pipeline(
        ColumnTransformer(
            [
                ("kind", OneHotEncoder(handle_unknown="ignore"), ["kind"]),
                ("numbers", SimpleImputer(strategy="median"), numbers),
            ]
        ),
        RandomForestClassifier(150, min_samples_leaf=3, class_weight="balanced_subsample", random_state=3),
    )
    model.fit(train.drop(columns="failure"), train["failure"])
    print(f"ROC AUC {roc_auc_score(test['failure'], model.predict_proba(test.drop(columns='failure'))[:, 1]):.4f}")

    joblib.dump(model, DATA / "model.joblib")
    valid.to_csv(DATA / "valid.csv", index=False)
    test.to_csv(DATA / "test.csv", index=False)


if __name__ == "__main__":
    main()
