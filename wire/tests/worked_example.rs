//! The worked example of `docs/signing.md`: one command in bytes, signed, and as it
//! is sent. It is made here, so that it stays true; it is rewritten by running with
//! `BERTH_WRITE_GOLDEN=1`.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use std::path::PathBuf;

use berth_domain::codec::Encode;
use berth_domain::{
    Address, Authority, BidTarget, ClientId, Command, Digest, MarketId, PlaceBid, ProviderId, Rate, Seconds, SelfTrade,
    TimeInForce, signed_bytes,
};
use berth_wire::request::SignedRequest;
use ed25519_dalek::{Signer, SigningKey};

const BEGIN: &str = "<!-- The example is written by wire/tests/worked_example.rs. -->\n";
const END: &str = "<!-- Here it ends. -->\n";
const NONCE: u64 = 1_790_000_000_000_000;

fn bid() -> PlaceBid {
    PlaceBid {
        provider: ProviderId(1),
        target: BidTarget::Standing {
            market: MarketId(2),
            quantity: 8,
            min_duration: Seconds(60),
            max_duration: Seconds(86_400),
        },
        price: Rate::new(25_000_000).unwrap(),
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: true,
        self_trade: SelfTrade::ExpireTaker,
        session: None,
        client_id: Some(ClientId::new("b-1").unwrap()),
    }
}

/// The lines of the command: its tag, then field by field, with what each is.
fn lines(command: &Command) -> Vec<(String, &'static str)> {
    let bid = bid();
    let shown = |field: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        field(&mut bytes);
        hex::encode(bytes)
    };
    let BidTarget::Standing { market, quantity, min_duration, max_duration } = bid.target else { unreachable!() };
    let target = shown(&|out| bid.target.encode(out));
    // The target has a tag of its own; what follows are its fields.
    let tag = target.strip_suffix(&shown(&|out| {
        market.encode(out);
        quantity.encode(out);
        min_duration.encode(out);
        max_duration.encode(out);
    }));
    vec![
        (hex::encode(&command.to_bytes()[..2]), "tag of bid.place: 9, u16"),
        (shown(&|out| bid.provider.encode(out)), "provider: 1, u32"),
        (tag.unwrap().to_owned(), "target: 0, standing"),
        (shown(&|out| market.encode(out)), "  market: 2, u16"),
        (shown(&|out| quantity.encode(out)), "  quantity: 8, u32"),
        (shown(&|out| min_duration.encode(out)), "  min_duration: 60, u64"),
        (shown(&|out| max_duration.encode(out)), "  max_duration: 86,400, u64"),
        (shown(&|out| bid.price.encode(out)), "price: 25,000,000 stroops a unit-hour, 2.5 XLM, i64"),
        (shown(&|out| bid.time_in_force.encode(out)), "time_in_force: gtc"),
        (shown(&|out| bid.expires_at.encode(out)), "expires_at: none"),
        (shown(&|out| bid.post_only.encode(out)), "post_only: true"),
        (shown(&|out| bid.self_trade.encode(out)), "self_trade: expireTaker"),
        (shown(&|out| bid.session.encode(out)), "session: none"),
        (shown(&|out| bid.client_id.encode(out)), "client_id: there is one, 3 bytes, \"b-1\""),
    ]
}

fn example() -> String {
    let key = SigningKey::from_bytes(&[1; 32]);
    let (public, log) = (key.verifying_key().to_bytes(), Digest([0xab; 32]));
    let command = Command::from(bid());
    let lines = lines(&command);
    let joined: String = lines.iter().map(|(bytes, _)| bytes.as_str()).collect();
    assert_eq!(joined, hex::encode(command.to_bytes()), "the lines are the whole command");

    let signed = signed_bytes(log, NONCE, &command);
    let mut expected = b"berth command 1\n".to_vec();
    expected.extend(log.0);
    expected.extend(NONCE.to_le_bytes());
    expected.extend(command.to_bytes());
    assert_eq!(signed, expected, "what is signed is what the page says");
    let authority = Authority::Signed { key: public, nonce: NONCE, signature: key.sign(&signed).to_bytes() };
    let request = SignedRequest::new(Address(public), &authority, &command);
    let read = request.clone().parse().unwrap();
    assert_eq!((&read.command, read.authority.is_signature_of(log, &command)), (&command, Some(true)));

    let width = lines.iter().map(|(bytes, _)| bytes.len()).max().unwrap_or(0);
    let drawn: String = lines.iter().map(|(bytes, what)| format!("{bytes:<width$}  {what}\n")).collect();
    let begun = hex::encode(&signed[..signed.len() - command.to_bytes().len()]);
    let (head, rest) = begun.split_at(32);
    let (log_id, nonce) = rest.split_at(64);
    let json = serde_json::to_string_pretty(&request).unwrap();
    format!(
        "A standing bid of 8 units at 2.5 XLM by provider 1 in market 2, whose number is the `id` in `GET /markets`:\n\n\
         ```text\n{drawn}```\n\n\
         It is signed with the key whose seed is 32 times the byte 1, in a log whose id is 32 times `ab`. \
         What the key signs is this, and then the {} bytes of the command:\n\n\
         ```text\n{head:<64}  \"berth command 1\\n\"\n{log_id}  the log's id\n{nonce:<64}  nonce: {NONCE}, u64\n```\n\n\
         What is sent to `POST /api/v1/commands`:\n\n```json\n{json}\n```\n",
        command.to_bytes().len()
    )
}

#[test]
fn the_worked_example_of_the_page_is_what_is_signed() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/signing.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}\n{}\n{END}{after}", example());
    if std::env::var_os("BERTH_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        wanted,
        "docs/signing.md is old: run with BERTH_WRITE_GOLDEN=1"
    );
}
