"""A signing certificate and its private key from PEM files, checked before anything is done with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import RequestError, ResourceError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

NO_LIBRARY = 'Signing needs the package "cryptography": please install what requirements.txt lists.'
UNREADABLE = "The file {path} cannot be read: please check its path and its permissions."
NO_CERTIFICATE = "The file {path} holds no certificate in PEM form: it must have a BEGIN CERTIFICATE line."
NO_KEY = "The file {path} holds no private key in PEM form: it must have a BEGIN PRIVATE KEY line."
PROTECTED = "The private key of {path} is protected: set ZOETROPE_SIGN_PASSPHRASE to its passphrase."
WRONG = "ZOETROPE_SIGN_PASSPHRASE does not open the private key of {path}: please check both."
OTHER_KEY = (
    "The private key of {key} does not belong to the first certificate of {certificate}: yours must stand first there, "
    "and after it those that vouch for it."
)
OVER = "A certificate of {path} expired on {day}: please get a new one, or start the studio without signing."
EARLY = "A certificate of {path} is valid from {day} on: please check this machine's clock."
MEANWHILE = "The studio's signing certificate is not valid any more: please start the studio with a new one."
UNSUITED = (
    "A key of this kind ({kind}) cannot sign Content Credentials: please use one of P-256, P-384, P-521, Ed25519, or "
    "RSA with 2048 to 16384 bits."
)
_MOST_BYTES = 1 << 20
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_RSA_BITS = range(2048, 16385)


class Identity:
    """Who signs: ``chain`` (PEM, the signer's own certificate first) and ``algorithm`` (C2PA's name of it).

    The private key can be taken once (``take_key``), and is not shown.
    """

    def __init__(self, chain: Sequence[Certificate], pem: bytes, algorithm: str, key: bytes) -> None:
        self.chain = pem
        self.algorithm = algorithm
        self.begins = max(each.not_valid_before_utc for each in chain)
        self.ends = min(each.not_valid_after_utc for each in chain)
        self._key: bytes | None = key

    def take_key(self) -> bytes:
        """The private key (PKCS 8, PEM), which is forgotten here."""
        key, self._key = self._key, None
        assert key is not None, "the key was taken before"
        return key

    def check_time(self) -> None:
        """Raise ResourceError, one sentence that any visitor may read, unless the whole chain is valid now."""
        if not self.begins <= datetime.now(timezone.utc) <= self.ends:
            raise ResourceError(MEANWHILE)


def read_identity(certificate: Path, key: Path, passphrase: str = "") -> Identity:
    """The certificate's chain and the key that belongs to it.

    Raises RequestError, one sentence that says what to do: a file that cannot be read or holds something else, a
    passphrase that is missing or wrong, a key of an unsuited kind or another certificate's, a certificate that has
    expired or is not valid yet. ResourceError without the package that reads them.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.x509 import load_pem_x509_certificates
    except ImportError as error:
        raise ResourceError(NO_LIBRARY) from error
    try:
        chain = load_pem_x509_certificates(_content(certificate))
    except ValueError:
        raise RequestError(NO_CERTIFICATE.format(path=certificate)) from None
    private = _private_key(key, passphrase)
    algorithm = _algorithm(private)
    pem, spki = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    own, theirs = private.public_key(), chain[0].public_key()
    if own.public_bytes(pem, spki) != theirs.public_bytes(pem, spki):
        raise RequestError(OTHER_KEY.format(key=key, certificate=certificate))
    identity = Identity(
        chain, b"".join(each.public_bytes(pem) for each in chain), algorithm,
        private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )  # fmt: skip
    now, begins, ends = datetime.now(timezone.utc), identity.begins, identity.ends
    if now > ends:
        raise RequestError(OVER.format(path=certificate, day=f"{ends.day} {ends:%B %Y}"))
    if now < begins:
        raise RequestError(EARLY.format(path=certificate, day=f"{begins.day} {begins:%B %Y}"))
    return identity


def _content(path: Path) -> bytes:
    """The file's first megabyte: no key and no chain is longer."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise RequestError(UNREADABLE.format(path=path)) from error


def _private_key(path: Path, passphrase: str) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _content(path)
    try:
        try:
            return load_pem_private_key(content, passphrase.encode() or None)
        except TypeError:  # protected and no passphrase, or the other way round
            if not passphrase:
                raise RequestError(PROTECTED.format(path=path)) from None
            return load_pem_private_key(content, None)
    except UnsupportedAlgorithm:
        raise RequestError(UNSUITED.format(kind="unknown")) from None
    except ValueError:
        protected = bool(passphrase) and b"ENCRYPTED" in content
        raise RequestError((WRONG if protected else NO_KEY).format(path=path)) from None


def _algorithm(key: PrivateKeyTypes) -> str:
    """C2PA's name of the signatures that this key makes."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size in _RSA_BITS:
        return "ps256"
    raise RequestError(UNSUITED.format(kind=_named(key)))


def _named(key: PrivateKeyTypes) -> str:
    """A key's kind as people say it: "secp256k1", "RSA with 1024 bits"."""
    curve, size = getattr(key, "curve", None), getattr(key, "key_size", None)
    name = type(key).__name__.strip("_").removesuffix("PrivateKey")
    return curve.name if curve is not None else f"{name} with {size} bits" if size else name
