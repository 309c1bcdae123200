"""A client of SCRAM-SHA-256 written from RFC 5802, knowing nothing of the server's code."""

import base64
import hashlib
import hmac


class ScramClient:
    """One exchange. `gs2` is the header; `binding` the channel binding data that go with `p=`."""

    def __init__(self, name: str, password: str, *, nonce: str = "cl13nt", gs2: str = "n,,", binding: bytes = b""):
        self.name = name.replace("=", "=3D").replace(",", "=2C")
        self.password = password.encode()
        self.nonce = nonce
        self.gs2 = gs2
        self.binding = binding
        self.server_signature = b""

    @property
    def bare(self) -> str:
        return f"n={self.name},r={self.nonce}"

    def first(self) -> bytes:
        return (self.gs2 + self.bare).encode()

    def final(self, server_first: bytes) -> bytes:
        fields = dict(field.split("=", 1) for field in server_first.decode().split(","))
        assert fields["r"].startswith(self.nonce)
        assert len(fields["r"]) >= len(self.nonce) + 18
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        bound = base64.b64encode(self.gs2.encode() + self.binding).decode()
        without_proof = f"c={bound},r={fields['r']}"
        auth = f"{self.bare},{server_first.decode()},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), auth, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self.server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), auth, "sha256")
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def check(self, server_final: bytes) -> None:
        """The server knows the password too."""
        assert server_final == b"v=" + base64.b64encode(self.server_signature)
