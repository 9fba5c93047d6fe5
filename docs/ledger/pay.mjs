// Pays from one new account to another: node pay.mjs [RPC]
import { Asset, BASE_FEE, Keypair, Operation, TransactionBuilder, rpc } from '@stellar/stellar-sdk';

const url = process.argv[2] ?? 'http://127.0.0.1:8000';
const server = new rpc.Server(url, { allowHttp: true });
const { passphrase } = await server.getNetwork();
const [payer, payee] = [Keypair.random(), Keypair.random()];
await Promise.all([payer, payee].map((keypair) => server.requestAirdrop(keypair.publicKey())));

const account = await server.getAccount(payer.publicKey());
const transaction = new TransactionBuilder(account, { fee: BASE_FEE, networkPassphrase: passphrase })
  .addOperation(Operation.payment({ destination: payee.publicKey(), asset: Asset.native(), amount: '5' }))
  .setTimeout(60)
  .build();
transaction.sign(payer);
const { hash } = await server.sendTransaction(transaction);
const { status } = await server.pollTransaction(hash);
console.log(status, (await server.getAccountEntry(payee.publicKey())).balance.toString());
