"""Addresses at which clients reach a bucket themselves.

A download is signed by obstore. An upload is signed here, for S3 alone: the client must send the
content's SHA-256 and length, both are part of the signature, and S3 refuses other bytes. Stores
that do not look at the digest are found out by an attempt, and get uploads through the server.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from zaffre.kinds.digest import digest_of, hex_of
from zaffre.ports.artifacts import Blob
from zaffre.ports.clock import Clock
from zaffre.ports.direct import Place
from zaffre.store.bucket import blob_key
from zaffre.store.objects import ObjectArtifacts

LOG = logging.getLogger(__name__)
LASTS = timedelta(hours=12)
LARGEST = 5 * 2**30
"""Bytes that S3 takes in one request; larger content goes through the server, in parts."""

ALGORITHM = "AWS4-HMAC-SHA256"
OCTETS = "application/octet-stream"
_TIMEOUT = 10


@dataclass(frozen=True)
class Credentials:
    """A key that signs for S3, and the region it signs for."""

    key: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    region: str = "us-east-1"


def credentials_of(options: Mapping[str, str]) -> Credentials | None:
    """Give the key among a bucket's options, if there is one."""
    key, secret = options.get("access_key_id"), options.get("secret_access_key")
    if not key or not secret:
        return None
    region = options.get("region") or Credentials.region
    return Credentials(key, secret, options.get("session_token", ""), region)


class SignedAccess:
    """Signs addresses of a bucket (the `DirectAccess` socket).

    Without credentials, or with a store that does not check digests, there are no uploads.
    """

    def __init__(
        self, store: ObjectArtifacts, clock: Clock, credentials: Credentials | None
    ) -> None:
        self._bucket = store.bucket
        self._near = store.near
        self._clock = clock
        self._credentials = credentials
        self._checks: bool | None = None

    def distant(self, digests: Sequence[str]) -> list[str]:
        """Look into the folder; what is there counts as used just now."""
        return self._near.missing(digests)

    def downloads(self, digests: Sequence[str]) -> dict[str, Place]:
        """Sign a GET for each."""
        signed = {digest: self._bucket.sign("GET", blob_key(digest), LASTS) for digest in digests}
        return {digest: Place(url) for digest, url in signed.items() if url}

    def uploads(self, blobs: Sequence[Blob]) -> dict[str, Place]:
        """Sign a PUT for each that one request can hold."""
        signer = self._credentials
        if signer is None or not self._checks_digests(signer):
            return {}
        return {
            blob.digest: self._upload(signer, blob_key(blob.digest), blob)
            for blob in blobs
            if blob.size <= LARGEST
        }

    def _upload(self, signer: Credentials, path: str, blob: Blob) -> Place:
        address = self._bucket.sign("PUT", path, LASTS) or ""
        headers = {
            "content-length": str(blob.size),
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(hex_of(blob.digest))).decode(),
        }
        return Place(signed_put(address, headers, signer, self._clock.now()), headers)

    def _checks_digests(self, signer: Credentials) -> bool:
        """Try to store something under a wrong digest, once: a good store refuses."""
        if self._checks is None and self._bucket.sign("PUT", "probe", LASTS):
            self._checks = self._refuses_lies(signer)
            if not self._checks:
                LOG.info("%s does not check digests: uploads go by the server", self._bucket.url)
        return bool(self._checks)

    def _refuses_lies(self, signer: Credentials) -> bool:
        place = self._upload(signer, "probe", Blob(digest_of(b"truth"), len(b"a lie")))
        request = urllib.request.Request(  # noqa: S310 - our own store's address
            place.url, b"a lie", {**place.headers, "content-type": OCTETS}, method="PUT"
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT):  # noqa: S310 - the same
                self._bucket.delete("probe")
                return False
        except urllib.error.HTTPError as error:
            return error.code == 400  # noqa: PLR2004 - BadDigest; 403 would say nothing
        except OSError:
            return False


def signed_put(
    address: str, headers: Mapping[str, str], credentials: Credentials, now: datetime
) -> str:
    """Sign a PUT with headers that must be sent (AWS Signature Version 4, in the query). Pure."""
    parts = urlsplit(address)
    day, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{day}/{credentials.region}/s3/aws4_request"
    sent = {"host": parts.netloc, **{name.lower(): value for name, value in headers.items()}}
    names = ";".join(sorted(sent))
    query = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.key}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(int(LASTS.total_seconds())),
        **({"X-Amz-Security-Token": credentials.token} if credentials.token else {}),
        "X-Amz-SignedHeaders": names,
    }
    asked = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(query.items()))
    lines = [f"{name}:{sent[name].strip()}\n" for name in sorted(sent)]
    canonical = f"PUT\n{parts.path}\n{asked}\n{''.join(lines)}\n{names}\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = _signature(credentials, day, f"{ALGORITHM}\n{moment}\n{scope}\n{digest}")
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{asked}&X-Amz-Signature={signature}"


def _signature(credentials: Credentials, day: str, text: str) -> str:
    made = f"AWS4{credentials.secret}".encode()
    for part in (day, credentials.region, "s3", "aws4_request"):
        made = hmac.digest(made, part.encode(), "sha256")
    return hmac.digest(made, text.encode(), "sha256").hex()


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
