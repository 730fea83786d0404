//! A strict reader of Prometheus' text format, written from its description and without a look at who writes it: what it
//! lets pass, a server does.

use std::collections::{BTreeMap, BTreeSet};

/// A text that was read: families by name.
pub(crate) type Exposition = BTreeMap<String, Family>;

/// One metric.
#[derive(Debug, Default)]
pub(crate) struct Family {
    kind: String,
    /// In their order: the sample's name, its labels, its value as it is written.
    pub(crate) samples: Vec<(String, BTreeMap<String, String>, String)>,
}

impl Family {
    /// The value of the sample that has this label.
    pub(crate) fn with(&self, label: &str, value: &str) -> u64 {
        let found =
            self.samples.iter().find(|(_, labels, _)| labels.get(label).is_some_and(|it| it == value));
        found.unwrap_or_else(|| panic!("no {label}={value} in {self:?}")).2.parse().unwrap()
    }

    /// The value of the only sample.
    pub(crate) fn only(&self) -> u64 {
        assert_eq!(self.samples.len(), 1, "{self:?}");
        self.samples[0].2.parse().unwrap()
    }
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Result<Exposition, String> {
    if !text.ends_with('\n') {
        return Err("the last line does not end".into());
    }
    let mut families = Exposition::new();
    let (mut current, mut help, mut series) = (String::new(), None, BTreeSet::new());
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let fail = |why: &str| Err(format!("{why}: {line:?}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let Some((name, words)) = rest.split_once(' ') else { return fail("HELP of nothing") };
            if words.is_empty() || unescaped(words, false).is_none() {
                return fail("a bad HELP");
            }
            if help.replace(name.to_owned()).is_some() {
                return fail("HELP without its TYPE");
            }
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let Some((name, kind)) = rest.split_once(' ') else { return fail("TYPE of nothing") };
            if help.take().as_deref() != Some(name) {
                return fail("TYPE without its HELP");
            }
            if !is_name(name, true) || !matches!(kind, "counter" | "gauge" | "histogram") {
                return fail("a bad TYPE");
            }
            if (kind == "counter") != name.ends_with("_total") {
                return fail("counters end in _total, and nothing else does");
            }
            name.clone_into(&mut current);
            let family = Family { kind: kind.to_owned(), samples: Vec::new() };
            if families.insert(current.clone(), family).is_some() {
                return fail("a family in two pieces");
            }
        } else {
            let Some((name, labels, value)) = sample(line) else { return fail("no sample") };
            let Some(family) = families.get_mut(&current) else { return fail("a sample of nothing") };
            let suffix = name.strip_prefix(current.as_str());
            let fits = match family.kind.as_str() {
                "histogram" => matches!(suffix, Some("_bucket" | "_sum" | "_count")),
                _ => suffix == Some(""),
            };
            if !fits || help.is_some() {
                return fail("a sample of another family");
            }
            if !series.insert((name.clone(), labels.clone())) {
                return fail("the same series twice");
            }
            if value.starts_with('-') || (value.contains(['I', 'N']) && family.kind != "gauge") {
                return fail("a count is a number from zero");
            }
            family.samples.push((name, labels, value));
        }
    }
    for (name, family) in families.iter().filter(|(_, family)| family.kind == "histogram") {
        histogram(name, family)?;
    }
    Ok(families)
}

type Labels = BTreeMap<String, String>;
/// A suffix, where a bucket ends, and the value.
type Part<'a> = (&'a str, Option<f64>, f64);

/// Buckets go up to all there is, and the sums are there.
fn histogram(name: &str, family: &Family) -> Result<(), String> {
    let mut of: BTreeMap<Labels, Vec<Part<'_>>> = BTreeMap::new();
    for (sample, labels, value) in &family.samples {
        let mut labels = labels.clone();
        let end = labels.remove("le").map(|end| end.parse::<f64>().map_err(|_| format!("le={end:?}")));
        let part = sample.strip_prefix(name).unwrap_or_default();
        let value = value.parse().map_err(|_| format!("{value:?}"))?;
        of.entry(labels).or_default().push((part, end.transpose()?, value));
    }
    for (labels, samples) in of {
        let fail = |why: &str| Err(format!("{name} {labels:?}: {why}: {samples:?}"));
        let buckets: Vec<_> = samples.iter().filter(|sample| sample.0 == "_bucket").collect();
        let rising = buckets.windows(2).all(|pair| pair[0].1 < pair[1].1 && pair[0].2 <= pair[1].2);
        let one = |part: &str| {
            let mut found = samples.iter().filter(|sample| sample.0 == part && sample.1.is_none());
            found.next().filter(|_| found.next().is_none()).map(|sample| sample.2)
        };
        let (Some(count), Some(sum)) = (one("_count"), one("_sum")) else { return fail("no sums") };
        match buckets.last() {
            Some((_, Some(end), all)) if end.is_infinite() && *all == count => {}
            _ => return fail("the last bucket is not all"),
        }
        if !rising || (count == 0.0 && sum != 0.0) {
            return fail("buckets or sums do not rise");
        }
    }
    Ok(())
}

/// `name{label="value",...} number`.
fn sample(line: &str) -> Option<(String, BTreeMap<String, String>, String)> {
    let name_end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(name_end);
    let mut labels = BTreeMap::new();
    if let Some(after) = rest.strip_prefix('{') {
        rest = after;
        loop {
            let (label, after) = rest.split_once("=\"")?;
            let mut previous = ' ';
            let end = after.find(|here| {
                let is_end = here == '"' && previous != '\\';
                previous = if previous == '\\' { ' ' } else { here };
                is_end
            })?;
            let value = unescaped(&after[..end], true)?;
            if !is_name(label, false) || labels.insert(label.to_owned(), value).is_some() {
                return None;
            }
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => break,
            }
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = rest.strip_prefix(' ')?;
    let is_plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit() || "+-.eEInfNa".contains(c));
    value.parse::<f64>().ok().filter(|_| is_plain && is_name(name, true))?;
    Some((name.to_owned(), labels, value.to_owned()))
}

fn is_name(name: &str, colons: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A text without its escapes; none if there is one that the format does not have.
fn unescaped(text: &str, quotes: bool) -> Option<String> {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                '"' if quotes => '"',
                _ => return None,
            },
            '"' if quotes => return None,
            c => c,
        });
    }
    Some(plain)
}

#[test]
fn the_reader_refuses_what_a_server_would_and_more() {
    let head = "# HELP a_total Help.\n# TYPE a_total counter\n";
    let histogram = "# HELP h Help.\n# TYPE h histogram\n";
    for (tail, is_good) in [
        ("a_total 1\n", true),
        ("a_total{x=\"1\",y=\"\\\\ \\\" \\n\"} 1\n", true),
        ("a_total 1", false),
        ("a_total 1\n\n", false),
        ("a_total  1\n", false),
        ("a_total -1\n", false),
        ("a_total one\n", false),
        ("a_total NaN\n", false),
        ("a_total 1\na_total 2\n", false),
        ("b_total 1\n", false),
        ("a_total{x=\"\\t\"} 1\n", false),
        ("a_total{x=\"1\",x=\"2\"} 1\n", false),
        ("a_total{x=\"1\",} 1\n", false),
        ("a_total{} 1\n", false),
        ("a_total{0=\"1\"} 1\n", false),
        ("# HELP b b\n# TYPE b gauge\nb 1\na_total 1\n", false),
        ("# HELP b b\n# TYPE b gauge\nb 1\n# HELP a_total Help.\n# TYPE a_total counter\n", false),
        ("# TYPE b gauge\nb 1\n", false),
        ("# HELP b b\n# TYPE b counter\nb 1\n", false),
        ("# HELP b b\n", true),
    ] {
        assert_eq!(read(&format!("{head}{tail}")).is_ok(), is_good, "{tail:?}");
    }
    for (tail, is_good) in [
        ("h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3.5\nh_count 2\n", true),
        ("h_bucket{le=\"0.1\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_sum 3.5\nh_count 2\n", false),
        (
            "h_bucket{le=\"0.2\"} 1\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
            false,
        ),
        ("h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3.5\nh_count 3\n", false),
        ("h_bucket{le=\"0.1\"} 2\nh_sum 3.5\nh_count 2\n", false),
        ("h_bucket{le=\"+Inf\"} 2\nh_count 2\n", false),
        ("h 2\n", false),
    ] {
        assert_eq!(read(&format!("{histogram}{tail}")).is_ok(), is_good, "{tail:?}");
    }
}
