//! The command line of the benchmark; the rest is the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    lightning_bench::cli::run()
}
