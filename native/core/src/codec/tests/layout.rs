//! What the lists of types say, as text: what `docs/JOURNAL-RECORDS.md` is made of.

use std::fmt::Write;

use crate::message::{ClientOrderId, Outcome};
use crate::reject::Code;

/// A type as the document shows it.
pub(crate) trait Layout {
    /// How many bytes every value takes; none if that depends on the value.
    const BYTES: Option<usize>;

    /// Adds its table. What is spelled out where it is used has none.
    fn table(_: &mut String) {}
}

/// Of what stands one after the other.
pub(crate) const fn sum(parts: &[Option<usize>]) -> Option<usize> {
    let (mut sum, mut at) = (0, 0);
    while at < parts.len() {
        match parts[at] {
            Some(bytes) => sum += bytes,
            None => return None,
        }
        at += 1;
    }
    Some(sum)
}

/// Of what is one or the other.
pub(crate) const fn same(parts: &[Option<usize>]) -> Option<usize> {
    let mut at = 1;
    while at < parts.len() {
        match (parts[0], parts[at]) {
            (Some(first), Some(other)) if first == other => at += 1,
            _ => return None,
        }
    }
    parts[0]
}

pub(crate) fn fields(name: &str, fields: &[(&str, &str, Option<usize>)], out: &mut String) {
    writeln!(out, "\n### {name}\n\n| bytes | field | type |\n| --- | --- | --- |").unwrap();
    for &(field, kind, bytes) in fields {
        let bytes = bytes.map_or_else(|| "varies".to_owned(), |bytes| bytes.to_string());
        writeln!(out, "| {bytes} | `{field}` | `{}` |", spelled(kind)).unwrap();
    }
}

/// Tag, name, and what comes then: names with types.
pub(crate) type Variant<'a> = (u8, &'a str, &'a [(&'a str, &'a str)]);

pub(crate) fn variants(name: &str, variants: &[Variant<'_>], out: &mut String) {
    writeln!(out, "\n### {name}\n\n| tag | variant | then |\n| --- | --- | --- |").unwrap();
    for (tag, variant, fields) in variants {
        writeln!(out, "| {tag} | `{variant}` | {} |", listed(fields)).unwrap();
    }
}

pub(crate) fn number(name: &str, kind: &str, range: &str, out: &mut String) {
    let range = range.replace("LAST_ASSET", "99,999").replace("LAST_SYMBOL", "99,999");
    let is_whole = range.ends_with("::MAX") && (range.starts_with("0..") || range.contains("::MIN"));
    let range = if is_whole { "all".to_owned() } else { range.replace("..=", " to ") };
    writeln!(
        out,
        "| `{name}` | {kind} | {} |",
        range.replace("ID_MAX", "2^53 - 1").replace("u32::MAX", "2^32 - 1")
    )
    .unwrap();
}

/// Fields in one line.
pub(crate) fn listed(fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields.iter().map(|(name, kind)| format!("`{name}: {}`", spelled(kind))).collect();
    if fields.is_empty() { "nothing".to_owned() } else { fields.join(", ") }
}

/// A type as the document names it: a box is what is in it.
fn spelled(kind: &str) -> String {
    let mut kind = kind.replace("::<", "<");
    while let Some(at) = kind.find("Box<") {
        let mut depth = 0;
        let end = kind[at..].char_indices().find(|&(_, c)| {
            depth += i32::from(c == '<') - i32::from(c == '>');
            c == '>' && depth == 0
        });
        let end = at + end.expect("a box is closed").0;
        kind = format!("{}{}{}", &kind[..at], &kind[at + 4..end], &kind[end + 1..]);
    }
    kind
}

macro_rules! plain {
    ($($type:ty),+) => {$(
        impl Layout for $type {
            const BYTES: Option<usize> = Some(size_of::<$type>());
        }
    )+};
}

plain!(u8, u16, u32, u64, u128, i32, i128, bool, [u8; 32]);

impl<T> Layout for Option<T> {
    const BYTES: Option<usize> = None;
}

impl<T> Layout for Vec<T> {
    const BYTES: Option<usize> = None;
}

impl<T, E> Layout for Result<T, E> {
    const BYTES: Option<usize> = None;
}

impl<T: Layout> Layout for Box<T> {
    const BYTES: Option<usize> = T::BYTES;
}

impl<T: Layout> Layout for [T; 2] {
    const BYTES: Option<usize> = sum(&[T::BYTES, T::BYTES]);
}

impl<A: Layout, B: Layout> Layout for (A, B) {
    const BYTES: Option<usize> = sum(&[A::BYTES, B::BYTES]);
}

impl Layout for ClientOrderId {
    const BYTES: Option<usize> = None;
}

impl Layout for Code {
    const BYTES: Option<usize> = Some(2);
}

impl Layout for Outcome {
    const BYTES: Option<usize> = None;
}

/// The tables of everything that a record can hold: in the order of the modules, small things last.
pub(super) fn tables() -> String {
    use crate::fees::{FeeMode, FeeRates};
    use crate::log::OperatorKey;
    use crate::message::{
        AdmittedOrder, Amend, AmendChange, CancelMany, CancelReason, ExpireReason, Extras, LateChecks,
        MassCancelOrder, MassId, NewOrder, NewQuantity, OnlyIf, OrderFilter, OrderKind, OrderStatus, Replace,
        ReplaceMode, ReplyTo, Request, RequestId, StpMode, TimeInForce, TrailOffset, TransferOffer, Trigger,
    };
    use crate::reject::{Detail, Reject};
    use crate::rules::{AccountChange, AccountStatus, PriceBand, RateLimit, SymbolRules, SymbolStatus};
    use crate::spec::{SymbolLimits, SymbolSpec};
    use crate::types::{
        AccountId, Amount, AssetId, ListId, Lsn, OrderId, Price, Quantity, Side, StpGroup, SymbolId,
        Timestamp,
    };

    let mut out = "\n## What bodies are made of\n".to_owned();
    macro_rules! each {
        ($($type:ty),+ $(,)?) => { $(<$type>::table(&mut out);)+ };
    }
    each!(
        ReplyTo,
        RequestId,
        Request,
        AccountChange,
        AccountStatus,
        RateLimit,
        TransferOffer,
        MassCancelOrder,
        OrderFilter,
        CancelMany,
        AdmittedOrder,
        LateChecks,
        NewOrder,
        Side,
        OrderKind,
        TimeInForce,
        StpMode,
        Extras,
        Trigger,
        TrailOffset,
        Amend,
        AmendChange,
        NewQuantity,
        Replace,
        ReplaceMode,
        OnlyIf,
        Reject,
        Detail,
        OrderStatus,
        CancelReason,
        ExpireReason,
        FeeRates,
        FeeMode,
        SymbolSpec,
        SymbolLimits,
        SymbolRules,
        SymbolStatus,
        PriceBand,
        OperatorKey,
    );
    out.push_str("\n### Numbers of their own\n\n| name | is a | range |\n| --- | --- | --- |\n");
    each!(
        AccountId, AssetId, SymbolId, OrderId, ListId, StpGroup, MassId, Lsn, Timestamp, Price, Quantity,
        Amount
    );
    out
}

/// The names of all variants that the tables show.
pub(super) fn all_variants() -> Vec<String> {
    let tables = tables();
    let is_tag = |line: &&str| line.split(' ').nth(1).is_some_and(|tag| tag.parse::<u8>().is_ok());
    let of_enums = tables.split("\n### ").filter(|table| table.contains("| tag |"));
    let rows = of_enums.flat_map(|table| table.lines().filter(is_tag));
    rows.map(|row| row.split('`').nth(1).expect("a name").to_owned()).collect()
}
