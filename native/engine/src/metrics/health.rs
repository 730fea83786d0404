//! How an engine is, in a word, and why.

/// In a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStatus {
    /// Everything is taken and done.
    Ok,
    /// It works, but something wants to be looked at, or some calls are refused.
    Degraded,
    /// It takes nothing any more, and has to be opened again.
    Halted,
    /// It was closed.
    Closed,
}

impl HealthStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Degraded, Self::Halted, Self::Closed];

    /// Its name, for instance `degraded`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Halted => "halted",
            Self::Closed => "closed",
        }
    }
}

/// Why an engine is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReason {
    /// For a program: the code of a halt, or `STORAGE_LOW`, `JOURNAL_BEHIND`, `IN_FLIGHT_FULL`, `SNAPSHOT_FAILED`.
    pub code: &'static str,
    /// For a person.
    pub message: String,
}

/// How an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// In a word.
    pub status: HealthStatus,
    /// Why, unless all is well; none for one that was closed.
    pub reasons: Vec<HealthReason>,
}

impl Health {
    /// Of an engine that works: as well as there is nothing to say against it.
    pub(super) fn of(reasons: Vec<HealthReason>) -> Self {
        let status = if reasons.is_empty() { HealthStatus::Ok } else { HealthStatus::Degraded };
        Self { status, reasons }
    }

    pub(super) fn ended(status: HealthStatus, reasons: Vec<HealthReason>) -> Self {
        Self { status, reasons }
    }
}

impl HealthReason {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
