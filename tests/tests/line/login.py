"""Logs in as a wallet written in Python does, and places an order with the token.

Prints what came of it.
"""

import json
import sys
from urllib.parse import urlsplit

import requests
from stellar_sdk import Keypair, TransactionEnvelope
from stellar_sdk.sep.stellar_toml import fetch_stellar_toml
from stellar_sdk.sep.stellar_web_authentication import (
    read_challenge_transaction,
    verify_challenge_transaction_signed_by_client_master_key,
)

url, secret, order = sys.argv[1:]
domain = urlsplit(url).netloc
keypair = Keypair.from_secret(secret)
toml = fetch_stellar_toml(domain, use_http=True)
server, endpoint, passphrase = (toml[name] for name in ("SIGNING_KEY", "WEB_AUTH_ENDPOINT", "NETWORK_PASSPHRASE"))
host = urlsplit(endpoint).netloc

challenge = requests.get(endpoint, params={"account": keypair.public_key, "home_domain": domain}, timeout=30).json()
read = read_challenge_transaction(challenge["transaction"], server, domain, host, passphrase)
envelope = TransactionEnvelope.from_xdr(challenge["transaction"], challenge["network_passphrase"])
envelope.sign(keypair)
signed = envelope.to_xdr()
verify_challenge_transaction_signed_by_client_master_key(signed, server, domain, host, passphrase)

# As a form, the other of the two ways.
login = requests.post(endpoint, data={"transaction": signed}, timeout=30)
again = requests.post(endpoint, data={"transaction": signed}, timeout=30)
with open(order, "rb") as body:
    headers = {"Authorization": f"Bearer {login.json()['token']}", "Content-Type": "application/json"}
    placed = requests.post(f"{url}/api/v1/orders", data=body.read(), headers=headers, timeout=30)
print(
    json.dumps(
        {
            "account": read.client_account_id,
            "login": login.status_code,
            "again": {"status": again.status_code, "body": again.json()},
            "placed": {"status": placed.status_code, "body": placed.json()},
        }
    )
)
