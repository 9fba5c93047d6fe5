//! Stakes, words, records, reputations and uptimes: the exchange's and the
//! oracle's.

use berth_exchange::{Exchange, Record};

use crate::oracle::Oracle;

pub(crate) fn compare(x: &Exchange, oracle: &Oracle) {
    for (it, known) in x.accounts().zip(&oracle.accounts) {
        let (id, standing) = (it.id, &known.standing);
        assert_eq!((it.reputation, it.uptime), (standing.reputation, standing.uptime), "name of account {id}");
        let Record { counted, completed, failed, dark, tenants } = it.record();
        let record = [counted, completed, failed, dark, tenants].map(|n| n as usize);
        assert_eq!(record, oracle.record_of(id), "record of account {id}");
        let stake = (x.ledger().stake(id).get().into(), i128::from(it.forfeited().get()));
        let forfeited = standing.forfeits.iter().map(|(_, amount)| amount).sum::<i128>();
        assert_eq!(stake, (standing.staked, forfeited), "stake of account {id}");
    }
}
