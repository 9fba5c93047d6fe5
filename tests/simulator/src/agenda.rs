//! What is going to happen, in the order of simulated time. What happens at the
//! same microsecond happens in the order in which it was planned.

use std::collections::BTreeMap;

use berth_domain::Micros;

#[derive(Debug)]
pub(crate) struct Agenda<T> {
    queue: BTreeMap<(Micros, u64), T>,
    planned: u64,
}

impl<T> Agenda<T> {
    pub(crate) const fn new() -> Self {
        Self { queue: BTreeMap::new(), planned: 0 }
    }

    pub(crate) fn plan(&mut self, at: Micros, what: T) {
        self.planned += 1;
        self.queue.insert((at, self.planned), what);
    }

    pub(crate) fn next(&mut self) -> Option<(Micros, T)> {
        self.queue.pop_first().map(|((at, _), what)| (at, what))
    }
}
