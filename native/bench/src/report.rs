//! What is printed: a line for each measurement, for people or for programs.

use serde_json::{Value, json};

/// Collects lines and prints each as soon as it is known.
#[derive(Debug)]
pub struct Report {
    style: Style,
    /// Every line so far.
    pub lines: Vec<Value>,
}

/// How lines are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line of words.
    Text,
    /// A JSON object a line.
    Json,
    /// Not at all: for tests.
    Silent,
}

impl Report {
    /// An empty one.
    #[must_use]
    pub const fn new(style: Style) -> Self {
        Self { style, lines: Vec::new() }
    }

    /// One more line.
    pub fn line(&mut self, line: Value) {
        match self.style {
            Style::Text => println!("{}", text(&line)),
            Style::Json => println!("{line}"),
            Style::Silent => {}
        }
        self.lines.push(line);
    }

    /// Something of ours was wrong.
    pub fn fault(&mut self, stage: &str, workload: &str, subject: &str, fault: &str) {
        self.wrong("fault", (stage, workload, subject), fault);
    }

    /// Somebody was wrong: a `fault` if it is ours, a `difference` if it is a peer's.
    pub fn wrong(&mut self, kind: &str, (stage, workload, subject): (&str, &str, &str), what: &str) {
        let mut line = json!({ "type": kind, "stage": stage, "workload": workload, "subject": subject });
        line[kind] = json!(what);
        self.line(line);
    }

    /// Something could not be measured here.
    pub fn skipped(&mut self, workload: &str, why: &str) {
        self.line(json!({ "type": "skipped", "workload": workload, "why": why }));
    }

    /// How many were wrong.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.lines.iter().filter(|line| line["type"] == "fault").count()
    }
}

/// One line for people.
fn text(line: &Value) -> String {
    let Value::Object(fields) = line else { return line.to_string() };
    let word = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let first = if word("type") == "result" { word("stage") } else { word("type") };
    let mut words = vec![format!("{first:9}")];
    for (name, value) in fields.iter().filter(|(name, _)| !["type", "verified"].contains(&name.as_str())) {
        words.push(match value {
            Value::String(text) if text == first => continue,
            Value::String(text) => format!("{name} {text}"),
            Value::Object(fields) => {
                let inner: Vec<_> = fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
                format!("{name} [{}]", inner.join(", "))
            }
            value => format!("{name} {value}"),
        });
    }
    words.join("  ")
}
