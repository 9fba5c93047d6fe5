//! The genesis and what came of it, accounts, hosts, and client ids.

use berth_domain::codec::Encode;
use berth_domain::{Fingerprint, Micros, Resources};

use super::super::account::Name;
use super::super::history::{Counted, Ending};
use super::super::host::{holds_room, need};
use super::super::mandate::day_of;
use super::super::order::stroops;
use super::super::{Account, Host, Oracle, Reply};
use super::{put, sequence};

/// Microseconds of a day.
const DAY: u64 = 86_400_000_000;

impl Oracle {
    pub(super) fn providers(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let operation = &self.operation;
        put(&mut out, &[&operation.told]);
        sequence(&mut out, &operation.terms, |out, (fee, timing)| put(out, &[fee, timing]));
        put(&mut out, &[&self.rules().bounds, &self.rules_in_force()]);
        put(&mut out, &[&operation.announced_terms, &operation.announced_rules]);
        sequence(&mut out, &self.accounts, |out, account| self.put_account(out, account));
        sequence(&mut out, &self.hosts, |out, host| self.put_host(out, host));
        self.accounts.iter().for_each(|account| self.put_names(&mut out, account));
        out
    }

    fn put_account(&self, out: &mut Vec<u8>, account: &Account) {
        let standing = &account.standing;
        put(out, &[&account.id, &account.address, &account.level, &standing.granted]);
        put(
            out,
            &[
                &standing.reputation,
                &standing.uptime,
                &account.dead_man_millis(),
                &account.nonce,
                &account.watched.map(|watched| watched.mandate),
            ],
        );
        // The last day on which it spent something, and all that it spent then.
        let own: Vec<_> = self.leases.iter().filter(|lease| lease.tenant == account.id).collect();
        let top_ups = own.iter().flat_map(|lease| &lease.funding.top_ups).map(|top_up| top_up.at);
        let day = own.iter().map(|lease| lease.record.opened_at).chain(top_ups).max().map(day_of);
        let day_ends_at = day.map_or(0, |day| (day + 1) * DAY);
        let spent = day.map_or(0, |day| own.iter().map(|lease| lease.spent_on(day)).sum());
        put(out, &[&Micros(day_ends_at), &stroops(spent)]);
        let record = self.record(account.id);
        sequence(out, record, put_counted);
        let aged = record.iter().filter(|counted| self.speaks_until(counted) <= standing.weighed_at).count();
        put(out, &[&(aged as u64)]);
        sequence(out, &standing.words, |out, (auditor, until)| put(out, &[auditor, until]));
        sequence(out, &standing.forfeits, |out, (lease, amount)| put(out, &[lease, &stroops(*amount)]));
        let mut keys = account.keys.clone();
        keys.sort_by_key(|key| key.key);
        sequence(out, &keys, |out, key| put(out, &[&key.key, &key.scopes, &key.ends_at, &key.signed_at]));
    }

    fn put_host(&self, out: &mut Vec<u8>, host: &Host) {
        let says = &host.says;
        let (mut free, mut gpus) = (says.resources, says.gpus.clone());
        let standing_by = self.standbys.iter().filter(|standby| standby.host == host.id);
        let standing_by = standing_by.map(|standby| self.find_lease(standby.lease).expect("it stands by for it"));
        let there = self.leases.iter().filter(|lease| lease.host == host.id && holds_room(lease));
        for lease in there.chain(standing_by) {
            let class = self.class(lease.market);
            let took = need(class, lease.units, &lease.resources).map(|took| took * i128::from(lease.replicas));
            free = Resources {
                cpu: less(free.cpu, took[0]),
                memory: less(free.memory, took[1]),
                storage: less(free.storage, took[2]),
            };
            if let Some(gpus) = gpus.iter_mut().find(|gpus| gpus.class == *class) {
                gpus.count = less(gpus.count, took[3]);
            }
        }
        let free_gpus: Vec<u32> = gpus.into_iter().map(|gpus| gpus.count).collect();
        put(out, &[&host.id, &host.account, &says.resources, &free, &says.gpus, &free_gpus, &says.bandwidth]);
        put(out, &[&says.hostname, &says.port, &says.attributes, &host.available, &says.own_agent, &says.client_id]);
    }

    /// The last ids, the oldest first; then those that only live things keep.
    fn put_names(&self, out: &mut Vec<u8>, account: &Account) {
        let (last, mut older): (Vec<_>, Vec<_>) = account.names.iter().partition(|name| name.is_among_the_last);
        older.sort_by_key(|name| name.id.as_bytes());
        sequence(out, &last, |out, name| put_name(out, name));
        sequence(out, &older, |out, name| put_name(out, name));
    }
}

fn less<T>(there: T, taken: i128) -> T
where
    i128: From<T>,
    T: TryFrom<i128>,
{
    T::try_from(i128::from(there) - taken).ok().expect("no host is oversold")
}

fn put_counted(out: &mut Vec<u8>, counted: &Counted) {
    let ending = match counted.ending {
        Ending::Completed => 0_u8,
        Ending::Failed => 1,
        Ending::Dark => 2,
    };
    let day = u32::try_from(counted.day).expect("not before long");
    put(out, &[&counted.tenant, &ending, &day, &counted.leased, &counted.evidenced]);
}

fn put_name(out: &mut Vec<u8>, name: &Name) {
    // It says what a repeat says again: without a session, which leaves no more
    // of it than a zero, and without the id.
    let mut says = name.command.to_bytes();
    let id = 2 + name.id.as_bytes().len();
    let session = usize::from(!matches!(name.reply, Reply::Provider(_)));
    says.truncate(says.len() - id - session);
    put(out, &[&name.id, &Fingerprint::of(&says).0]);
    match name.reply {
        Reply::None => put(out, &[&0_u8]),
        Reply::Account(id) => put(out, &[&1_u8, &id]),
        Reply::Provider(id) => put(out, &[&2_u8, &id]),
        Reply::Order(id) => put(out, &[&3_u8, &id]),
        Reply::Bid(id) => put(out, &[&4_u8, &id]),
        Reply::Lease(id) => put(out, &[&5_u8, &id]),
        Reply::Market(id) => put(out, &[&6_u8, &id]),
    }
}
