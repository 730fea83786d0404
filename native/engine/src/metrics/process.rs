//! What the system says about this process.

/// Bytes of memory that the process has at present; none where the system does not tell in a file.
pub(super) fn resident_bytes() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_and_read() {
        assert_eq!(parse("VmHWM:\t    9000 kB\nVmRSS:\t    8123 kB\nThreads:\t1\n"), Some(8_123 << 10));
        assert_eq!(parse("VmHWM:\t    9000 kB\n"), None);
        assert_eq!(parse("VmRSS:\t    many kB\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_some() {
        assert!(resident_bytes().unwrap() > 100_000);
    }
}
