//! What the files of a data directory are called.

pub(crate) const MANIFESTS: [&str; 2] = ["MANIFEST-a", "MANIFEST-b"];
pub(crate) const EMERGENCY: &str = "emergency.log";
pub(crate) const EMERGENCY_TEMP: &str = "emergency.tmp";

/// A segment, by the LSN of its first record.
pub(crate) fn segment(first_lsn: u64) -> String {
    format!("segment-{first_lsn:020}.log")
}

/// A segment that is being written anew.
pub(crate) fn segment_temp(first_lsn: u64) -> String {
    format!("segment-{first_lsn:020}.tmp")
}

/// A snapshot, by the LSN of the last record in it.
pub(crate) fn snapshot(lsn: u64) -> String {
    format!("snapshot-{lsn:020}.snap")
}

/// A snapshot that is being written.
pub(crate) fn snapshot_temp(lsn: u64) -> String {
    format!("snapshot-{lsn:020}.tmp")
}

/// Bytes of the torn frame that began with this LSN.
pub(crate) fn torn(lsn: u64) -> String {
    format!("torn-{lsn}.bin")
}

/// They are being saved.
pub(crate) fn torn_temp(lsn: u64) -> String {
    format!("torn-{lsn}.tmp")
}

/// A segment filled with zeros.
pub(crate) fn prepared(number: u64) -> String {
    format!("prepared-{number}.log")
}

/// A segment that is being filled with zeros.
pub(crate) fn prepared_temp(number: u64) -> String {
    format!("prepared-{number}.tmp")
}

/// The first LSN of a segment of this name.
pub(crate) fn segment_lsn(name: &str) -> Option<u64> {
    lsn_between(name, "segment-", ".log")
}

/// The LSN of a snapshot of this name.
pub(crate) fn snapshot_lsn(name: &str) -> Option<u64> {
    lsn_between(name, "snapshot-", ".snap")
}

/// The number of a prepared segment of this name.
pub(crate) fn prepared_number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("prepared-")?.strip_suffix(".log")?;
    digits.parse().ok().filter(|number| prepared(*number) == name)
}

/// Is it a file that was under way to another name when its writer died?
pub(crate) fn is_temp(name: &str) -> bool {
    let known = ["segment-", "snapshot-", "prepared-", "emergency", "MANIFEST-", "torn-"];
    name.ends_with(".tmp") && known.iter().any(|prefix| name.starts_with(prefix))
}

fn lsn_between(name: &str, prefix: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_no_others() {
        assert_eq!(segment_lsn(&segment(1)), Some(1));
        assert_eq!(segment_lsn(&segment(u64::MAX)), Some(u64::MAX));
        assert_eq!(snapshot_lsn(&snapshot(77)), Some(77));
        assert_eq!(prepared_number(&prepared(3)), Some(3));
        for name in ["segment-1.log", "segment-+0000000000000000001.log", "segment-99999999999999999999.log"]
        {
            assert_eq!(segment_lsn(name), None, "{name}");
        }
        assert_eq!(prepared_number("prepared-03.log"), None);
        assert!(is_temp("MANIFEST-a.tmp") && is_temp(&segment_temp(1)) && !is_temp("notes.tmp"));
    }
}
