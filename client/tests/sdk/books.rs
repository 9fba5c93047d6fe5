//! Books.

use berth_client::wire::book::crc;
use berth_client::wire::frame::BookFrame;
use berth_client::{BookBuilder, BookFault, BookPhase};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::node::{Node, PATIENCE};

/// A frame whose checksum is that of the book `after` it, given as all its rows.
fn frame(kind: &str, prev: Option<u64>, seq: u64, bids: Value, after: Value) -> Value {
    let after: Vec<_> = serde_json::from_value(after).expect("rows");
    json!({"sub": 9, "ch": "book", "market": "CPU", "type": kind, "seq": seq, "prevSeq": prev,
           "bids": bids, "orders": [], "crc": crc(&after, &[])})
}

fn read(frame: Value) -> BookFrame {
    serde_json::from_value(frame).expect("a frame")
}

#[test]
fn a_book_is_checked_after_every_frame() {
    let (cheap, dear) = (json!(["One", "1", 4, 1]), json!(["Five", "2", 8, 1]));
    let snapshot = read(frame("snapshot", None, 5, json!([dear]), json!([dear])));
    let update = read(frame("update", Some(5), 7, json!([cheap]), json!([cheap, dear])));
    let removal = read(frame("update", Some(7), 8, json!([["Five", "2", 0, 0]]), json!([cheap])));

    let mut builder = BookBuilder::default();
    assert_eq!(builder.phase(), BookPhase::Buffering);
    assert_eq!(builder.apply(&update), Err(BookFault::NoSnapshot));
    assert!(builder.apply(&snapshot).is_ok());
    assert_eq!(builder.apply(&update).expect("it continues").picture.bids().len(), 2);
    assert_eq!(builder.apply(&removal).expect("it continues").seq, 8);
    assert_eq!(builder.book().expect("a book").picture.bids()[0].price.to_string(), "1");

    assert_eq!(builder.phase(), BookPhase::Synced);
    assert_eq!(builder.apply(&update), Err(BookFault::Gap { expected: 8, found: Some(5) }));
    assert_eq!(builder.phase(), BookPhase::Gap);
    assert_eq!(builder.apply(&removal), Err(BookFault::NoSnapshot), "a broken book is not gone on with");

    assert!(builder.apply(&snapshot).is_ok());
    let wrong = BookFrame { crc: 1, ..update };
    assert!(matches!(builder.apply(&wrong), Err(BookFault::Checksum { expected: 1, .. })));
}

#[tokio::test]
async fn a_broken_book_is_fetched_anew() {
    let node = Node::new().await;
    let mut books = node.client().book_stream("CPU".parse().expect("a market"));
    let row = json!(["One", "1", 4, 1]);
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params, json!({"ch": "book", "market": "CPU"}));
    peer.send(frame("snapshot", None, 5, json!([row]), json!([row]))).await;
    let book = timeout(PATIENCE, books.next()).await.expect("in time").expect("a book");
    assert_eq!((book.seq, book.picture.bids().len()), (5, 1));
    assert!(books.is_current());
    // The node's book has a row that this update does not bring.
    peer.send(frame("update", Some(5), 6, json!([]), json!([row, row]))).await;

    let (mut peer, _) = node.subscribed("e").await;
    peer.send(frame("snapshot", None, 6, json!([]), json!([]))).await;
    let book = timeout(PATIENCE, books.next()).await.expect("in time").expect("a book");
    assert_eq!((book.seq, book.picture.bids().len()), (6, 0));
    drop(books);
    peer.gone().await;
}

#[tokio::test]
async fn the_best_rows_are_the_newest_and_a_gap_is_fetched_anew() {
    let node = Node::new().await;
    let mut quotes = node.client().quote_stream("CPU".parse().expect("a market"));
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params, json!({"ch": "bbo", "market": "CPU"}));
    let best = |kind: &str, prev: Option<u64>, seq: u64, bid: Value| {
        json!({"sub": 9, "ch": "bbo", "market": "CPU", "type": kind, "seq": seq, "prevSeq": prev,
               "bid": bid, "order": null})
    };
    peer.send(best("snapshot", None, 5, json!(["One", "1", 4, 1]))).await;
    let quote = timeout(PATIENCE, quotes.next()).await.expect("in time").expect("a quote");
    assert_eq!((quote.seq, quote.bid.map(|row| row.quantity), quote.order), (5, Some(4), None));
    peer.send(best("update", Some(6), 7, json!(["One", "1", 3, 1]))).await;

    let (mut peer, _) = node.subscribed("e").await;
    peer.send(best("snapshot", None, 8, json!(null))).await;
    let quote = timeout(PATIENCE, quotes.next()).await.expect("in time").expect("a quote");
    assert_eq!((quote.seq, quote.bid), (8, None), "what followed a gap was not believed");
    drop(quotes);
    peer.gone().await;
}
