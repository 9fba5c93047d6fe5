"""Pays from one new account to another: python pay.py [RPC]"""

import sys

import requests
from stellar_sdk import Asset, Keypair, SorobanServer, TransactionBuilder, xdr

server = SorobanServer(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
network = server.get_network()
payer, payee = Keypair.random(), Keypair.random()
for keypair in (payer, payee):
    requests.get(network.friendbot_url, params={"addr": keypair.public_key}, timeout=60).raise_for_status()

account = server.load_account(payer.public_key)
envelope = (
    TransactionBuilder(account, network.passphrase, base_fee=100)
    .append_payment_op(payee.public_key, Asset.native(), "5")
    .set_timeout(60)
    .build()
)
envelope.sign(payer)
found = server.poll_transaction(server.send_transaction(envelope).hash)
key = xdr.LedgerKey(xdr.LedgerEntryType.ACCOUNT, account=xdr.LedgerKeyAccount(payee.xdr_account_id()))
entry = server.get_ledger_entries([key]).entries[0]
print(found.status.value, xdr.LedgerEntryData.from_xdr(entry.xdr).account.balance.int64)
