// Logs in as a wallet written in JavaScript does, and places an order with the
// token. Prints what came of it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [modules, url, secret, order] = process.argv.slice(2);
const { Keypair, StellarToml, TransactionBuilder, WebAuth } = createRequire(`${modules}/`)('@stellar/stellar-sdk');

const domain = new URL(url).host;
const keypair = Keypair.fromSecret(secret);
const toml = await StellarToml.Resolver.resolve(domain, { allowHttp: true });
const { SIGNING_KEY, NETWORK_PASSPHRASE, WEB_AUTH_ENDPOINT } = toml;

const query = new URLSearchParams({ account: keypair.publicKey(), home_domain: domain });
const challenge = await (await fetch(`${WEB_AUTH_ENDPOINT}?${query}`)).json();
const host = new URL(WEB_AUTH_ENDPOINT).host;
const read = WebAuth.readChallengeTx(challenge.transaction, SIGNING_KEY, NETWORK_PASSPHRASE, domain, host);
const transaction = TransactionBuilder.fromXDR(challenge.transaction, challenge.network_passphrase);
transaction.sign(keypair);
const signed = transaction.toXDR();
WebAuth.verifyChallengeTxSigners(signed, SIGNING_KEY, NETWORK_PASSPHRASE, [keypair.publicKey()], domain, host);

const post = async (where, body, headers) => {
  const response = await fetch(where, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, body: await response.json() };
};
const login = await post(WEB_AUTH_ENDPOINT, JSON.stringify({ transaction: signed }));
const again = await post(WEB_AUTH_ENDPOINT, JSON.stringify({ transaction: signed }));
const placed = await post(`${url}/api/v1/orders`, readFileSync(order), {
  Authorization: `Bearer ${login.body.token}`,
});
console.log(JSON.stringify({ account: read.clientAccountID, login: login.status, again, placed }));
