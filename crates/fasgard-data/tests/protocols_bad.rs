//! Protocols that are wrong, and data that does not fit: what is said.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use fasgard_data::protocol::{Protocol, Rows};
use fasgard_data::{ManifestRow, RelativePath};
use fasgard_metrics::{Label, Split};

/// `subject split class`.
fn row(text: &str) -> ManifestRow {
    let [subject, split, class] = text.split(' ').collect::<Vec<_>>()[..] else {
        unreachable!("three words")
    };
    let species = (class != "live").then(|| class.parse().unwrap());
    let label = if class == "live" {
        Label::Live
    } else {
        Label::Attack
    };
    let image = RelativePath::new("a.png").unwrap();
    let mut row = ManifestRow::new("mine", text.replace(' ', "-"), label, species, image);
    row.subject = Some(subject.to_owned());
    row.split = match split {
        "none" => None,
        split => Some(split.parse().unwrap()),
    };
    row
}

fn people() -> Vec<ManifestRow> {
    let mut rows = Vec::new();
    for (split, subjects) in [
        ("train", ["1", "2"]),
        ("dev", ["3", "4"]),
        ("test", ["5", "6"]),
    ] {
        for subject in subjects {
            for class in ["live", "print/1", "replay/1"] {
                rows.push(row(&format!("{subject} {split} {class}")));
            }
        }
    }
    rows
}

const HEAD: &str = "schema = 1\nname = 'p'\n";
const FOLD: &str = "[[fold]]\nname = 'a'\ntrain = [{ official = ['train'] }]\ndev = [{ official = ['dev'] }]\ntest = [{ official = ['test'] }]\n";

fn outcome(text: &str, fold: &str, rows: &[ManifestRow]) -> String {
    let result = Protocol::parse("p.toml", text.as_bytes())
        .and_then(|p| p.fold_of(&Rows::new(rows, []), fold));
    match result {
        Ok(fold) => format!("ok: {}", fold.notes.join("; ")),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_wrong_is_named() {
    let rows = people();
    let generate = |keys: &str| format!("{HEAD}[generate]\n{keys}\n");
    let fold = |old: &str, new: &str| format!("{HEAD}{}", FOLD.replace(old, new));
    let cases: Vec<(String, &str, &[&str])> = vec![
        (format!("{HEAD}{FOLD}"), "a", &["ok: "]),
        (format!("{HEAD}colour = 1\n{FOLD}"), "a", &["p.toml", "line 3", "unknown field `colour`"]),
        (fold("official = ['dev']", "oficial = ['dev']"), "a", &["unknown field `oficial`"]),
        (format!("schema = 2\n{FOLD}"), "a", &["key `schema`: expected 1, found 2"]),
        (FOLD.to_owned(), "a", &["missing field `schema`"]),
        (HEAD.to_owned(), "a", &["expected [[fold]] tables or a [generate] table, found none"]),
        (format!("{HEAD}{FOLD}{FOLD}"), "a", &["fold `a`: expected every fold once"]),
        (format!("{HEAD}{FOLD}"), "b", &["expected one of the folds a, found `b`"]),
        (fold("'dev'", "'devel'"), "a", &["fold `a`: dev: key `official`: expected train, dev, test or none, found `devel`"]),
        (fold("official = ['test']", "subjects = ['6-5']"), "a", &["key `subjects`", "found `6-5`"]),
        (fold("official = ['test']", "classes = ['Print']"), "a", &["key `classes`", "found `Print`"]),
        (fold("official = ['test']", "classes = []"), "a", &["key `classes`: expected at least one value"]),
        (fold("train = [{ official = ['train'] }]", "train = []"), "a", &["fold `a`: key `train`: expected a rule, found none"]),
        (fold("official = ['test']", "dataset = ['other']"), "a", &["fold `a`: expected rows in split `test`, found none among 18 rows of `mine`", "--data"]),
        (fold("official = ['dev']", "official = ['dev'], classes = ['live']"), "a", &["expected live and attack rows in split `dev`, found 2 rows that are all live"]),
        (fold("official = ['dev']", "official = ['dev', 'test']"), "a", &["expected every row in one split, found sample `mine/5-test-live` in dev and test"]),
        (
            fold("official = ['train']", "subjects = ['1-3'], classes = ['live', 'print']")
                .replace("official = ['dev']", "official = ['dev'], classes = ['replay', 'live'], subjects = ['4']")
                .replace("official = ['test']", "subjects = ['3', '5'], classes = ['replay']"),
            "a",
            &["all attack"],
        ),
        (
            fold("official = ['train']", "subjects = ['1', '2', '5'], classes = ['live', 'print']")
                .replace("official = ['test']", "subjects = ['5', '6'], classes = ['replay'] }, { subjects = ['6'], classes = ['live']"),
            "a",
            &["expected no subject in two splits, found 1 in train and test, such as `5` of mine", "[[overlap]]"],
        ),
        (format!("{HEAD}[[expected]]\nfold = 'z'\n{FOLD}"), "a", &["key `expected.fold`", "found `z`"]),
        (format!("{HEAD}[[overlap]]\nsplits = ['dev', 'dev']\nwhy = ''\n{FOLD}"), "a", &["two different splits, found dev twice"]),
        (generate("kind = 'k-fold'"), "1", &["key `generate.folds`: expected 3 to 100, found none"]),
        (generate("kind = 'k-fold'\nfolds = 3"), "4", &["expected one of the folds 1, 2, 3, found `4`"]),
        (generate("kind = 'leave-one-species-out'\nfolds = 3"), "1", &["only with kind `k-fold`"]),
        (generate("kind = 'leave-one-dataset-out'"), "mine", &["expected at least two datasets to make folds of, found mine"]),
        (generate("kind = 'leave-one-species-out'\nby = 'kind'"), "1", &["unknown variant `kind`"]),
        (generate("kind = 'leave-one-species-out'\nonly = ['mask/3d']"), "mask/3d", &["in split `test`", "all live"]),
    ];
    for (text, name, parts) in cases {
        let message = outcome(&text, name, &rows);
        for part in parts {
            assert!(
                message.contains(part),
                "{text}\nexpected {part}\nfound {message}"
            );
        }
    }
}

#[test]
fn a_declared_overlap_is_a_note() {
    let rows = people();
    let text = format!(
        "{HEAD}[[overlap]]\nsplits = ['test', 'train']\nwhy = 'so it was released'\n{}",
        FOLD.replace(
            "official = ['train']",
            "subjects = ['1', '2', '5'], classes = ['live', 'print']"
        )
        .replace(
            "official = ['test']",
            "subjects = ['5', '6'], classes = ['replay'] }, { subjects = ['6'], classes = ['live']"
        )
    );
    let message = outcome(&text, "a", &rows);
    assert!(
        message.contains("declared: 1 subjects are in train and in test")
            && message.contains("so it was released"),
        "{message}"
    );
}

#[test]
fn families_and_drawn_people() {
    let rows = people();
    let text = format!(
        "{HEAD}[generate]\nkind = 'leave-one-species-out'\nby = 'family'\ntest_rows = 'drawn'\nseed = 3\n"
    );
    let protocol = Protocol::parse("p", text.as_bytes()).unwrap();
    let all = Rows::new(&rows, []);
    assert_eq!(protocol.folds_of(&all).unwrap(), ["print", "replay"]);
    let mut people = Vec::new();
    for name in ["print", "replay"] {
        let fold = protocol.fold_of(&all, name).unwrap();
        // One of six is test, of the five others one is dev; what is left out is nowhere else.
        let [train, dev, test] = &fold.counts;
        assert_eq!([train.live, dev.live, test.live], [4, 1, 1]);
        assert_eq!([train.attack, dev.attack, test.attack], [4, 1, 1]);
        assert_eq!(
            test.species.keys().collect::<Vec<_>>(),
            [&format!("{name}/1")]
        );
        assert_eq!(fold.unassigned, 6);
        let of_test = rows
            .iter()
            .find(|r| fold.split(&r.key()) == Some(Split::Test));
        people.push(of_test.unwrap().subject.clone());
    }
    assert_eq!(people[0], people[1], "the same people in every fold");
}
