"""Documents of the scoring API as Azure's server gives them: Swagger 2.0 and OpenAPI 3."""

from __future__ import annotations

from typing import Any, Dict, Mapping

Json = Dict[str, Any]

FAILURE = "The service failed to execute due to an error."
HEALTHY = "If service is up and running, this response will be returned with the content 'Healthy'"
SCORED = (
    "The service processed the input correctly and provided a result prediction, if applicable."
)
INPUT = "The input payload for executing the real-time machine learning service."
HEALTH_CHECK = "Simple health check endpoint to ensure the service is up at any given point."
PREDICTION = "Run web service's model and get the prediction output"
SPECIFICATION = "Get the Swagger specification."
SPECIFIED = "The Swagger specification."
BEARER = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "For example: Bearer abc123",
}
ERROR = {"type": "object", "properties": {"message": {"type": "string"}}}
VERSIONS = {"type": "integer", "enum": [2, 3]}


class Described:
    """What every version tells: the service, the prefix of its addresses, and its schemas."""

    def __init__(self, name: str, version: str, prefix: str, schemas: Mapping[str, Any]) -> None:
        about = "API specification for the Azure Machine Learning service " + name
        self.info = {"title": name, "description": about, "version": version}
        self.prefix = prefix
        self.schemas = {**schemas, "ErrorResponse": ERROR}

    def paths(self, health: Json, score: Json, specification: Json) -> Json:
        """Give the three addresses."""
        return {
            self.prefix + "/": {"get": health},
            self.prefix + "/score": {"post": score},
            self.prefix + "/swagger.json": {"get": specification},
        }


def swagger_2(described: Described) -> Json:
    """Give the document in Swagger 2.0."""
    health = _answers_2(HEALTHY, {"type": "string"})
    health["200"]["examples"] = {"application/json": "Healthy"}
    payload = {"name": "serviceInputPayload", "in": "body", "description": INPUT}
    score = {
        **_operation("RunMLService", PREDICTION, _answers_2(SCORED, _named_2("ServiceOutput"))),
        "security": [{"Bearer": []}],
        "parameters": [{**payload, "schema": _named_2("ServiceInput")}],
    }
    which = {"name": "version", "in": "query", "required": False, **VERSIONS}
    text = _answers_2(SPECIFIED, {"type": "string"})
    specification = {
        **_operation("GetSwaggerSpec", SPECIFICATION, text),
        "parameters": [which],
    }
    return {
        "swagger": "2.0",
        "info": described.info,
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": BEARER},
        "paths": described.paths(
            _operation("ServiceHealthCheck", HEALTH_CHECK, health), score, specification
        ),
        "definitions": described.schemas,
    }


def openapi_3(version: str, described: Described) -> Json:
    """Give the document in a version of OpenAPI 3."""
    health = _answers_3(HEALTHY, "text/plain", {"type": "string", "example": "Healthy"})
    scored = _answers_3(SCORED, "application/json", _named_3("ServiceOutput"))
    body = {
        "description": INPUT,
        "content": _content("application/json", _named_3("ServiceInput")),
    }
    score = {
        **_operation("RunMLService", PREDICTION, scored),
        "security": [{"Bearer": []}],
        "requestBody": body,
    }
    which = {"name": "version", "in": "query", "required": False, "schema": VERSIONS}
    text = _answers_3(SPECIFIED, "text/plain", {"type": "string"})
    specification = {
        **_operation("GetSwaggerSpec", SPECIFICATION, text),
        "parameters": [which],
    }
    return {
        "openapi": version,
        "info": described.info,
        "security": [{"Bearer": []}],
        "paths": described.paths(
            _operation("ServiceHealthCheck", HEALTH_CHECK, health), score, specification
        ),
        "components": {
            "schemas": described.schemas,
            "securitySchemes": {"Bearer": BEARER},
        },
    }


def _operation(name: str, about: str, responses: Json) -> Json:
    return {"operationId": name, "description": about, "responses": responses}


def _answers_2(about: str, schema: Json) -> Json:
    failed = {"description": FAILURE, "schema": _named_2("ErrorResponse")}
    return {"200": {"description": about, "schema": schema}, "default": failed}


def _answers_3(about: str, kind: str, schema: Json) -> Json:
    failed = _content("application/json", _named_3("ErrorResponse"))
    return {
        "200": {"description": about, "content": _content(kind, schema)},
        "default": {"description": FAILURE, "content": failed},
    }


def _content(kind: str, schema: Json) -> Json:
    return {kind: {"schema": schema}}


def _named_2(name: str) -> Json:
    return {"$ref": "#/definitions/" + name}


def _named_3(name: str) -> Json:
    return {"$ref": "#/components/schemas/" + name}
