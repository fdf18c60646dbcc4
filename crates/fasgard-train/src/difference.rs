//! What differs between a checkpoint's run and the one that would go on with it.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Differences that are listed; the rest is counted.
const LISTED: usize = 5;

/// The keys of two configurations that differ: `key`: expected A, found B. None if the texts say
/// the same or cannot be parsed.
pub(crate) fn of_configs(expected: &str, found: &str) -> Option<String> {
    let [expected, found] = [expected, found].map(|text| {
        let mut keys = BTreeMap::new();
        flatten("", &text.parse::<Table>().ok()?, &mut keys);
        Some(keys)
    });
    let (expected, found) = (expected?, found?);
    let show = |value: Option<&String>| value.map_or("nothing".to_owned(), String::clone);
    let keys = expected
        .keys()
        .chain(found.keys().filter(|k| !expected.contains_key(*k)));
    let all = keys
        .filter(|key| expected.get(*key) != found.get(*key))
        .map(|key| {
            let (was, is) = (show(expected.get(key)), show(found.get(key)));
            format!("key `{key}`: expected {was}, found {is}")
        });
    list(all.collect())
}

/// The samples of two lists that differ, each line `SPLIT\tSAMPLE\tDIGEST`.
pub(crate) fn of_samples(expected: &str, found: &str) -> Option<String> {
    let [expected, found] = [expected, found].map(|text| {
        text.lines()
            .filter_map(|line| line.rsplit_once('\t'))
            .collect::<BTreeMap<_, _>>()
    });
    let name = |line: &str| line.replacen('\t', " sample `", 1) + "`";
    let mut all = Vec::new();
    for (line, digest) in &expected {
        match found.get(line) {
            None => all.push(format!("{} is gone", name(line))),
            Some(other) if other != digest => all.push(format!(
                "{}: its image, label, box, mask or depth is another",
                name(line)
            )),
            Some(_) => {}
        }
    }
    let new = found.keys().filter(|line| !expected.contains_key(*line));
    all.extend(new.map(|line| format!("{} is new", name(line))));
    list(all)
}

fn list(all: Vec<String>) -> Option<String> {
    let more = all.len().saturating_sub(LISTED);
    let mut text = all.into_iter().take(LISTED).collect::<Vec<_>>().join("; ");
    if more > 0 {
        text += &format!("; and {more} more");
    }
    (!text.is_empty()).then_some(text)
}

fn flatten(prefix: &str, table: &Table, keys: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let path = match prefix {
            "" => key.clone(),
            _ => format!("{prefix}.{key}"),
        };
        match value {
            Value::Table(table) => flatten(&path, table, keys),
            value => drop(keys.insert(path, value.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_with_both_values() {
        let text = of_configs(
            "seed = 1\n[train]\nsteps = 6\n[optimizer]\nlr = 0.001\n",
            "seed = 1\n[train]\nsteps = 7\nbatch_size = 2\n[optimizer]\nlr = 0.001\n",
        );
        assert_eq!(
            text.as_deref(),
            Some(
                "key `train.steps`: expected 6, found 7; key `train.batch_size`: expected nothing, found 2"
            )
        );
        assert_eq!(of_configs("a = 1", "a = 1 # same"), None);
        assert_eq!(of_configs("a = ", "a = 1"), None);
    }

    #[test]
    fn samples_are_named_by_what_became_of_them() {
        let expected = "train\ta/1\t00\ntrain\ta/2\t01\ndev\tb/1\t02\n";
        let found = "train\ta/1\t00\ntrain\ta/2\t09\ndev\tb/2\t02\n";
        assert_eq!(
            of_samples(expected, found).as_deref(),
            Some(
                "dev sample `b/1` is gone; train sample `a/2`: its image, label, box, mask or depth is another; dev sample `b/2` is new"
            )
        );
        assert_eq!(of_samples(expected, expected), None);
        let many: String = (0..9).map(|i| format!("train\t{i}\t0\n")).collect();
        assert!(of_samples(&many, "").unwrap().ends_with("; and 4 more"));
    }
}
