//! Refusals: values with stable codes, never errors of the program.

use crate::codec::codec_names;

codec_names! {
    /// Why the exchange refused a command. The names are part of the protocol.
    pub enum Code {
        /// A second genesis.
        AlreadyOpened = 1 "ALREADY_OPENED",
        /// Only the exchange itself may say this.
        NotTheExchange = 2 "NOT_THE_EXCHANGE",
        /// The account has not been opened.
        UnknownAccount = 3 "UNKNOWN_ACCOUNT",
        /// No such market.
        UnknownMarket = 4 "UNKNOWN_MARKET",
        /// No such provider.
        UnknownProvider = 5 "UNKNOWN_PROVIDER",
        /// No such order.
        UnknownOrder = 6 "UNKNOWN_ORDER",
        /// No such bid.
        UnknownBid = 7 "UNKNOWN_BID",
        /// No such lease.
        UnknownLease = 8 "UNKNOWN_LEASE",
        /// It belongs to another account.
        NotYours = 9 "NOT_YOURS",
        /// A quantity, duration, price or amount is outside its bounds.
        OutOfBounds = 10 "OUT_OF_BOUNDS",
        /// A list is not sorted or holds a key twice.
        NotCanonical = 11 "NOT_CANONICAL",
        /// The hold is more than the account has available.
        InsufficientFunds = 12 "INSUFFICIENT_FUNDS",
        /// The amount cannot be counted in 2⁶³ stroops.
        AmountTooLarge = 13 "AMOUNT_TOO_LARGE",
        /// The account has as many open orders as it may.
        TooManyOrders = 14 "TOO_MANY_ORDERS",
        /// The account has as many live bids as it may.
        TooManyBids = 15 "TOO_MANY_BIDS",
        /// The account has as many providers as it may.
        TooManyProviders = 16 "TOO_MANY_PROVIDERS",
        /// The order is filled, cancelled or expired.
        OrderClosed = 17 "ORDER_CLOSED",
        /// The bid is matched, lost, cancelled or expired.
        BidClosed = 18 "BID_CLOSED",
        /// The lease is not in a state that allows this.
        LeaseState = 19 "LEASE_STATE",
        /// The bid is above the order's limit for the provider's level.
        BidAboveLimit = 20 "BID_ABOVE_LIMIT",
        /// The order does not accept the provider's trust level.
        LevelNotAccepted = 21 "LEVEL_NOT_ACCEPTED",
        /// The provider does not offer what the order requires.
        AttributeMissing = 22 "ATTRIBUTE_MISSING",
        /// The provider could never hold one replica.
        DoesNotFit = 23 "DOES_NOT_FIT",
        /// Both sides are the same account.
        SelfTrade = 24 "SELF_TRADE",
        /// The scan for a counterpart skipped more than the exchange allows.
        ScanLimit = 25 "SCAN_LIMIT",
        /// The bid stands in the book; only a directed bid can be accepted.
        NotDirected = 26 "NOT_DIRECTED",
        /// The client id was used before with another content.
        ClientIdReused = 27 "CLIENT_ID_REUSED",
        /// The provider has no room for one replica now.
        NoRoom = 28 "NO_ROOM",
        /// The time lies in the past.
        TimeInPast = 29 "TIME_IN_PAST",
        /// The chain's amounts are not what the exchange computed.
        SettlementMismatch = 30 "SETTLEMENT_MISMATCH",
        /// The chain reports what the exchange does not know of.
        UnknownFact = 31 "UNKNOWN_FACT",
        /// Post-only, and it would trade at once.
        PostOnlyWouldCross = 32 "POST_ONLY_WOULD_CROSS",
        /// As many things rest in the market's book as it may hold.
        BookFull = 33 "BOOK_FULL",
        /// The market takes no orders and bids now.
        MarketPaused = 34 "MARKET_PAUSED",
        /// The provider takes no leases now.
        ProviderUnavailable = 35 "PROVIDER_UNAVAILABLE",
        /// The auction has not closed: until then its terms stand and no bid of
        /// it can be accepted.
        AuctionOpen = 36 "AUCTION_OPEN",
        /// Only the operator may say this.
        NotTheOperator = 37 "NOT_THE_OPERATOR",
        /// The change would come sooner after its announcement than it may.
        TooSoon = 38 "TOO_SOON",
        /// Only an auditor may attest, and only for others.
        NotAnAuditor = 40 "NOT_AN_AUDITOR",
        /// A top-up of the lease waits for the chain's answer.
        TopUpPending = 45 "TOP_UP_PENDING",
        /// The account's mandate does not allow it.
        MandateExceeded = 46 "MANDATE_EXCEEDED",
        /// Only a signature by the account's key says this.
        SignatureRequired = 47 "SIGNATURE_REQUIRED",
        /// The times fill no gap between two heartbeats that is unpaid.
        BacklogMismatch = 48 "BACKLOG_MISMATCH",
        /// The order is parked: its funds or its mandate do not allow it now.
        OrderParked = 49 "ORDER_PARKED",
        /// The nonce is not above the key's last.
        NonceUsed = 50 "NONCE_USED",
        /// The nonce is a time too far from the exchange's.
        SignatureExpired = 51 "SIGNATURE_EXPIRED",
        /// The key may not say this for the account: it is not registered with it,
        /// or no longer, or its scopes do not cover it.
        KeyNotAllowed = 52 "KEY_NOT_ALLOWED",
        /// The key is an account's own, or registered with another account.
        KeyTaken = 53 "KEY_TAKEN",
        /// The account has as many registered keys as it may.
        TooManyKeys = 54 "TOO_MANY_KEYS",
        /// No such key is registered with the account.
        UnknownKey = 55 "UNKNOWN_KEY",
    }
}

codec_names! {
    /// What a refused command was about.
    pub enum Subject {
        /// The exchange.
        Exchange = 0 "exchange",
        /// An account.
        Account = 1 "account",
        /// A provider.
        Provider = 2 "provider",
        /// An order.
        Order = 3 "order",
        /// A bid.
        Bid = 4 "bid",
        /// A lease.
        Lease = 5 "lease",
        /// A deposit.
        Deposit = 6 "deposit",
        /// A withdrawal.
        Withdrawal = 7 "withdrawal",
        /// A market.
        Market = 8 "market",
    }
}
