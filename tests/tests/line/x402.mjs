// Pays for calls with the official x402 client, as any program does that has a
// Stellar key and no account: ask, read what is to be paid, pay, ask again.
// Prints what came of each.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';

const [modules, url, ledger, secret, otherSecret, jobFile, certificate, key] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { x402Client, x402HTTPClient } = require('@x402/core/client');
const { createEd25519Signer } = require('@x402/stellar');
const { ExactStellarScheme } = require('@x402/stellar/exact/client');

// The client wants its RPC by HTTPS, so the ledger stands behind a proxy.
const proxy = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (asked, answer) => {
  const passed = request(ledger, { method: asked.method, headers: asked.headers }, (answered) => {
    answer.writeHead(answered.statusCode, answered.headers);
    answered.pipe(answer);
  });
  passed.on('error', () => answer.destroy());
  asked.pipe(passed);
});
await new Promise((listens) => proxy.listen(0, '127.0.0.1', listens));
const rpc = `https://localhost:${proxy.address().port}`;

const signer = createEd25519Signer(secret, 'stellar:testnet');
const other = createEd25519Signer(otherSecret, 'stellar:testnet');
const http = (who) =>
  new x402HTTPClient(new x402Client().register('stellar:*', new ExactStellarScheme(who, { url: rpc })));
const client = http(signer);
const job = readFileSync(jobFile, 'utf8');

const ask = async (path, body, headers = {}) => {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  const header = (name) => response.headers.get(name);
  const answer = { status: response.status, body: await response.json() };
  if (response.status === 402) answer.required = client.getPaymentRequiredResponse(header);
  if (header('payment-response')) answer.settled = client.getPaymentSettleResponse(header);
  return answer;
};

const sign = async (required, who = client) =>
  who.encodePaymentSignatureHeader(await who.createPaymentPayload(required));

const altered = (header, change) => {
  const payload = JSON.parse(Buffer.from(header['PAYMENT-SIGNATURE'], 'base64').toString());
  change(payload);
  return { 'PAYMENT-SIGNATURE': Buffer.from(JSON.stringify(payload)).toString('base64') };
};

const out = { payer: signer.address };
out.asked = await ask('/jobs', job);
const required = out.asked.required;

// What is wrong about a payment, one thing each. The client signs what it is told.
const tell = (change) => {
  const told = structuredClone(required);
  change(told.accepts[0]);
  return told;
};
const [terms] = required.accepts;
const claimed = (header) => altered(header, (payload) => (payload.accepted = terms));
const wrong = {
  amount: claimed(await sign(tell((t) => (t.amount = String(BigInt(t.amount) - 1n))))),
  recipient: claimed(await sign(tell((t) => (t.payTo = other.address)))),
  timeout: await sign(tell((t) => (t.maxTimeoutSeconds = 3600))),
  scheme: altered(await sign(required), (payload) => (payload.accepted.scheme = 'upto')),
  network: altered(await sign(required), (payload) => (payload.accepted.network = 'stellar:pubnet')),
  version: altered(await sign(required), (payload) => (payload.x402Version = 1)),
  asset: altered(await sign(required), (payload) => (payload.accepted.asset = terms.asset.replace(/.$/, 'A'))),
  payload: altered(await sign(required), (payload) => (payload.payload.transaction = 'AAAA')),
  header: { 'PAYMENT-SIGNATURE': 'AAAA' },
};
const late = await sign(tell((t) => (t.maxTimeoutSeconds = 5)));
out.wrong = {};
for (const [name, header] of Object.entries(wrong)) out.wrong[name] = await ask('/jobs', job, header);
// Whoever signs for less than the job now costs is told so.
out.wrong.other = await ask('/jobs', JSON.stringify({ ...JSON.parse(job), reward: '6' }), await sign(required));
await new Promise((resolve) => setTimeout(resolve, 6000));
out.wrong.expired = await ask('/jobs', job, late);

const paid = await sign(required);
out.paid = await ask('/jobs', job, paid);
out.again = await ask('/jobs', job, paid);
// Two at once are one.
const twice = await sign(required);
out.twice = await Promise.all([ask('/jobs', job, twice), ask('/jobs', job, twice)]);

const path = `/accounts/${other.address}/deposits`;
out.deposit = { asked: await ask(path, '{"amount":"2.5"}') };
out.deposit.paid = await ask(path, '{"amount":"2.5"}', await sign(out.deposit.asked.required));
console.log(JSON.stringify(out));
proxy.closeAllConnections();
proxy.close();
