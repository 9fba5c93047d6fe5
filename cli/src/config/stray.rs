//! Variables of the environment that look like settings and are none.
//!
//! They are told and no more: whoever runs containers puts variables of his own
//! into their environment, and some begin with the name of a service.

use super::settings::{SETTINGS, distance};

/// What all of ours begin with.
const PREFIX: &str = "BERTH_";
/// Those of single verbs, which are no settings.
const OTHERS: &[&str] = &["BERTH_CONFIG", "BERTH_DEMO_DATA", "BERTH_LEDGER_DATA", "BERTH_PROVIDER_DATA"];

/// A variable that nobody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    /// What it is called.
    pub(crate) name: String,
    /// What was probably meant.
    pub(crate) meant: Option<&'static str>,
}

impl Stray {
    /// What is wrong with it, as the end of a sentence.
    pub(crate) fn what(&self) -> String {
        let meant = self.meant.map(|meant| format!("; {meant} is")).unwrap_or_default();
        format!("is read by nobody{meant}")
    }
}

/// Those of this process.
pub(crate) fn of_process() -> Vec<Stray> {
    among(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))
}

fn among(names: impl Iterator<Item = String>) -> Vec<Stray> {
    let known = || SETTINGS.iter().flat_map(|setting| setting.env).chain(OTHERS).copied();
    let strays = names.filter(|name| name.starts_with(PREFIX) && !known().any(|known| known == name));
    let mut strays: Vec<_> = strays
        .map(|name| {
            let near = known().map(|known| (distance(&name, known), known)).min();
            let meant = near.filter(|(distance, _)| *distance <= 1 + name.len() / 8).map(|(_, known)| known);
            Stray { name, meant }
        })
        .collect();
    strays.sort_by(|a, b| a.name.cmp(&b.name));
    strays
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_told_with_the_one_that_was_meant() {
        let names = ["BERTH_LISTEN", "BERTH_LISEN", "HOME", "BERTH_CONFIG", "BERTH_X402_PRCE", "BERTH_PORT_80_TCP"];
        let strays = among(names.into_iter().map(str::to_owned));
        let told: Vec<_> = strays.iter().map(|stray| (stray.name.as_str(), stray.what())).collect();
        assert_eq!(
            told,
            [
                ("BERTH_LISEN", "is read by nobody; BERTH_LISTEN is".to_owned()),
                ("BERTH_PORT_80_TCP", "is read by nobody".to_owned()),
                ("BERTH_X402_PRCE", "is read by nobody; BERTH_X402_PRICE is".to_owned()),
            ]
        );
    }
}
