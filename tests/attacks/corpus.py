"""Hostile values: texts that want to be paths, addresses, commands or queries, and values of wrong types."""

# ruff: noqa: RUF001 - these letters are meant to be taken for others
from __future__ import annotations

from typing import Any

UP = (
    "..",
    "%2e%2e",
    "%252e%252e",
    ".%2e",
    "..%00",
    "..;",
    "．．",
    "‥",
    "%c0%ae%c0%ae",
    "..\\",
    "....//",
    "%u002e%u002e",
)
TARGETS = ("etc/passwd", "token", "secret.key", "zaffre.db")
PATHS = [
    *(f"{up}/{up}/{up}/{target}" for up in UP for target in TARGETS[:2]),
    *(f"a/{up}/b" for up in UP),
    *(f"/{target}" for target in TARGETS),
    "..", "../", "/", "//", "///etc/passwd", "//etc/passwd", "\\\\host\\share\\x", "\\..\\..\\token", "C:\\Windows\\win.ini",
    "C:/Windows/win.ini", "\\\\?\\C:\\x", "~", "~root/.ssh/id_rsa", "$HOME/token", "%HOME%", ".", "./", "./.", "a/./b", "a//b",
    "a/", " a", "a ", "a.", "", " ", "\t", "a\x00b", "\x00", "a\nb", "a\r\nX: y", "a\x1b[2Jb", "a\x7fb", "a" * 256, "a" * 5000,
    "a/" * 600, "\u202etxt.exe", "a\u0301", "\u00e1", "\ufeffa", "\u200b", "💥" * 70, "\ud800", "a\udfffb", "\uffff",
    "con", "nul.txt", "-rf", "--help", "-", "@", "*", "?", "[", "%", "%zz", "%2", "%00", "/proc/self/environ", "/proc/self/root",
    "/dev/zero", "/dev/stdin", "CON:", "a:b", "a::$DATA", "..%2f..%2ftoken", "..%5c..%5ctoken", "%2e%2e%2ftoken", "%2fetc%2fpasswd",
    "token", "../token", "../../token", "jobs/../token", "run/server.json", "latest", "versions", "archive", "artifacts", "trees",
]  # fmt: skip
URLS = [
    "file:///etc/passwd", "file://localhost/etc/passwd", "file:/etc/passwd", "FILE:///etc/passwd", "file:etc/passwd", "file:\\\\etc",
    "http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://2852039166/", "http://0xa9fea9fe/",
    "http://metadata.google.internal/", "https://169.254.169.254/", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/", "ftp://127.0.0.1/x",
    "ldap://127.0.0.1/x", "jar:file:///x!/y", "data:text/plain,x", "javascript:alert(1)", "http://localhost:{port}/x", "http://127.0.0.1:{port}/canary",
    "http://127.1:{port}/canary", "http://0:{port}/canary", "http://user:pass@127.0.0.1:{port}/canary", "//127.0.0.1:{port}/canary",
    "s3://127.0.0.1:{port}/k", "gs://b/k", "dbfs:/x", "hdfs://127.0.0.1:{port}/x", "wasbs://c@127.0.0.1:{port}/x", "sftp://127.0.0.1:{port}/x",
    "runs:/../../x", "runs:/", "runs:/%2e%2e/x", "models:/../1", "models:/x/../../1", "models:/x@../y", "mlflow-artifacts:/../../token",
    "mlflow-artifacts://127.0.0.1:{port}/x", "mlflow-artifacts:/%2e%2e/%2e%2e/token", "mlflow-artifacts:///etc/passwd", "http://127.0.0.1:{port}/api/2.0/mlflow-artifacts/artifacts/../../token",
    "azureml://trees/sha256:../../token", "azureml://trees/../../token", "azureml://datastores/workspaceblobstore/paths/../../../token",
    "azureml://datastores/../paths/x", "azureml://datastores/workspaceblobstore/paths//etc/passwd", "azureml://jobs/../outputs/x", "azureml://jobs/x/outputs/../../x",
    "azureml:../x:1", "azureml:x:../1", "azureml:x@../latest", "azureml://subscriptions/a/resourcegroups/b/workspaces/../datastores/c/paths/d", "git+ssh://127.0.0.1:{port}/x",
    "git+https://127.0.0.1:{port}/x.git", "--index-url=http://127.0.0.1:{port}/", "-e git+file:///etc", "http://", "https://", "://", "azureml:", "azureml://",
]  # fmt: skip
TEXTS = [
    "$(touch /tmp/zaffre-escaped)", "`touch /tmp/zaffre-escaped`", "; touch /tmp/zaffre-escaped", "| id", "&& id", "${HOME}", "${{inputs.x}}", "${{secrets.token}}",
    "{{7*7}}", "%s%s%n", "' OR 1=1 --", '"; DROP TABLE runs; --', "<script>alert(1)</script>", "__proto__", "constructor", "null", "NaN", "Infinity", "-0", "1e999",
    "9" * 400, "0x10", "1_000", "١٢٣", "true", "[]", "{}", "a,b", "a=b", "metrics.`a` > 1 OR 1=1", "tags.x LIKE '%'", "attributes.run_id = '1' AND", "(" * 200,
    "a AND " * 500 + "b", "x" * 100_000, "\x00" * 10, "😀\u0000", "lock", "9223372036854775808", "-9223372036854775809", "eyJhIjoxfQ==", "AAAA", "===",
]  # fmt: skip


def nested(depth: int) -> list[Any]:
    """A list in a list in a list ..."""
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**30, [], {}, [[]], [None], [1, "a"], {"": ""}, {"a": None},
    {"$ref": "#"}, {"key": "k", "value": "v"}, [{"key": "k"}], [{"key": None, "value": None}], [{}], [[], {}], nested(50), ["x"] * 2000, {str(n): n for n in range(500)},
]  # fmt: skip


def texts(port: int) -> list[str]:
    """All hostile texts; addresses lead to a port on which somebody listens."""
    return [text.replace("{port}", str(port)) for text in (*PATHS, *URLS, *TEXTS)]
