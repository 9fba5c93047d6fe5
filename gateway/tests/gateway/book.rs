//! The `book` channel.

use berth_wire::book::BookPicture;
use berth_wire::frame::{BookFrame, BookFrameType, Push};
use reqwest::Method;
use serde_json::json;

use crate::node::Node;
use crate::socket::Socket;

/// A follower's picture of the CPU market.
struct Follower {
    socket: Socket,
    picture: BookPicture,
    seq: Option<u64>,
}

impl Follower {
    async fn new(node: &Node) -> Self {
        let mut socket = node.socket().await;
        socket.ok("subscribe", json!({ "ch": "book", "market": "CPU" })).await;
        Self { socket, picture: BookPicture::default(), seq: None }
    }

    /// Takes frames in until the picture is the one at `seq`, checking each.
    async fn follow(&mut self, seq: u64) {
        while self.seq.is_none_or(|at| at < seq) {
            let Push::Book(frame) = serde_json::from_value(self.socket.pushed().await).unwrap() else {
                panic!("only the book is followed")
            };
            let BookFrame { kind, seq, prev_seq, bids, orders, crc, .. } = frame;
            match kind {
                BookFrameType::Snapshot => {
                    assert_eq!((self.seq, prev_seq), (None, None), "one snapshot, first of all");
                    self.picture = BookPicture::new(bids, orders);
                }
                BookFrameType::Update => {
                    assert_eq!(prev_seq, self.seq, "no gap");
                    self.picture.apply(&bids, &orders);
                }
            }
            assert_eq!(self.picture.crc(), crc, "the picture is the node's");
            self.seq = Some(seq);
        }
    }
}

#[tokio::test]
async fn a_book_kept_from_updates_is_the_book_of_the_rest_route() {
    let (_dir, node) = Node::open().await;
    let providers = [node.provider("one").await, node.provider("two").await];
    node.bid(providers[0], "10", 4).await;
    let mut early = Follower::new(&node).await;
    let mut last = 0;
    for round in 0..6 {
        let price = (7 + round % 3).to_string();
        let bid = node.bid(providers[round % 2], &price, 3).await;
        let fewer = json!({ "quantity": 2 });
        let (status, _) = node.call(Method::PATCH, &format!("/api/v1/bids/{}", bid["id"]), Some(fewer)).await;
        let order = node.order("tenant", "1").await;
        let dearer = json!({ "maxPrice": format!("1.{round}") });
        let (also, _) = node.call(Method::PATCH, &format!("/api/v1/orders/{}", order["id"]), Some(dearer)).await;
        assert!(status.is_success() && also.is_success());
        // Takes from the best bid.
        node.order("tenant", "9").await;
        let cancelled = node.call(Method::DELETE, &format!("/api/v1/bids/{}", bid["id"]), None).await.1;
        last = cancelled["seq"].as_u64().unwrap_or(last);
    }
    let order = node.call(Method::DELETE, "/api/v1/orders/1", None).await.1;
    last = last.max(order["seq"].as_u64().unwrap());
    // The last change of all, which both followers must come to.
    last = last.max(node.bid(providers[1], "20", 1).await["seq"].as_u64().unwrap());
    let mut late = Follower::new(&node).await;

    let book = node.get("/api/v1/markets/CPU/book").await;
    for follower in [&mut early, &mut late] {
        follower.follow(last).await;
        assert_eq!(serde_json::to_value(follower.picture.bids()).unwrap(), book["bids"]);
        assert_eq!(serde_json::to_value(follower.picture.orders()).unwrap(), book["orders"]);
        assert_eq!(follower.picture.crc(), book["crc"]);
    }
    assert!(!early.picture.bids().is_empty() && !early.picture.orders().is_empty(), "{book}");
    node.stop().await;
}
