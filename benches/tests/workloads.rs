//! The generator makes the well-known files, and every driver makes of them what
//! the oracle made.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

use berth_benches::drive::{Books, BooksAlone, Event, LadderBooks, TreeBooks};
use berth_benches::measure::measure;
use berth_benches::workload::{Command, Made, Op, Recipe, Workload, oracle};

fn bytes(workload: &Workload) -> Vec<u8> {
    let mut bytes = Vec::new();
    workload.encode(&mut bytes).unwrap();
    bytes
}

/// Makes a file, compares its bytes, and what each driver makes of it.
fn check(recipe: Recipe, blake3_hex: &str) {
    let Made { workload, expected } = recipe.make();
    let bytes = bytes(&workload);
    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), blake3_hex);
    assert_eq!(Workload::decode(&bytes).unwrap(), workload);
    assert_eq!(Some(expected), oracle(&workload.header));
    let report = measure::<BooksAlone<LadderBooks>, BooksAlone<TreeBooks>>(&workload, 1).unwrap();
    assert_eq!(report.hash, format!("{:016x}", expected.tally.hash));
    assert!(report.is_known);
}

#[test]
fn the_small_file_a_is_as_the_oracle_says() {
    check(
        Recipe { commands: 300_000, ..Recipe::a() },
        "13888fd7363a41f2272fa96d54c246e1fc5e53e8a91d0c13306076956984ec9c",
    );
}

#[test]
fn the_small_file_b_is_as_the_oracle_says() {
    check(
        Recipe { commands: 300_000, ..Recipe::b() },
        "4e236f6307a84a8490f5c4390cf8ea6f5040a20f546510e0cf126cce570fef34",
    );
}

#[test]
fn both_books_say_the_same_of_every_command() {
    fn events<B: Books>(workload: &Workload) -> Vec<Event> {
        let (mut books, mut events) = (B::open(workload), Vec::new());
        books.apply(workload.prefill(), &mut events);
        books.apply(workload.timed(), &mut events);
        events
    }
    for recipe in [Recipe::a(), Recipe { active: 20_000, ..Recipe::b() }, Recipe { active: 20_000, ..Recipe::c() }] {
        let Made { workload, .. } = Recipe { commands: 50_000, ..recipe }.make();
        assert_eq!(events::<LadderBooks>(&workload), events::<TreeBooks>(&workload));
    }
}

#[test]
fn a_command_for_what_is_not_there_or_not_ones_own_is_refused() {
    let Made { workload, .. } = Recipe { commands: 0, ..Recipe::a() }.make();
    let of_another = workload.prefill().iter().map(|c| Command { op: Op::Cancel, user: c.user % 1_000 + 1, ..*c });
    let of_another: Vec<_> = of_another.collect();
    let (mut ladders, mut trees) = (LadderBooks::open(&workload), TreeBooks::open(&workload));
    let refused = |books: &mut dyn FnMut(&[Command], &mut Vec<Event>)| {
        let mut events = Vec::new();
        books(workload.prefill(), &mut events);
        events.clear();
        books(&of_another, &mut events);
        assert!(events.iter().all(|event| matches!(event, Event::Refused { .. })), "{events:?}");
        // A trade before may have ended it: then its own cancel is refused too.
        let own: Vec<_> = workload.prefill().iter().map(|c| Command { op: Op::Cancel, ..*c }).collect();
        events.clear();
        books(&[own.clone(), own].concat(), &mut events);
        events.iter().filter(|event| matches!(event, Event::Refused { .. })).count()
    };
    let twice = refused(&mut |batch, events| ladders.apply(batch, events));
    assert_eq!(twice, refused(&mut |batch, events| trees.apply(batch, events)));
    assert!(twice > workload.prefill().len());
}

#[test]
fn what_is_no_workload_is_told_why() {
    let Made { workload, .. } = Recipe { commands: 10, ..Recipe::a() }.make();
    let good = bytes(&workload);
    let fault = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        Workload::decode(&bytes).unwrap_err().to_string()
    };
    assert_eq!(fault(&|b| b.clear()), "this is no workload file: it does not begin with GLXWL01");
    assert_eq!(fault(&|b| b[0] = b'X'), "this is no workload file: it does not begin with GLXWL01");
    assert_eq!(fault(&|b| b[8] = 2), "version is 2, this program reads 1");
    assert_eq!(fault(&|b| b[60] = 32), "the size of a command is 32, this program reads 24");
    assert_eq!(fault(&|b| b.truncate(24_423)), "the header announces 24424 bytes, the file has 24423");
    assert_eq!(fault(&|b| b[23] = 0xff), "the header announces 440992475512118992744 bytes, the file has 24424");
    assert_eq!(fault(&|b| b[46] = 1), "the highest order id is 281474976711663, more than there are commands");
    assert_eq!(fault(&|b| b[64] = 4), "command 0: op 4 is out of range");
    assert_eq!(fault(&|b| b[65 + 24] = 2), "command 1: side 2 is out of range");
    assert_eq!(fault(&|b| b[66] = 1), "command 0: book 1 is out of range");
    assert_eq!(fault(&|b| b[68..72].fill(0)), "command 0: user 0 is out of range");
    assert_eq!(fault(&|b| b[72..80].fill(0)), "command 0: order 0 is out of range");
    assert_eq!(fault(&|b| b[80..84].fill(0)), "command 0: price 0 is out of range");
    assert_eq!(fault(&|b| b[84..88].fill(0)), "command 0: quantity 0 is out of range");
}
