//! `docs/JOURNAL-RECORDS.md` is made of the lists of types and of the examples. When one of them changes, the test
//! fails; `WRITE_DOCS=1 cargo test -p lightning-core journal_records` writes the file anew.

use std::fmt::Write;

use super::examples::examples;
use super::layout::{listed, tables};
use crate::codec::record::KINDS;
use crate::codec::{VERSION, encoded, kind_of};

const DOCUMENT: &str = include_str!("../../../../../docs/JOURNAL-RECORDS.md");
const INTRODUCTION: &str = include_str!("introduction.md");

fn document() -> String {
    let mut out = INTRODUCTION.to_owned();
    out.push_str("\n## Kinds\n\n| kind | name | body |\n| --- | --- | --- |\n");
    for (kind, name, body) in KINDS {
        writeln!(out, "| {kind} | `{name}` | {} |", listed(body)).unwrap();
    }
    out.push_str("\n## An example of each\n\n| kind | bytes | body |\n| --- | --- | --- |\n");
    let mut before = 0;
    for (_, recorded) in examples() {
        let record = recorded.as_record();
        let kind = kind_of(&record);
        if kind != before {
            let body = encoded(&record);
            let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(out, "| {kind}, version {VERSION} | {} | `{hex}` |", body.len()).unwrap();
        }
        before = kind;
    }
    out.push_str(&tables());
    out
}

#[test]
fn journal_records_says_what_the_code_does() {
    let document = document();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/JOURNAL-RECORDS.md");
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::write(path, &document).expect("the document can be written");
        return;
    }
    for (number, (is, should_be)) in DOCUMENT.lines().zip(document.lines()).enumerate() {
        assert_eq!(
            is,
            should_be,
            "docs/JOURNAL-RECORDS.md, line {}: run this test with WRITE_DOCS=1",
            number + 1
        );
    }
    assert_eq!(DOCUMENT.len(), document.len(), "docs/JOURNAL-RECORDS.md: run this test with WRITE_DOCS=1");
}
