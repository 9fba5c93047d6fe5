//! Connections that there may be at once: in all, and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Limits;

/// Who a connection is counted for. Whoever has one address of IPv6 has all that
/// share its first half with it.
pub(crate) fn counted_for(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.into(),
            None => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        },
    }
}

/// All places.
#[derive(Clone)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    count: u32,
    per_address: u32,
    /// Of each address that has some. It has no more rows than there are places.
    taken: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// A place that is taken until it is dropped.
pub(crate) struct Place {
    of: IpAddr,
    taken: Arc<Mutex<HashMap<IpAddr, u32>>>,
    _place: OwnedSemaphorePermit,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All are taken.
    All,
    /// The address has as many as it may.
    OfAddress,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.connections as usize)),
            count: limits.connections,
            per_address: limits.connections_per_address,
            taken: Arc::default(),
        }
    }

    /// Takes a place for an address, see [`counted_for`].
    pub(crate) fn take(&self, of: IpAddr) -> Result<Place, NoPlace> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = taken.get(&of).copied().unwrap_or(0);
        if mine >= self.per_address {
            return Err(NoPlace::OfAddress);
        }
        let place = self.all.clone().try_acquire_owned().map_err(|_| NoPlace::All)?;
        taken.insert(of, mine + 1);
        Ok(Place { of, taken: self.taken.clone(), _place: place })
    }

    /// Waits until nobody has one.
    pub(crate) async fn empty(&self) {
        // It is never closed.
        let _ = self.all.acquire_many(self.count).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.of) {
            Some(mine) if *mine > 1 => *mine -= 1,
            _ => {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_takes_its_own_places_and_not_all() {
        let places = Places::new(&Limits { connections: 3, connections_per_address: 2, ..Limits::PUBLIC });
        let [one, other] = [1, 2].map(|last| IpAddr::from([10, 0, 0, last]));
        let take = |of| places.take(of);
        let held = [take(one).ok(), take(one).ok()];
        assert_eq!(take(one).err(), Some(NoPlace::OfAddress));
        let more = take(other).ok();
        assert_eq!(take(other).err(), Some(NoPlace::All));
        drop(held);
        assert!(take(other).is_ok() && take(one).is_ok());
        drop(more);
        assert!(places.taken.lock().unwrap().is_empty(), "nothing is kept of those who have none");
    }

    #[test]
    fn addresses_of_one_network_of_version_6_are_one() {
        let of = |text: &str| counted_for(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
    }
}
