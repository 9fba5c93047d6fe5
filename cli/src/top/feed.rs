//! What the node says, over as many connections as it takes.

use std::sync::Arc;

use berth_client::{BookState, BookStream, Client, ClientError, LeaseFilter, TradeStream};
use berth_domain::{LeaseState, ResourceClass};
use berth_wire::channel::{Trade, TradeFrame};
use berth_wire::response::{Health, Lease, List, NetworkStats};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep, sleep_until};

use super::picture::Picture;

/// How often leases and the node's health are asked for.
const ASK: Duration = Duration::from_secs(1);
/// How long to wait before a stream that has ended is opened again.
const AGAIN: Duration = Duration::from_secs(2);
/// Trades that are shown from before.
const BEFORE: &str = "50";

/// What the node says of one market and of itself.
pub(super) struct Feed {
    client: Client,
    followed: Option<Followed>,
    /// A market whose streams have ended, and when they are opened anew.
    again: Option<(ResourceClass, Instant)>,
    sender: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    asking: JoinHandle<()>,
}

/// A market that is followed.
struct Followed {
    market: ResourceClass,
    book: BookStream,
    trades: TradeStream,
}

/// What was asked for.
enum News {
    Node(Health, NetworkStats),
    Leases(Vec<Lease>),
    Before(ResourceClass, Vec<Row>),
    Trouble(ClientError),
}

/// A row of the trades of before.
#[derive(Deserialize)]
struct Row {
    at: u64,
    #[serde(flatten)]
    trade: Trade,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

impl Feed {
    pub(super) fn open(client: Client, market: Option<ResourceClass>) -> Self {
        let (sender, news) = mpsc::channel(16);
        let asking = tokio::spawn(ask(client.clone(), sender.clone()));
        let mut feed = Self { client, followed: None, again: None, sender, news, asking };
        feed.follow(market);
        feed
    }

    /// Follows another market.
    pub(super) fn follow(&mut self, market: Option<ResourceClass>) {
        let Some(market) = market else { return };
        let (client, sender, of) = (self.client.clone(), self.sender.clone(), market.clone());
        tokio::spawn(async move {
            let rows: Result<List<Row>, _> = client.get(&format!("/api/v1/markets/{of}/trades?limit={BEFORE}")).await;
            // Nobody hears it once the feed is gone.
            let _ = sender.send(rows.map_or_else(News::Trouble, |rows| News::Before(of, rows.items))).await;
        });
        self.again = None;
        self.followed = Some(Followed {
            book: self.client.book_stream(market.clone()),
            trades: self.client.trades(None, Some(market.clone())),
            market,
        });
    }

    /// Whether the book is what the node has.
    pub(super) fn is_current(&self) -> bool {
        self.followed.as_ref().is_some_and(|followed| followed.book.is_current())
    }

    /// Takes in the next thing that the node says. Dropping the future loses
    /// nothing.
    pub(super) async fn next(&mut self, picture: &mut Picture) {
        let Some(followed) = &mut self.followed else {
            let due = self.again.as_ref().map(|(_, at)| *at);
            tokio::select! {
                Some(news) = self.news.recv() => news.take(picture),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let market = self.again.take().map(|(market, _)| market);
                    self.follow(market);
                }
            }
            return;
        };
        let ended = tokio::select! {
            Some(news) = self.news.recv() => {
                news.take(picture);
                None
            }
            book = followed.book.next() => shown(book, picture),
            frame = followed.trades.next() => taped(frame, picture),
        };
        if let Some(why) = ended {
            // Another log, or a market that is gone: begun anew, after a while.
            picture.trouble = Some(why.to_string());
            self.again = self.followed.take().map(|followed| (followed.market, Instant::now() + AGAIN));
        }
    }
}

fn shown(book: Result<Arc<BookState>, ClientError>, picture: &mut Picture) -> Option<ClientError> {
    book.map(|book| picture.book = Some(book)).err()
}

fn taped(frame: Result<TradeFrame, ClientError>, picture: &mut Picture) -> Option<ClientError> {
    let tape = |frame: TradeFrame| {
        for trade in frame.trades {
            picture.traded(frame.at, trade);
        }
    };
    frame.map(tape).err()
}

impl News {
    fn take(self, picture: &mut Picture) {
        match self {
            Self::Node(health, stats) => {
                (picture.health, picture.stats, picture.trouble) = (Some(health), Some(stats), None);
            }
            Self::Leases(mut leases) => {
                leases.sort_by_key(|lease| std::cmp::Reverse(lease.id));
                picture.leases = leases;
            }
            Self::Before(market, rows) => {
                // What came live since then is newer, and may be among them.
                if picture.market() == Some(&market) {
                    for row in rows {
                        if picture.trades.iter().all(|(_, trade)| trade.lease_id != row.trade.lease_id) {
                            picture.trades.push_back((row.at, row.trade));
                        }
                    }
                }
            }
            Self::Trouble(why) => picture.trouble = Some(why.to_string()),
        }
    }
}

/// Asks for what no channel brings, again and again.
async fn ask(client: Client, sender: mpsc::Sender<News>) {
    use LeaseState::{Closing, Escrowed, Opened, Running, Suspended, Verifying};
    let open = LeaseFilter {
        states: vec![Opened, Escrowed, Running, Suspended, Verifying, Closing],
        ..LeaseFilter::default()
    };
    loop {
        let node = async { Ok(News::Node(client.health().await?, client.stats().await?)) };
        let news = node.await.unwrap_or_else(News::Trouble);
        let leases = client.leases(&open).await.map(News::Leases);
        for news in [Some(news), leases.ok()].into_iter().flatten() {
            if sender.send(news).await.is_err() {
                return;
            }
        }
        sleep(ASK).await;
    }
}
