"""pip's configuration as variables for uv, which reads none of it by itself."""

from __future__ import annotations

import configparser
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

KEYS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "cert",
    "client-cert",
    "no-index",
    "trusted-host",
)


def build_variables(environ: Mapping[str, str], cache: str = "") -> dict[str, str]:
    """Give the variables that uv runs with, perhaps with a cache of its own."""
    own = {
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        "UV_PYTHON_DOWNLOADS": "manual",
        "UV_HTTP_RETRIES": "2",
    }
    rest = dict(environ)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME"):
        rest.pop(name, None)
    kept = {"UV_CACHE_DIR": cache} if cache else {}
    return {**own, **kept, **uv_variables(rest), **rest}


def uv_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that make uv look where pip would; what is set for uv itself wins."""
    return translate(pip_configuration(environ), environ, own_index=_uv_names_an_index(environ))


def pip_configuration(environ: Mapping[str, str]) -> dict[str, str]:
    """Read pip's settings: its files from general to particular, then `PIP_*` variables."""
    found: dict[str, str] = {}
    for path in _files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update(parser.items(section))
    found.update(
        {
            k[4:].lower().replace("_", "-"): v
            for k, v in environ.items()
            if k.startswith("PIP_") and v
        }
    )
    return {key: found[key] for key in KEYS if found.get(key)}


def translate(
    pip: Mapping[str, str], environ: Mapping[str, str], *, own_index: bool = False
) -> dict[str, str]:
    """Write pip's settings as uv's variables. Pure but for the existence of local folders."""
    wanted: dict[str, str] = {}
    if "index-url" in pip and not own_index:
        wanted["UV_DEFAULT_INDEX"] = pip["index-url"].strip()
    extra = list(_existing(pip.get("extra-index-url", "").split()))
    if extra:
        wanted["UV_INDEX"] = " ".join(extra)
    links = list(_existing(pip.get("find-links", "").split()))
    if links:
        wanted["UV_FIND_LINKS"] = ",".join(links)
    if "trusted-host" in pip:
        wanted["UV_INSECURE_HOST"] = " ".join(pip["trusted-host"].split())
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        wanted["UV_NO_INDEX"] = "1"
    if Path(pip.get("cert", "")).is_file():
        wanted["SSL_CERT_FILE"] = pip["cert"]
    if "client-cert" in pip:
        wanted["SSL_CLIENT_CERT"] = pip["client-cert"]
    # pip takes the best version of all indexes; uv would stop at the first with the name.
    wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {key: value for key, value in wanted.items() if not environ.get(key)}


def _existing(places: Iterable[str]) -> Iterable[str]:
    for place in places:
        address = urlsplit(place)
        if address.scheme == "file" and not Path(unquote(address.path)).exists():
            continue
        if not re.match(r"[a-z]+://", place) and not Path(place).expanduser().exists():
            continue
        yield place


def _files(environ: Mapping[str, str]) -> list[Path]:
    if environ.get("PIP_CONFIG_FILE") == "/dev/null":
        return []
    home = Path(environ.get("HOME") or "/")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    shared = [
        Path(p) / "pip" / "pip.conf"
        for p in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        if p
    ]
    named = [Path(environ["PIP_CONFIG_FILE"])] if environ.get("PIP_CONFIG_FILE") else []
    own = [home / ".pip" / "pip.conf", config / "pip" / "pip.conf", Path(sys.prefix) / "pip.conf"]
    return [*shared, Path("/etc/pip.conf"), *own, *named]


def _uv_names_an_index(environ: Mapping[str, str]) -> bool:
    if any(environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")):
        return True
    config = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "/") / ".config")
    for path in (config / "uv" / "uv.toml", Path("/etc/uv/uv.toml")):
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if "index-url" in settings or any(i.get("default") for i in settings.get("index", [])):
            return True
    return False
