//! `docs/journal.md` says what the code does.

use berth_domain::codec::Fields;
use berth_domain::{Command, Entry, Event};
use berth_journal::{BATCH_VERSION, SNAPSHOT_VERSION};

type Tag = (u16, String, Vec<String>);

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/journal.md")).unwrap()
}

/// The words in backticks.
fn code(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[track_caller]
fn check_tags(heading: &str, tags: &[(u16, &str, &[&str])]) {
    let document = document();
    let section = document.split(heading).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
    let rows = section.lines().skip_while(|line| !line.starts_with("| 0 ")).take_while(|line| line.starts_with('|'));
    let documented: Vec<Tag> = rows
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].parse().unwrap(), code(cells[1]).concat(), code(cells[2]))
        })
        .collect();
    let owned = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect();
    let declared: Vec<Tag> = tags.iter().map(|(tag, name, fields)| (*tag, (*name).to_owned(), owned(fields))).collect();
    assert_eq!(documented, declared, "{heading}");
}

#[test]
fn the_document_lists_every_command_and_event_with_its_tag_and_fields() {
    check_tags("### Commands", Command::TAGS);
    check_tags("### Events", Event::TAGS);
}

#[test]
fn the_document_draws_the_entry_and_names_the_version() {
    let document = document();
    let drawn: Vec<_> = Entry::FIELDS.iter().map(|field| document.find(&format!("\n{field} "))).collect();
    assert!(drawn.iter().all(Option::is_some) && drawn.is_sorted(), "{drawn:?}");
    let batches = document.split("## Batch").nth(1).unwrap();
    assert!(batches.contains(&format!("version {BATCH_VERSION} ")));
    let snapshots = document.split("## Snapshots").nth(1).unwrap();
    assert!(snapshots.contains(&format!("version {SNAPSHOT_VERSION} ")));
}
