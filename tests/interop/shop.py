"""An application behind, as a site of its own: it begins sign-ins, gets codes by the browser, exchanges them."""

import base64
import hashlib
import json
import secrets
import urllib.parse

from fronts import Site
from traffic import browser


class Shop:
    """`direct` is where Usher is reached without a browser."""

    def __init__(self, fronts, usher, issuer, direct, *more):
        self.issuer, self.direct, self.came, self.asked = issuer, direct, {}, {}
        self.site = Site(fronts, "shop.test", {
            "/login": lambda told: self.begin(login_hint=told["login_hint"]) if told.get("iss") == issuer else None,
            "/callback": self.arrived,
            "/goodbye": lambda told: f"<!doctype html><title>Shop</title><h1>Goodbye</h1><p>{told.get('state', '')}</p>",
        })
        self.callback, self.goodbye = f"{self.site.url}/callback", f"{self.site.url}/goodbye"
        self.registered = usher.command(
            "app", "create", "--name", "Shop", "--redirect-uri", self.callback,
            "--initiate-login-uri", f"{self.site.url}/login", "--post-logout-redirect-uri", self.goodbye, *more,
        )

    def arrived(self, told):
        self.came = told
        return "<!doctype html><title>Shop</title><h1>Welcome</h1>"

    def begin(self, **more):
        """The address at which a sign-in begins."""
        self.came, verifier = {}, secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        self.asked = {"verifier": verifier, "state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24)}
        return f"{self.issuer}/oauth/authorize?" + urllib.parse.urlencode({
            "client_id": self.registered["client_id"], "redirect_uri": self.callback, "response_type": "code",
            "scope": "openid email profile", "state": self.asked["state"], "nonce": self.asked["nonce"],
            "code_challenge": challenge, "code_challenge_method": "S256", **more,
        })

    def finish(self):
        """The tokens for the code that came; what came instead, where it is none for what was asked."""
        if "code" not in self.came or self.came.get("state") != self.asked["state"]:
            return {"came": self.came}
        tokens = self.token(
            grant_type="authorization_code", code=self.came["code"], redirect_uri=self.callback,
            code_verifier=self.asked["verifier"],
        )
        if "id_token" in tokens:
            part = tokens["id_token"].split(".")[1]
            tokens["claims"] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            if tokens["claims"]["nonce"] != self.asked["nonce"]:
                return {"nonce": tokens["claims"]["nonce"]}
        return tokens

    def refresh(self, tokens):
        return self.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    def token(self, **form):
        credentials = (self.registered["client_id"], self.registered["client_secret"])
        return browser().post(f"{self.direct}/oauth/token", data=form, auth=credentials, timeout=30).json()

    def leaving(self, tokens, state):
        """The address at which somebody who leaves the shop signs out."""
        return f"{self.issuer}/oauth/logout?" + urllib.parse.urlencode({
            "id_token_hint": tokens["id_token"], "post_logout_redirect_uri": self.goodbye, "state": state,
        })

    def close(self):
        self.site.close()
