"""A certificate authority of the tests' own, and signing certificates by it."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM = serialization.Encoding.PEM
KEYS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ps256": lambda: rsa.generate_private_key(65537, 2048),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
}


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


class Authority:
    """Signs certificates; ``pem`` is its own, which is valid for so many days."""

    def __init__(self, ends: float = 365) -> None:
        self._key = KEYS["es256"]()
        self.pem = self._sign("An authority", self._key.public_key(), -365, ends, None)

    def _sign(self, subject: str, public, begins: float, ends: float, usage) -> bytes:
        now, is_ca = datetime.now(timezone.utc), usage is None
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject)).issuer_name(_name("An authority")).public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=ends))
            .add_extension(x509.BasicConstraints(is_ca, None), True)
            .add_extension(x509.KeyUsage(not is_ca, *(False,) * 4, is_ca, is_ca, False, False), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)
        )  # fmt: skip
        if usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(PEM)

    def write(
        self,
        folder: Path,
        kind="es256",
        begins=-30,
        ends=30,
        usage=ExtendedKeyUsageOID.EMAIL_PROTECTION,
        passphrase=b"",
    ) -> tuple[Path, Path]:
        """A signer's chain and private key as files; ``begins`` and ``ends`` are days from now."""
        key = KEYS[kind]()
        certificate, private = folder / "chain.pem", folder / "key.pem"
        certificate.write_bytes(self._sign("A signer", key.public_key(), begins, ends, usage) + self.pem)
        how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        private.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, how))
        return certificate, private
