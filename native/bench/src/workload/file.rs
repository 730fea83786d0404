//! Workloads as files, for programs that are not ours. The format is described in this package's README.

use std::fmt::Write as _;
use std::io::{self, Write};

use lightning_core::types::Side;
use serde_json::{Value, json};

use super::{Command, Depth, Kind, Level, Workload};

const MAGIC: &[u8; 8] = b"LTNGFLOW";
const VERSION: u32 = 1;
const RECORD_BYTES: u32 = 32;

/// A command's record as four words of 64 bits, little-endian in the file.
pub(super) fn words(command: &Command) -> [u64; 4] {
    let (kind, is_ioc) = match command.kind {
        Kind::PlaceGtc => (1, 0),
        Kind::PlaceIoc => (1, 1),
        Kind::Cancel => (2, 0),
        Kind::Reduce => (3, 0),
        Kind::Move => (4, 0),
    };
    let side = u64::from(command.side == Side::Sell);
    let first = kind | side << 8 | is_ioc << 16 | u64::from(command.symbol) << 32;
    let second = u64::from(command.id) | u64::from(command.account) << 32;
    [first, second, command.price, command.quantity]
}

impl Workload {
    /// Writes the header and the commands.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_binary(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&RECORD_BYTES.to_le_bytes())?;
        for word in [self.seed, self.load().len() as u64, self.measured().len() as u64] {
            out.write_all(&word.to_le_bytes())?;
        }
        out.write_all(&self.symbols.to_le_bytes())?;
        out.write_all(&self.accounts.to_le_bytes())?;
        let books = Depth::hash_of(&self.books).0;
        let expected = [self.tape.trades, self.tape.lots, self.resting_at_end(), books, self.tape.hash.0];
        for word in std::iter::once(self.hash().0).chain(expected) {
            out.write_all(&word.to_le_bytes())?;
        }
        for command in &self.commands {
            for word in words(command) {
                out.write_all(&word.to_le_bytes())?;
            }
        }
        Ok(())
    }

    /// Writes the commands for eyes, one a line.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let mut line = String::new();
        for command in &self.commands {
            line.clear();
            describe(command, &mut line);
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    /// What goes beside the file: its line of the report, and what a correct engine comes to.
    #[must_use]
    pub fn description(&self) -> Value {
        let mut expected = json!({
            "trades": self.tape.trades,
            "tradedLots": self.tape.lots,
            "orders": self.resting_at_end(),
            "tradesHash": self.tape.hash.hex(),
            "booksHash": Depth::hash_of(&self.books).hex(),
        });
        if let [book] = &self.books[..] {
            let levels = |levels: &[Level]| -> Value {
                levels.iter().map(|level| json!([level.price, level.lots, level.orders])).collect()
            };
            expected["bids"] = levels(&book.bids);
            expected["asks"] = levels(&book.asks);
        }
        let mut line = self.line();
        line["expected"] = expected;
        line
    }
}

fn describe(command: &Command, line: &mut String) {
    let Command { kind, side, symbol, id, account, price, quantity } = *command;
    let side = if side == Side::Buy { "buy" } else { "sell" };
    let (verb, tif) = match kind {
        Kind::PlaceGtc => ("place", " gtc"),
        Kind::PlaceIoc => ("place", " ioc"),
        Kind::Cancel => ("cancel", ""),
        Kind::Reduce => ("reduce", ""),
        Kind::Move => ("move", ""),
    };
    writeln!(line, "{verb} {id} account {account} symbol {symbol} {side} {quantity} @ {price}{tif}")
        .expect("a string takes everything");
}
