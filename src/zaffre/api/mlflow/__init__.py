"""The MLflow protocol: routes that the stock client calls."""
