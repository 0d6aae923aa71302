"""What scoring scripts use of `inference_schema`, for environments that lack the package."""
