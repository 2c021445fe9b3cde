"""An identity provider made of pysaml2: its metadata, its messages."""

import datetime
import os
import secrets
import shutil
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, saml, xmldsig
from saml2.config import IdPConfig
from saml2.mdstore import MetadataStore
from saml2.metadata import entity_descriptor
from saml2.server import Server

CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def key_and_certificate(folder, name):
    """A new key with a certificate, as two files of PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now - day, now + 30 * day)
    certificate = made.sign(key, hashes.SHA256())
    files = [os.path.join(folder, f"{name}-{secrets.token_hex(4)}.{kind}") for kind in ("key", "pem")]
    plain = serialization.NoEncryption()
    with open(files[0], "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    with open(files[1], "wb") as out:
        out.write(certificate.public_bytes(serialization.Encoding.PEM))
    return files


class IdentityProvider:
    def __init__(self, folder, entity_id, sso="https://pysaml2.example/sso"):
        self.entity_id = entity_id
        key, certificate = key_and_certificate(folder, "pysaml2")
        self.key = key
        service = [(sso, BINDING_HTTP_REDIRECT), (sso, BINDING_HTTP_POST)]
        self.config = IdPConfig().load({
            "entityid": entity_id,
            "key_file": key,
            "cert_file": certificate,
            "xmlsec_binary": shutil.which("xmlsec1"),
            "service": {"idp": {
                "endpoints": {"single_sign_on_service": service},
                "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
            }},
        })
        self.server = Server(config=self.config)

    def metadata(self):
        return str(entity_descriptor(self.config))

    def know(self, metadata):
        """Reads a service provider's metadata; answers where its messages go."""
        known = MetadataStore(self.config.attribute_converters, self.config)
        known.load("inline", metadata)
        self.server.metadata = self.config.metadata = known
        service_provider = next(iter(known.keys()))
        return known.assertion_consumer_service(service_provider)[0]["location"]

    def asked(self, location):
        """Reads the request that a redirect of Usher's carries."""
        message = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))["SAMLRequest"]
        return self.server.parse_authn_request(message, BINDING_HTTP_REDIRECT).message

    def response(self, address, connection, sign, weak=False, answers=None, encrypted_for=None, at=None):
        """A message that answers no request, unless one is named; encrypted for a certificate, if one is given.

        The person signed in now, unless another time is given."""
        assertion, whole = sign in ("assertion", "both"), sign in ("response", "both")
        return str(self.server.create_authn_response(
            {"mail": [address], "givenName": ["Augusta"], "sn": ["Byron"]},
            answers,
            connection["acs_url"],
            sp_entity_id=connection["sp_entity_id"],
            name_id=saml.NameID(format=saml.NAMEID_FORMAT_EMAILADDRESS, text=address),
            authn={"class_ref": CLASS, "authn_auth": self.entity_id, "authn_instant": at},
            sign_assertion=assertion,
            sign_response=whole,
            sign_alg=xmldsig.SIG_RSA_SHA1 if weak else xmldsig.SIG_RSA_SHA256,
            digest_alg=xmldsig.DIGEST_SHA1 if weak else xmldsig.DIGEST_SHA256,
            encrypt_assertion=bool(encrypted_for), encrypt_cert_assertion=encrypted_for,
            encrypt_assertion_self_contained=bool(encrypted_for),
        ))
