"""Drives a ledger as a program written in Python does, with the official SDK as
it is: money, credit, the escrow through two leases, events, errors, and the
lives of entries. Prints what it saw; the test says what it must be.

    python escrow.py RPC ESCROW_WASM RPC_OF_SHORT_LIVES
"""

import hashlib
import json
import sys
import time
from pathlib import Path

import requests
from stellar_sdk import Asset, Keypair, SorobanDataBuilder, SorobanServer, TextMemo, TransactionBuilder, scval, xdr
from stellar_sdk.contract import ContractClient
from stellar_sdk.exceptions import AccountNotFoundException, PrepareTransactionException, SorobanRpcErrorResponse
from stellar_sdk.soroban_rpc import EventFilter, EventFilterType, GetTransactionStatus, SendTransactionStatus

url, wasm_file, short_lived = sys.argv[1:]
wasm = Path(wasm_file).read_bytes()
server = SorobanServer(url)
network = server.get_network()
passphrase = network.passphrase
seen = {"passphrase": passphrase, "protocolVersion": network.protocol_version}


class Refused(Exception):
    """What was not let in, or failed: the network's code."""


def settle(at, envelope):
    sent = at.send_transaction(envelope)
    if sent.status != SendTransactionStatus.PENDING:
        result = xdr.TransactionResult.from_xdr(sent.error_result_xdr)
        raise Refused(result.result.code.name)
    found = at.poll_transaction(sent.hash, max_attempts=600, sleep_strategy=lambda _: 0.05)
    if found.status != GetTransactionStatus.SUCCESS:
        raise Refused(xdr.TransactionResult.from_xdr(found.result_xdr).result.code.name)
    return found


def build(at, source, fee=100, memo=None):
    builder = TransactionBuilder(at.load_account(source.public_key), passphrase, base_fee=fee)
    if memo is not None:
        builder.add_memo(memo)
    return builder.set_timeout(60)


def submit(at, source, builder):
    envelope = builder.build()
    envelope.sign(source)
    return settle(at, envelope)


def call(at, source, builder):
    """Simulates before it sends, as calls of contracts need."""
    envelope = at.prepare_transaction(builder.build())
    envelope.sign(source)
    return settle(at, envelope)


def funded(at):
    keypair = Keypair.random()
    friendbot = at.get_network().friendbot_url
    requests.get(friendbot, params={"addr": keypair.public_key}, timeout=60).raise_for_status()
    return keypair


def xlm(keypair):
    key = xdr.LedgerKey(
        xdr.LedgerEntryType.ACCOUNT, account=xdr.LedgerKeyAccount(keypair.xdr_account_id())
    )
    entry = server.get_ledger_entries([key]).entries[0]
    return xdr.LedgerEntryData.from_xdr(entry.xdr).account.balance.int64


operator, treasury, tenant, provider, sponsor, issuer, stranger = (funded(server) for _ in range(7))

# Money: a payment with a memo, and one that another pays for.
before = xlm(provider)
paying = build(server, tenant, memo=TextMemo("rent"))
paying.append_payment_op(provider.public_key, Asset.native(), "12.5")
paid = submit(server, tenant, paying).transaction_hash
inner = build(server, tenant).append_payment_op(provider.public_key, Asset.native(), "1").build()
inner.sign(tenant)
bump = TransactionBuilder.build_fee_bump_transaction(sponsor, 200, inner, passphrase)
bump.sign(sponsor)
seen["feeBump"] = settle(server, bump).fee_bump
seen["innerFound"] = server.get_transaction(inner.hash_hex()).status.value
seen["received"] = str(xlm(provider) - before)

# Credit, and its contract.
usdc = Asset("USDC", issuer.public_key)
submit(server, tenant, build(server, tenant).append_change_trust_op(usdc, "1000"))
submit(server, issuer, build(server, issuer).append_payment_op(tenant.public_key, usdc, "100"))
call(server, issuer, build(server, issuer).append_create_stellar_asset_contract_from_asset_op(usdc))
key = xdr.LedgerKey(
    xdr.LedgerEntryType.TRUSTLINE,
    trust_line=xdr.LedgerKeyTrustLine(tenant.xdr_account_id(), usdc.to_trust_line_asset_xdr_object()),
)
line = xdr.LedgerEntryData.from_xdr(server.get_ledger_entries([key]).entries[0].xdr)
seen["trustLine"] = str(line.trust_line.balance.int64)

# The escrow: upload, deploy.
call(server, operator, build(server, operator).append_upload_contract_wasm_op(wasm))
tokens = [asset.contract_id(passphrase) for asset in (Asset.native(), usdc)]
config = scval.to_struct(
    {
        "operator": scval.to_address(operator.public_key),
        "treasury": scval.to_address(treasury.public_key),
        "tokens": scval.to_vec([scval.to_address(token) for token in tokens]),
        "fee_bps": scval.to_uint32(500),
        "withdraw_delay": scval.to_uint64(600),
        "receipt_key": scval.to_bytes(bytes([7] * 32)),
        "window": scval.to_uint64(1),
        "cancel_after": scval.to_uint64(86_400),
    }
)
deploying = build(server, operator).append_create_contract_op(
    wasm_id=hashlib.sha256(wasm).digest(), address=operator.public_key, constructor_args=[config]
)
deployed = call(server, operator, deploying)
value = xdr.TransactionMeta.from_xdr(deployed.result_meta_xdr).v4.soroban_meta.return_value
contract_id = scval.from_address(value).address
seen["deployedWasm"] = server.get_contract_wasm(contract_id) == wasm
escrow = ContractClient(contract_id, url, passphrase)


def does(keypair, method, *args):
    assembled = escrow.invoke(method, list(args), source=keypair.public_key, signer=keypair)
    return assembled.sign_and_submit()


def balance(keypair, token):
    args = [scval.to_address(keypair.public_key), scval.to_address(token)]
    return str(scval.from_int128(escrow.invoke("balance", args).result()))


# Two leases: one is settled, one is given back.
account, native = scval.to_address(tenant.public_key), scval.to_address(tokens[0])
does(tenant, "deposit", account, account, native, scval.to_int128(50_000_000))
does(tenant, "deposit", account, account, scval.to_address(tokens[1]), scval.to_int128(300_000_000))
limits = [scval.to_int128(40_000_000), scval.to_int128(60_000_000), scval.to_uint64(4_000_000_000)]
does(tenant, "set_tenant_mandate", account, native, *limits)


def terms(amount, deadline):
    return scval.to_struct(
        {
            "tenant": account,
            "provider": scval.to_address(provider.public_key),
            "token": native,
            "rate_per_hour": scval.to_int128(36_000_000),
            "amount": scval.to_int128(amount),
            "deadline": scval.to_uint64(deadline),
        }
    )


first, second = scval.to_uint64(1), scval.to_uint64(2)
now = server.get_latest_ledger().close_time
does(operator, "open", first, terms(36_000_000, now + 3_600))
seen["locked"] = balance(tenant, tokens[0])
does(operator, "settle", first, scval.to_uint64(1_000), scval.to_bytes(bytes([9] * 32)))
seen["settled"] = [balance(who, tokens[0]) for who in (tenant, provider, treasury)]
soon = server.get_latest_ledger().close_time + 6
does(operator, "open", second, terms(10_000_000, soon))


def simulated(source, method, *args):
    builder = build(server, source).append_invoke_contract_function_op(contract_id, method, list(args))
    return server.simulate_transaction(builder.build())


# Simulation says that it is too early until it is not.
seen["tooEarly"] = simulated(stranger, "refund", second).error
while simulated(stranger, "refund", second).error:
    time.sleep(0.2)
does(stranger, "refund", second)
seen["refunded"] = balance(tenant, tokens[0])
seen["credit"] = balance(tenant, tokens[1])

# Events: polled by pages, and by name.
filters = [EventFilter(event_type=EventFilterType.CONTRACT, contract_ids=[contract_id])]
names, page = [], server.get_events(start_ledger=2, filters=filters, limit=3)
while page.events:
    names += [scval.from_symbol(event.topic[0]) for event in page.events]
    page = server.get_events(cursor=page.cursor, filters=filters, limit=3)
seen["events"] = names
named = [EventFilter(contract_ids=[contract_id], topics=[[scval.to_symbol("opened").to_xdr(), "**"]])]
opened = server.get_events(start_ledger=2, filters=named).events
seen["opened"] = [str(scval.from_uint64(event.topic[1])) for event in opened]
transfers = server.get_events(start_ledger=2, filters=[EventFilter(contract_ids=[tokens[0]])]).events
told = [event for event in transfers if event.transaction_hash == paid]
seen["paymentEvent"] = [scval.from_symbol(event.topic[0]) for event in told]
history = server.get_transactions(start_ledger=2, limit=200)
seen["listed"] = any(transaction.transaction_hash == paid for transaction in history.transactions)


# What is refused, and how.
def refused(action):
    try:
        action()
        return "nothing was refused"
    except (Refused, AccountNotFoundException) as error:
        return str(error)
    except PrepareTransactionException as error:
        return error.simulate_transaction_response.error
    except SorobanRpcErrorResponse as error:
        return error.code


def pay(amount, signer=tenant, fee=100):
    return submit(server, signer, build(server, tenant, fee).append_payment_op(provider.public_key, Asset.native(), amount))


proof = scval.to_bytes(bytes(32))
again = build(server, operator).append_invoke_contract_function_op(
    contract_id, "settle", [first, scval.to_uint64(1), proof]
)
seen["errors"] = {
    "again": refused(lambda: call(server, operator, again)),
    "wrongSigner": refused(lambda: pay("1", signer=stranger)),
    "lowFee": refused(lambda: pay("1", fee=1)),
    "tooMuch": refused(lambda: pay("99999999")),
    # This one the network has and the ledger does not.
    "unsupported": refused(lambda: submit(server, tenant, build(server, tenant).append_inflation_op())),
    "noSuchAccount": refused(lambda: server.load_account(Keypair.random().public_key)),
    "noSuchTransaction": server.get_transaction("00" * 32).status.value,
    "badCursor": refused(lambda: server.get_events(cursor="x")),
}
seen["health"] = server.get_health().status
seen["fees"] = str(server.get_fee_stats().soroban_inclusion_fee.p50)
seen["version"] = server.get_version_info().protocol_version
seen["ledgers"] = [ledger.sequence for ledger in server.get_ledgers(start_ledger=2, limit=2).ledgers]

# On a ledger where entries live for seconds: extend, let go, restore.
brief = SorobanServer(short_lived)
keeper = funded(brief)
call(brief, keeper, build(brief, keeper).append_upload_contract_wasm_op(wasm))
code = xdr.LedgerKey(
    xdr.LedgerEntryType.CONTRACT_CODE, contract_code=xdr.LedgerKeyContractCode(xdr.Hash(hashlib.sha256(wasm).digest()))
)


def lives():
    return brief.get_ledger_entries([code]).entries[0].live_until_ledger


def extending():
    data = SorobanDataBuilder().set_read_only([code]).build()
    return build(brief, keeper).set_soroban_data(data).append_extend_footprint_ttl_op(300)


first_end = lives()
call(brief, keeper, extending())
extended = lives()
while brief.get_latest_ledger().sequence <= extended:
    time.sleep(0.1)
seen["restoreFirst"] = brief.simulate_transaction(extending().build()).restore_preamble is not None
data = SorobanDataBuilder().set_read_write([code]).build()
call(brief, keeper, build(brief, keeper).set_soroban_data(data).append_restore_footprint_op())
seen["lives"] = [first_end < extended, extended < lives()]

print(json.dumps(seen))
