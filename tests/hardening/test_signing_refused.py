"""C2PA signing with the user's own certificate: what is refused before anything runs. Needs no C2PA library."""

import sys
from pathlib import Path

import pytest

from studio.cli import main
from studio.errors import RequestError, ResourceError
from studio.media import certificates, credentials
from studio.media.certificates import read_identity
from studio.media.credentials import Credentials, manifest
from studio.origin import SOURCE_TYPES
from studio.settings import Settings, from_environment
from tests.hardening.authority import Authority

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def authority():
    return Authority()


def one_sentence(error: Exception) -> str:
    said = str(error)
    assert "\n" not in said and said.endswith(".") and "Traceback" not in said
    return said


def test_one_without_the_other_is_refused(tmp_path, monkeypatch):
    for given in ({"sign_certificate": tmp_path / "a"}, {"sign_key": tmp_path / "b"}):
        with pytest.raises(RequestError, match="both --sign-certificate and --sign-key"):
            Settings(**given)
    monkeypatch.setenv("ZOETROPE_SIGN_KEY", "k.pem")
    with pytest.raises(RequestError):
        from_environment()
    monkeypatch.setenv("ZOETROPE_SIGN_CERTIFICATE", "c.pem")
    monkeypatch.setenv("ZOETROPE_SIGN_PASSPHRASE", "open sesame")
    settings = from_environment()
    assert (settings.sign_certificate, settings.sign_key) == (Path("c.pem"), Path("k.pem"))
    assert settings.sign_passphrase == "open sesame" and "sesame" not in repr(settings)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda c, k: c.unlink(), "chain.pem cannot be read"),
        (lambda c, k: k.unlink(), "key.pem cannot be read"),
        (lambda c, k: (c.unlink(), c.mkdir()), "cannot be read"),
        (lambda c, k: c.write_bytes(b"no certificate"), "holds no certificate in PEM form"),
        (lambda c, k: c.write_bytes(b""), "holds no certificate in PEM form"),
        (lambda c, k: c.write_bytes(c.read_bytes()[:300]), "holds no certificate in PEM form"),
        (lambda c, k: k.write_bytes(c.read_bytes()), "holds no private key in PEM form"),
        (lambda c, k: k.write_bytes(k.read_bytes()[:100]), "holds no private key in PEM form"),
        (lambda c, k: k.write_bytes(b"\xff" * 5000), "holds no private key in PEM form"),
    ],
)
def test_a_file_that_is_none_is_named(authority, tmp_path, change, words):
    certificate, key = authority.write(tmp_path)
    change(certificate, key)
    with pytest.raises(RequestError, match=words) as caught:
        read_identity(certificate, key)
    one_sentence(caught.value)


@pytest.mark.parametrize(
    "made, words",
    [
        ({"begins": -30, "ends": -1}, "expired on"),
        ({"begins": 5}, "is valid from"),
        ({"kind": "secp256k1"}, "secp256k1.* cannot sign"),
        ({"kind": "rsa1024"}, "RSA with 1024 bits"),
        ({"passphrase": b"a long one"}, "set ZOETROPE_SIGN_PASSPHRASE"),
    ],
)
def test_what_cannot_sign_is_refused(authority, tmp_path, made, words):
    with pytest.raises(RequestError, match=words) as caught:
        read_identity(*authority.write(tmp_path, **made))
    one_sentence(caught.value)


def test_an_authority_that_has_expired_is_no_better(tmp_path):
    with pytest.raises(RequestError, match="expired on"):
        read_identity(*Authority(ends=-1).write(tmp_path))


def test_keys_and_certificates_of_different_people(authority, tmp_path):
    (tmp_path / "other").mkdir()
    certificate, key = authority.write(tmp_path)
    _, others = authority.write(tmp_path / "other")
    with pytest.raises(RequestError, match="does not belong to the first certificate"):
        read_identity(certificate, others)
    certificate.write_bytes(authority.pem + certificate.read_bytes())
    with pytest.raises(RequestError, match="yours must stand first"):
        read_identity(certificate, key)


def test_a_passphrase_opens_the_key_and_another_does_not(authority, tmp_path):
    certificate, key = authority.write(tmp_path, passphrase=b"open sesame")
    with pytest.raises(RequestError, match="does not open"):
        read_identity(certificate, key, "open wide")
    identity = read_identity(certificate, key, "open sesame")
    assert identity.algorithm == "es256" and identity.take_key().startswith(b"-----BEGIN PRIVATE KEY")
    with pytest.raises(AssertionError):
        identity.take_key()
    assert read_identity(*authority.write(tmp_path), "not needed").algorithm == "es256"


def test_a_missing_library_says_what_to_install(authority, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(ResourceError, match=f"pip install {credentials.PACKAGE}"):
        Credentials(*authority.write(tmp_path))


def test_the_command_line_refuses_before_it_works(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # nothing is loaded
    out, absent = tmp_path / "out.mp4", tmp_path / "absent.pem"
    for more in (["--sign-key", "k.pem"], ["--sign-certificate", str(absent), "--sign-key", str(absent)]):
        assert main(["generate", "a red car", "--out", str(out), *more]) in (1, 2)
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and ("both --sign" in said or "absent.pem" in said or "pip install" in said)
    assert not out.exists()


def test_the_extra_is_pinned_once():
    for name in ("requirements-dev.txt", "pyproject.toml", "README.md"):
        assert credentials.PACKAGE in (ROOT / name).read_text(encoding="utf-8"), name
    assert "c2pa" not in (ROOT / "requirements.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("source_type", SOURCE_TYPES)
def test_what_is_signed_names_the_program_and_nobody(source_type):
    said = manifest(source_type)
    (assertion,) = said["assertions"]
    actions = assertion["data"]["actions"]
    assert actions[0]["action"] == "c2pa.created" and {each["digitalSourceType"] for each in actions} == {source_type}
    assert set(said) == {"claim_generator_info", "assertions"}
    assert {key for each in actions for key in each} == {"action", "digitalSourceType"}


def test_no_sentence_is_longer_than_one():
    sentences = [value for name, value in vars(certificates).items() if name.isupper() and isinstance(value, str)]
    sentences += [credentials.NOT_INSTALLED, credentials.REFUSED, credentials.FAILED, credentials.UNSIGNED]
    assert len(sentences) > 10 and all(text.endswith(".") and text.count(". ") == 0 for text in sentences)
