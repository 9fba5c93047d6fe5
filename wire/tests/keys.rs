//! Keys as JSON: what registers them, what is told of them, who spoke by one.

use berth_domain::{
    AccountId, Address, Authority, Command, Entry, Event, KeyRegistered, KeyRevoked, MarketId, Micros, RULES_VERSION,
    RegisterKey, RevokeKey, Scope, Scopes, Seq,
};
use berth_wire::command::{command_json, entry_json};
use berth_wire::event::{Names, event_json};
use berth_wire::response::AccountKey;
use serde_json::{Value, json};

struct Tom;

impl Names for Tom {
    fn market(&self, _: MarketId) -> Option<String> {
        None
    }

    fn address(&self, _: AccountId) -> Option<Address> {
        Some(Address([9; 32]))
    }
}

/// The strkeys of 32 bytes of seven, and of nine.
const SEVENS: &str = "GADQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOZPI";
const NINES: &str = "GAEQSCIJBEEQSCIJBEEQSCIJBEEQSCIJBEEQSCIJBEEQSCIJBEEQSH7S";

const KEY: [u8; 32] = [7; 32];

fn scopes() -> Scopes {
    [Scope::Trade, Scope::Read].into_iter().collect()
}

#[test]
fn a_key_is_shown_as_an_address_and_its_scopes_by_their_names() {
    let expires_at = Some(Micros(8));
    let register = RegisterKey { key: KEY, scopes: scopes(), expires_at, proof: [0xAB; 64] }.into();
    let shown = json!({
        "type": "key.register", "key": SEVENS, "scopes": ["read", "trade"], "expiresAt": 8, "proof": "ab".repeat(64),
    });
    assert_eq!(command_json(&register, &Tom), shown);
    assert_eq!(command_json(&RevokeKey { key: KEY }.into(), &Tom), json!({ "type": "key.revoke", "key": SEVENS }));

    let account = AccountId(4);
    let told: Event = KeyRegistered { account, key: KEY, scopes: scopes(), expires_at: None }.into();
    let shown = json!({
        "type": "account.keyRegistered", "accountId": 4, "address": NINES,
        "key": SEVENS, "scopes": ["read", "trade"], "expiresAt": null,
    });
    assert_eq!(event_json(&told, &Tom), shown);
    let shown = json!({ "type": "account.keyRevoked", "accountId": 4, "address": NINES, "key": SEVENS });
    assert_eq!(event_json(&KeyRevoked { account, key: KEY }.into(), &Tom), shown);
}

#[test]
fn an_entry_says_by_which_key_it_was_said() {
    let command: Command = RevokeKey { key: [9; 32] }.into();
    let entry = |authority| Entry {
        rules: RULES_VERSION,
        seq: Seq(2),
        at: Micros(3),
        account: AccountId(4),
        authority,
        command: command.clone(),
    };
    let said = |authority| {
        let entry = entry(authority);
        let json = entry_json(&entry, entry.hash(), &Tom);
        ["authority", "key", "nonce", "signature"].map(|field| json[field].clone())
    };
    let signature = [0xCD; 64];
    let hex = Value::from("cd".repeat(64));
    let key = || Value::from(SEVENS);
    assert_eq!(said(Authority::KeyAttested { key: KEY }), ["keyAttested".into(), key(), Value::Null, Value::Null]);
    let signed = Authority::SignedMessage { key: KEY, nonce: 5, signature };
    assert_eq!(said(signed), ["signedMessage".into(), key(), 5.into(), hex.clone()]);
    let signed = Authority::Signed { key: KEY, nonce: 5, signature };
    assert_eq!(said(signed), ["signed".into(), key(), 5.into(), hex]);
}

#[test]
fn an_account_shows_its_keys() {
    let text = json!({ "key": SEVENS, "scopes": ["read", "withdraw"], "expiresAt": null });
    let key: AccountKey = serde_json::from_value(text.clone()).expect("a key");
    let scopes = vec![Scope::Read, Scope::Withdraw];
    assert_eq!(key, AccountKey { key: Address(KEY), scopes, expires_at: None });
    assert_eq!(serde_json::to_value(&key).expect("it is text"), text);
    let unknown = json!({ "key": SEVENS, "scopes": ["admin"], "expiresAt": null });
    assert!(serde_json::from_value::<AccountKey>(unknown).is_err());
}
