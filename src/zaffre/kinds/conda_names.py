"""Conda packages that PyPI has too, under the same or another name.

Used only where no conda channel can be reached. A package is listed when its wheel holds
everything that the conda package brings; packages that need system libraries beside the wheel are
left out on purpose.
"""

from __future__ import annotations

SAME_NAME = frozenset(
    """
    absl-py accelerate aiohttp altair attrs azure-core azure-identity azure-storage-blob
    beautifulsoup4 black bokeh boto3 cachetools catboost certifi cffi charset-normalizer click
    cloudpickle colorama cryptography cython dask datasets decorator dill distributed django docker
    fastapi fastparquet filelock flake8 flask fsspec gensim gitpython gunicorn h5py httpx hyperopt
    imbalanced-learn imageio interpret ipykernel ipython ipywidgets isort jinja2 joblib jsonschema
    jupyter jupyterlab keras lightgbm lime llvmlite lxml markdown markupsafe matplotlib mlflow
    mlflow-skinny mypy networkx nltk notebook numba numpy onnx onnxruntime openpyxl optuna orjson
    packaging pandas patsy pillow pip plotly polars portalocker prophet protobuf psutil
    psycopg2-binary pyarrow pydantic pyjwt pylint pymongo pymysql pyodbc pyparsing pytest
    pytest-cov python-dateutil python-dotenv pytz pyyaml pyzmq regex requests rich s3fs safetensors
    scikit-image scikit-learn scipy seaborn sentencepiece setuptools shap simplejson six skops
    spacy sqlalchemy statsmodels sympy tabulate tensorboard tensorboardx tensorflow tensorflow-cpu
    threadpoolctl tokenizers toolz torchmetrics torchvision tornado tqdm traitlets transformers
    typing-extensions typing_extensions tzdata ujson umap-learn urllib3 uvicorn wandb werkzeug
    wheel wrapt xgboost xlrd xlsxwriter zipp
    """.split()  # noqa: SIM905 - a list of words reads better
)

OTHER_NAME = {
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "python-flatbuffers": "flatbuffers",
    "python-xxhash": "xxhash",
    "pytables": "tables",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "ray-default": "ray",
    "scikit-learn-intelex": "scikit-learn",
    "tensorflow-base": "tensorflow",
}


def on_pypi(name: str) -> str | None:
    """Give PyPI's name of a conda package, or None if it is not known to be the same thing."""
    return OTHER_NAME.get(name) or (name if name in SAME_NAME else None)
