"""A self-signed certificate for a class without a DNS name. It is created once and stored next to the class file.

No authority has signed it, so each slip shows its fingerprint along with the code. `pinned` trusts only that
certificate, even if the laptop's clock is wrong.
"""

import hashlib
import hmac
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from labkit.bench.tunnel import certificate_of
from labkit.platform import plain_file
from labkit.platform.packages import missing
from labkit.platform.proxies import ForwardProxy

DAYS = 400  # the longest validity that browsers accept
BEFORE = timedelta(weeks=4)  # backdating, for laptops whose clock is behind
NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which `ssl` does not name
TIMEOUT_S = 5.0
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class NoCertificate(Exception):
    """A certificate could not be created, or has another fingerprint; the message says what to do."""


def own_certificate(path: Path, lan: str | None) -> tuple[Path, Path]:
    """Return the certificate and key of a class file, creating them if necessary. Raises NoCertificate, OSError."""
    certfile, keyfile = path.with_suffix(".crt"), path.with_suffix(".pem")
    for one, other in ((certfile, keyfile), (keyfile, certfile)):
        if one.exists() and not other.exists():
            raise NoCertificate(f"{one} exists without {other.name}; move it away, or give --certfile and --keyfile")
    if not certfile.exists():
        certificate, key = _made(["localhost", socket.gethostname()], ["127.0.0.1", "::1", *([lan] if lan else [])])
        with os.fdopen(os.open(keyfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
        certfile.write_bytes(certificate)
    return certfile, keyfile


def fingerprint(certfile: Path | None) -> str | None:
    """Return the first 32 hex digits of a certificate's SHA-256, or None if there is no certificate."""
    if certfile is None:
        return None
    pem = plain_file.read_bytes(certfile).decode("ascii")
    first = pem[pem.index(BEGIN) : pem.index(END) + len(END)]  # the first of a chain is the server's own
    return _digest(ssl.PEM_cert_to_DER_cert(first))


def pinned(url: str, expected: str, proxy: ForwardProxy | None = None) -> ssl.SSLContext:
    """Return a TLS context that trusts only the server with this fingerprint. Raises NoCertificate, OSError."""
    der = certificate_of(url, proxy, TIMEOUT_S)
    if not hmac.compare_digest(_digest(der), expected.replace(":", "").lower()):
        raise NoCertificate(
            f"the certificate of {urlsplit(url).hostname} is not the one on your slip; ask your instructor"
        )
    context = ssl.create_default_context(cadata=der)
    context.check_hostname = False  # the fingerprint identifies the server instead
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= NO_CHECK_TIME  # a laptop's clock may be wrong by years
    return context


def _digest(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()[:32]


def _made(names: list[str], addresses: list[str]) -> tuple[bytes, bytes]:
    """Create a certificate and its key, in PEM format."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise NoCertificate(missing("cryptography", "give --certfile")) from None
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "labkit class")])
    alternatives = [*map(x509.DNSName, names), *(x509.IPAddress(ip_address(one)) for one in addresses)]
    begins = datetime.now(UTC) - BEFORE
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), secret
