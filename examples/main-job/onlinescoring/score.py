"""Answer requests with the model: `init()` once, `run()` for each request."""

import json
import os
from pathlib import Path

import joblib
import pandas as pd


def init():
    global model
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    model = joblib.load(next(folder.rglob("model.joblib")))


def run(raw_data):
    asked = json.loads(raw_data)["input_data"]
    rows = pd.DataFrame(asked["data"], columns=asked["columns"])
    return model.predict(rows).tolist()
