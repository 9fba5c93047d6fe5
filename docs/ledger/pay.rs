//! Pays from one new account to another, with `stellar-rpc-client`.

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use stellar_rpc_client::Client;
use stellar_xdr::*;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Answers the stroops that the payee has then.
pub async fn pay(rpc: &str, payer: &SigningKey, payee: &SigningKey) -> Result<i64, Failed> {
    let client = Client::new(rpc)?;
    let network = client.get_network().await?;
    let friendbot = network.friendbot_url.ok_or("this network gives no money away")?;
    let address = |key: &SigningKey| stellar_strkey::ed25519::PublicKey(key.verifying_key().to_bytes()).to_string();
    for key in [payer, payee] {
        reqwest::get(format!("{friendbot}?addr={}", address(key))).await?.error_for_status()?;
    }

    let muxed = |key: &SigningKey| MuxedAccount::Ed25519(Uint256(key.verifying_key().to_bytes()));
    let account = client.get_account(&address(payer)).await?;
    let payment = PaymentOp { destination: muxed(payee), asset: Asset::Native, amount: 50_000_000 };
    let operation = Operation { source_account: None, body: OperationBody::Payment(payment) };
    let tx = Transaction {
        source_account: muxed(payer),
        fee: 100,
        seq_num: SequenceNumber(account.seq_num.0 + 1),
        cond: Preconditions::None,
        memo: Memo::None,
        operations: vec![operation].try_into()?,
        ext: TransactionExt::V0,
    };
    let payload = TransactionSignaturePayload {
        network_id: Hash(Sha256::digest(network.passphrase).into()),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
    };
    let signature = payer.sign(&Sha256::digest(payload.to_xdr(Limits::none())?)).to_bytes().to_vec();
    let hint = SignatureHint(*payer.verifying_key().as_bytes().last_chunk().ok_or("a key has 32 bytes")?);
    let signatures = vec![DecoratedSignature { hint, signature: Signature(signature.try_into()?) }].try_into()?;
    client.send_transaction_polling(&TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures })).await?;
    Ok(client.get_account(&address(payee)).await?.balance)
}
