// Drives a ledger as a program written in JavaScript does, with the official
// SDK as it is: money, credit, the escrow through two leases, events, errors,
// and the lives of entries. Prints what it saw; the test says what it must be.
//
//   node escrow.mjs RPC ESCROW_WASM RPC_OF_SHORT_LIVES
import { readFileSync } from 'node:fs';
import {
  Asset,
  BASE_FEE,
  Keypair,
  Memo,
  Operation,
  SorobanDataBuilder,
  TransactionBuilder,
  contract,
  hash,
  nativeToScVal,
  rpc,
  scValToNative,
  xdr,
} from '@stellar/stellar-sdk';

const [url, wasmFile, shortLived] = process.argv.slice(2);
const wasm = readFileSync(wasmFile);
const server = new rpc.Server(url, { allowHttp: true });
const { passphrase, protocolVersion } = await server.getNetwork();
const seen = { passphrase, protocolVersion };

const quick = { attempts: 600, sleepStrategy: () => 50 };

// Signs, sends and waits; what was refused, or failed, is thrown.
async function submit(at, transaction, ...signers) {
  signers.forEach((signer) => transaction.sign(signer));
  const sent = await at.sendTransaction(transaction);
  if (sent.status !== 'PENDING') throw Object.assign(new Error(sent.status), { sent });
  const found = await at.pollTransaction(sent.hash, quick);
  if (found.status !== 'SUCCESS') throw Object.assign(new Error(found.status), { found });
  return found;
}

async function build(at, source, options, ...operations) {
  const account = await at.getAccount(source.publicKey());
  const builder = new TransactionBuilder(account, { fee: BASE_FEE, networkPassphrase: passphrase, ...options });
  operations.forEach((operation) => builder.addOperation(operation));
  return builder.setTimeout(60).build();
}

// Simulates before it sends, as calls of contracts need.
async function call(at, source, operation, options) {
  const built = await build(at, source, options, operation);
  return submit(at, await at.prepareTransaction(built), source);
}

async function funded(at) {
  const keypair = Keypair.random();
  await at.requestAirdrop(keypair.publicKey());
  return keypair;
}

const people = await Promise.all(Array.from({ length: 7 }, () => funded(server)));
const [operator, treasury, tenant, provider, sponsor, issuer, stranger] = people;
const xlm = async (keypair) => BigInt((await server.getAccountEntry(keypair.publicKey())).balance);

// Money: a payment with a memo, and one that another pays for.
const before = await xlm(provider);
const paid = await build(server, tenant, { memo: Memo.text('rent') },
  Operation.payment({ destination: provider.publicKey(), asset: Asset.native(), amount: '12.5' }));
seen.payment = (await submit(server, paid, tenant)).txHash;
const inner = await build(server, tenant, {},
  Operation.payment({ destination: provider.publicKey(), asset: Asset.native(), amount: '1' }));
inner.sign(tenant);
const bump = TransactionBuilder.buildFeeBumpTransaction(sponsor, '200', inner, passphrase);
const bumped = await submit(server, bump, sponsor);
seen.feeBump = bumped.feeBump;
seen.innerFound = (await server.getTransaction(Buffer.from(inner.hash()).toString('hex'))).status;
seen.received = String((await xlm(provider)) - before);

// Credit, and its contract.
const usdc = new Asset('USDC', issuer.publicKey());
await submit(server, await build(server, tenant, {}, Operation.changeTrust({ asset: usdc, limit: '1000' })), tenant);
await submit(server, await build(server, issuer, {},
  Operation.payment({ destination: tenant.publicKey(), asset: usdc, amount: '100' })), issuer);
await call(server, issuer, Operation.createStellarAssetContract({ asset: usdc }));
seen.trustLine = (await server.getAssetBalance(tenant.publicKey(), usdc)).balanceEntry.amount;

// The escrow: upload, deploy.
await call(server, operator, Operation.uploadContractWasm({ wasm }));
const wasmHash = Buffer.from(hash(wasm)).toString('hex');
const tokens = [Asset.native().contractId(passphrase), usdc.contractId(passphrase)];
const as = (keypair, more) => ({
  publicKey: keypair.publicKey(),
  signTransaction: contract.basicNodeSigner(keypair, passphrase).signTransaction,
  networkPassphrase: passphrase,
  rpcUrl: url,
  allowHttp: true,
  ...more,
});
const config = {
  operator: operator.publicKey(),
  treasury: treasury.publicKey(),
  tokens,
  fee_bps: 500,
  withdraw_delay: 600n,
  receipt_key: Buffer.alloc(32, 7),
  window: 1n,
  cancel_after: 86400n,
};
const deploying = await contract.Client.deploy({ config }, as(operator, { wasmHash, format: 'hex' }));
const { result: deployed } = await deploying.signAndSend();
const contractId = deployed.options.contractId;
seen.deployedWasm = Buffer.from(await server.getContractWasmByContractId(contractId)).equals(wasm);
const clients = new Map();
async function escrow(keypair) {
  const key = keypair.publicKey();
  if (!clients.has(key)) clients.set(key, await contract.Client.from(as(keypair, { contractId })));
  return clients.get(key);
}
async function does(keypair, method, args) {
  const assembled = await (await escrow(keypair))[method](args);
  return (await assembled.signAndSend()).result;
}
const balance = async (keypair, token) =>
  String((await (await escrow(keypair)).balance({ account: keypair.publicKey(), token })).result);

// Two leases: one is settled, one is given back.
const [account, native] = [tenant.publicKey(), tokens[0]];
await does(tenant, 'deposit', { from: account, to: account, token: native, amount: 50_000_000n });
await does(tenant, 'deposit', { from: account, to: account, token: tokens[1], amount: 300_000_000n });
await does(tenant, 'set_tenant_mandate', {
  account, token: native, per_lease: 40_000_000n, per_day: 60_000_000n, until: 4_000_000_000n,
});
const now = BigInt((await server.getLatestLedger()).closeTime);
const terms = (amount, deadline) => ({
  tenant: account, provider: provider.publicKey(), token: native, rate_per_hour: 36_000_000n, amount, deadline,
});
await does(operator, 'open', { lease: 1n, terms: terms(36_000_000n, now + 3600n) });
seen.locked = await balance(tenant, native);
await does(operator, 'settle', { lease: 1n, seconds: 1000n, proof: Buffer.alloc(32, 9) });
seen.settled = [await balance(tenant, native), await balance(provider, native), await balance(treasury, native)];
const soon = BigInt((await server.getLatestLedger()).closeTime) + 6n;
await does(operator, 'open', { lease: 2n, terms: terms(10_000_000n, soon) });
// Simulation says that it is too early until it is not.
const refund = async () => (await escrow(stranger)).refund({ lease: 2n });
seen.tooEarly = (await refund()).simulation.error;
let given = await refund();
while (rpc.Api.isSimulationError(given.simulation)) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  given = await refund();
}
await given.signAndSend();
seen.refunded = await balance(tenant, native);
seen.credit = await balance(tenant, tokens[1]);

// Events: polled by pages, and by name.
const filters = [{ type: 'contract', contractIds: [contractId] }];
let [names, page] = [[], await server.getEvents({ startLedger: 2, filters, limit: 3 })];
while (page.events.length > 0) {
  names.push(...page.events.map((event) => scValToNative(event.topic[0])));
  page = await server.getEvents({ cursor: page.cursor, filters, limit: 3 });
}
seen.events = names;
const named = [[nativeToScVal('opened', { type: 'symbol' }).toXdr('base64'), '**']];
const opened = await server.getEvents({ startLedger: 2, filters: [{ ...filters[0], topics: named }] });
seen.opened = opened.events.map((event) => String(scValToNative(event.topic[1])));
const transfers = await server.getEvents({ startLedger: 2, filters: [{ contractIds: [native] }] });
seen.paymentEvent = transfers.events.filter((event) => event.txHash === seen.payment)
  .map((event) => [scValToNative(event.topic[0]), scValToNative(event.value)])
  .map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : { ...value, amount: String(value.amount) }]);
const history = await server.getTransactions({ startLedger: 2, pagination: { limit: 200 } });
seen.listed = history.transactions.some((transaction) => transaction.txHash === seen.payment);

// What is refused, and how.
const refused = async (action) => {
  try {
    await action();
    return 'nothing was refused';
  } catch (error) {
    return error.sent?.errorResult?.result.type ?? error.found?.resultXdr?.result.type ?? error.message;
  }
};
const pay = (amount) => Operation.payment({ destination: provider.publicKey(), asset: Asset.native(), amount });
seen.errors = {
  again: (await (await escrow(operator)).settle({ lease: 1n, seconds: 1n, proof: Buffer.alloc(32) })).simulation.error,
  wrongSigner: await refused(async () => submit(server, await build(server, tenant, {}, pay('1')), stranger)),
  lowFee: await refused(async () => submit(server, await build(server, tenant, { fee: '1' }, pay('1')), tenant)),
  tooMuch: await refused(async () => submit(server, await build(server, tenant, {}, pay('99999999')), tenant)),
  // This one the network has and the ledger does not.
  unsupported: await refused(async () => submit(server, await build(server, tenant, {},
    Operation.inflation({})), tenant)),
  noSuchAccount: await refused(async () => server.getAccount(Keypair.random().publicKey())),
  noSuchTransaction: (await server.getTransaction('00'.repeat(32))).status,
  badCursor: (await refused(async () => server.getEvents({ cursor: 'x', filters: [] }))),
  fundedTwice: await refused(async () => server.fundAddress(tenant.publicKey())),
};
seen.health = (await server.getHealth()).status;
seen.fees = (await server.getFeeStats()).sorobanInclusionFee.p50;
seen.version = (await server.getVersionInfo()).protocolVersion;
const ledgers = await server.getLedgers({ startLedger: 2, pagination: { limit: 2 } });
seen.ledgers = ledgers.ledgers.map((ledger) => ledger.headerXdr.header.ledgerSeq);

// On a ledger where entries live for seconds: extend, let go, restore.
const brief = new rpc.Server(shortLived, { allowHttp: true });
const keeper = await funded(brief);
await call(brief, keeper, Operation.uploadContractWasm({ wasm }));
const code = xdr.LedgerKey.contractCode(new xdr.LedgerKeyContractCode({ hash: new xdr.Hash(hash(wasm)) }));
const lives = async () => (await brief.getLedgerEntry(code)).liveUntilLedgerSeq;
const footprint = new SorobanDataBuilder();
const first = await lives();
await call(brief, keeper, Operation.extendFootprintTtl({ extendTo: 300 }),
  { sorobanData: new SorobanDataBuilder().setReadOnly([code]).build() });
const extended = await lives();
while ((await brief.getLatestLedger()).sequence <= extended) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const archived = await build(brief, keeper,
  { sorobanData: footprint.setReadOnly([code]).build() }, Operation.extendFootprintTtl({ extendTo: 300 }));
const simulated = await brief.simulateTransaction(archived);
seen.restoreFirst = rpc.Api.isSimulationRestore(simulated);
await call(brief, keeper, Operation.restoreFootprint({}),
  { sorobanData: new SorobanDataBuilder().setReadWrite([code]).build() });
seen.lives = [first < extended, extended < (await lives())];

console.log(JSON.stringify(seen));
