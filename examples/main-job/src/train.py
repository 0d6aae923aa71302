"""Train a ridge regression, log with the stock MLflow client. Nothing here knows of Zaffre."""

import argparse
from pathlib import Path

import joblib
import mlflow
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--alpha", type=float, default=0.1)
parser.add_argument("--model", type=Path, required=True)
arguments = parser.parse_args()

table = pd.read_csv(arguments.data)
rows, target = table.drop(columns="target"), table["target"]
train_rows, test_rows, train_target, test_target = train_test_split(
    rows, target, test_size=0.25, random_state=0
)
print(
    f"{len(train_rows)} rows to learn from, {len(test_rows)} to test with, {rows.shape[1]} columns"
)

with mlflow.start_run():
    mlflow.log_params({"alpha": arguments.alpha, "columns": ",".join(rows.columns)})
    model = make_pipeline(StandardScaler(), Ridge(alpha=arguments.alpha))

    folds = cross_val_score(model, train_rows, train_target, cv=5, scoring="r2")
    for step, score in enumerate(folds):
        print(f"fold {step}: r2 {score:.4f}")
        mlflow.log_metric("fold_r2", score, step=step)

    model.fit(train_rows, train_target)
    predicted = model.predict(test_rows)
    metrics = {
        "test_r2": r2_score(test_target, predicted),
        "test_mae": mean_absolute_error(test_target, predicted),
        "cv_r2": folds.mean(),
    }
    mlflow.log_metrics(metrics)

    arguments.model.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, arguments.model / "model.joblib")
    weights = pd.Series(model[-1].coef_, index=rows.columns).sort_values(key=abs, ascending=False)
    mlflow.log_text(weights.to_string(), "weights.txt")

print("  ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
