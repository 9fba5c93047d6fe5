//! What the operator sets: the terms in force, and those that are announced.

use berth_domain::{Bounds, FeeBps, RULES_VERSION, Reconfigure, Timing, Upgrade};

use super::content::content;

/// What a lease keeps from its opening to its end, whatever the operator
/// changes in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The platform's fee out of a provider's pay.
    pub fee: FeeBps,
    /// Timeouts.
    pub timing: Timing,
}

content!(Terms { fee, timing });

/// Terms, bounds and rules: those of the genesis, and what changed them.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// All terms that were ever in force, those in force last: a lease names
    /// its own by their place.
    pub(crate) terms: Vec<Terms>,
    pub(crate) bounds: Bounds,
    /// What entries must carry.
    pub(crate) rules: u16,
    pub(crate) announced_terms: Option<Reconfigure>,
    pub(crate) announced_rules: Option<Upgrade>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            terms: Vec::new(),
            bounds: Bounds::default(),
            rules: RULES_VERSION,
            announced_terms: None,
            announced_rules: None,
        }
    }
}

content!(Config {
    terms as list,
    bounds,
    rules,
    announced_terms,
    announced_rules,
});
