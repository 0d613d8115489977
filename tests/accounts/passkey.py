"""A security key made of software, which answers as a browser's `navigator.credentials` does."""

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One credential for one origin; `verifies` says whether it asks its owner for PIN or finger."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        self.flags = PRESENT | (VERIFIED if verifies else 0)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.user_handle = ""
        self.counter = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what the browser would post after making the credential."""
        options = options["publicKey"]
        self.user_handle = options["user"]["id"]
        data = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key()))
        authenticator_data = self._authenticator_data(options["rp"]["id"], ATTESTED, data)
        attestation = AttestationObject.create("none", authenticator_data, {})
        response = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": websafe_encode(bytes(attestation)),
            "transports": ["internal"],
        }
        return self._credential(response, {"credProps": {"rk": True}})

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what the browser would post after using the credential."""
        options = options["publicKey"]
        authenticator_data = self._authenticator_data(options["rpId"], 0, b"")
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = bytes(authenticator_data) + hashlib.sha256(client_data).digest()
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(bytes(authenticator_data)),
            "signature": websafe_encode(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.user_handle,
        }
        return self._credential(response, {})

    def _authenticator_data(self, rp_id: str, flags: int, attested: bytes) -> AuthenticatorData:
        self.counter += 1
        return AuthenticatorData.create(
            hashlib.sha256(rp_id.encode()).digest(), self.flags | flags, self.counter, attested
        )

    def _client_data(self, kind: str, challenge: str | bytes) -> bytes:
        text = challenge if isinstance(challenge, str) else websafe_encode(challenge)
        return json.dumps({"type": kind, "challenge": text, "origin": self.origin, "crossOrigin": False}).encode()

    def _credential(self, response: dict[str, Any], extensions: dict[str, Any]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": extensions,
            "authenticatorAttachment": "platform",
        }
