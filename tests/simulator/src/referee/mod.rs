//! The referee: what must hold after every durable entry, recomputed naively
//! from the exchange's public reads, from the entries and from the events.

mod books;
mod capacity;
mod clock;
mod course;
mod evidence;
mod facts;
mod gang;
mod keys;
mod leases;
mod mandate;
mod money;
mod once;
mod operator;
mod priority;
pub(crate) mod rule;
mod standby;
mod survey;
mod trading;
mod trust;
mod verification;

use berth_domain::{CommandRefused, Entry, Event};
use berth_exchange::{Exchange, Outcome, StateHash};

use self::clock::{Clock, Moment};
use self::course::Courses;
use self::facts::Facts;
use self::gang::Gangs;
use self::keys::Keys;
use self::mandate::Mandates;
use self::once::Once;
pub(crate) use self::once::client_id;
use self::operator::Office;
use self::priority::Foretold;
use self::standby::Standbys;
use self::survey::Survey;
use self::trading::Ages;
use self::trust::Trust;
use self::verification::Verifications;
use crate::coverage::Coverage;
use crate::dice::Dice;

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule in words.
    pub rule: &'static str,
    /// What was found.
    pub detail: String,
}

pub(crate) type Checked = Result<(), Violation>;

/// Ends with a violation unless something holds.
macro_rules! ensure {
    ($holds:expr, $rule:expr, $($words:tt)+) => {
        if !$holds {
            return Err($rule.broken(format!($($words)+)));
        }
    };
}
pub(crate) use ensure;

/// Of this many refusals, one is checked by the state hash, which is slow.
const HASHED: u64 = 4;

#[derive(Debug)]
pub(crate) struct Referee {
    /// Of its own: what it looks at closely changes nothing in the run.
    dice: Dice,
    hash_before: Option<StateHash>,
    foretold: Foretold,
    survey: Survey,
    office: Office,
    courses: Courses,
    clock: Clock,
    gangs: Gangs,
    verifications: Verifications,
    standbys: Standbys,
    mandates: Mandates,
    trust: Trust,
    ages: Ages,
    keys: Keys,
    once: Once,
    facts: Facts,
    coverage: Coverage,
}

impl Referee {
    pub(crate) fn new(dice: Dice) -> Self {
        Self {
            dice,
            hash_before: None,
            foretold: Foretold::Unsure,
            survey: Survey::default(),
            office: Office::default(),
            courses: Courses::default(),
            clock: Clock::default(),
            gangs: Gangs::default(),
            verifications: Verifications::default(),
            standbys: Standbys::default(),
            mandates: Mandates::default(),
            trust: Trust::default(),
            ages: Ages::default(),
            keys: Keys::default(),
            once: Once::default(),
            facts: Facts::default(),
            coverage: Coverage::default(),
        }
    }

    pub(crate) const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Looks at the exchange before an entry is applied, of which it is known
    /// what it came to elsewhere.
    pub(crate) fn before(&mut self, x: &Exchange, entry: &Entry, came: Outcome) {
        let changes_nothing = !matches!(came, Outcome::Done(_));
        self.hash_before = (changes_nothing && self.dice.once_in(HASHED)).then(|| x.state_hash());
        self.foretold = Foretold::of(x, entry);
        self.once.before(x, entry);
    }

    /// Looks at it after that.
    pub(crate) fn after(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
        self.coverage.count(entry, outcome, events);
        is_told_once(entry, outcome, events)?;
        if let Some(before) = self.hash_before {
            let after = x.state_hash();
            ensure!(before == after, rule::REFUSAL, "entry {} came to {outcome:?} and changed the state", entry.seq);
        }
        self.keys.after(x, entry, outcome, events)?;
        if !Keys::turn_away(outcome) {
            self.once.after(entry, outcome)?;
            self.facts.after(x, entry, outcome)?;
            self.foretold.check(x, entry, outcome, events)?;
        }
        self.listen(x, entry, outcome, events)?;
        self.survey.take(x, &self.courses, &self.standbys);
        money::check(x, &self.survey, self.trust.staked())?;
        leases::check(x, &self.courses, events)?;
        capacity::check(x, &self.survey)?;
        trading::check(x, &self.survey, &self.mandates)?;
        self.ages.after(x, entry, events)?;
        // A heartbeat is no matter of the books; the next other entry is looked
        // at, whatever it is.
        if !matches!(events, [Event::LeaseHeartbeat(_)]) {
            books::check(x)?;
            self.mandates.after(x)?;
        }
        Ok(())
    }

    /// Hears the events in their order, each rule before or behind the course
    /// of the lease that they are about.
    fn listen(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
        if !Keys::turn_away(outcome) {
            self.office.before(x, entry, outcome)?;
            self.mandates.before(x, &self.courses, entry, outcome)?;
            self.trust.before(x, entry, outcome)?;
            self.courses.witness(entry, outcome, events)?;
        }
        self.clock.before(entry);
        self.verifications.before();
        self.gangs.formed(x, entry, outcome, events)?;
        for event in events {
            let courses = &self.courses;
            self.clock.hear(Moment { x, entry, courses }, event)?;
            self.gangs.hear(courses, event)?;
            self.verifications.hear(x, courses, entry, event)?;
            self.mandates.hear(x, courses, entry, event)?;
            if let Some(terms) = self.office.terms() {
                self.courses.hear(x, terms, entry.at, event)?;
            }
            self.office.hear(x, entry, event)?;
            self.standbys.hear(x, &self.courses, event)?;
            self.trust.hear(x, &self.courses, entry, event)?;
        }
        let courses = &self.courses;
        self.clock.after(Moment { x, entry, courses }, outcome)?;
        self.gangs.after(x, courses)?;
        self.standbys.after(x, courses)?;
        standby::is_best(x, entry, events)?;
        self.trust.after(x, courses, events)?;
        self.office.after(x, entry)
    }

    /// What must hold when everything has come to its end.
    pub(crate) fn at_rest(&self, x: &Exchange) -> Checked {
        leases::all_resolved(x)?;
        money::nothing_is_held(x)?;
        capacity::all_free(x)
    }
}

/// A refusal is told by one event, a repetition by none, and what was carried
/// out is not told as refused.
fn is_told_once(entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
    let holds = match outcome {
        Outcome::Done(_) => !events.iter().any(|event| matches!(event, Event::CommandRefused(_))),
        Outcome::Repeated(_) => events.is_empty(),
        Outcome::Refused(code) => matches!(
            events,
            [Event::CommandRefused(CommandRefused { account, code: told, .. })]
                if *account == entry.account && *told == code
        ),
    };
    ensure!(holds, rule::REFUSAL, "entry {} came to {outcome:?} and is told by {events:?}", entry.seq);
    Ok(())
}
