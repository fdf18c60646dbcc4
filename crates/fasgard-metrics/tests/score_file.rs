//! Score files: what is written reads back, what is malformed is named.

mod common;

use common::{of_rows, row};
use fasgard_metrics::{RowError, ScoreFile, ScoreFileError, ScoreTable, Split, Status};

const HEADER: &str = "dataset,split,subject,video,frame,label,species,score";

#[test]
fn round_trip_is_exact() {
    let scores = [0.1 + 0.2, 1.0 - f64::EPSILON / 2.0, 5e-324, -1e300, 0.0];
    let mut rows: Vec<_> = scores
        .iter()
        .enumerate()
        .map(|(i, s)| row(i, "live", Some(*s)))
        .collect();
    rows[0].logit = Some(std::f64::consts::PI * 1e-20);
    rows[0].video = "a, \"b\" é".to_owned();
    rows[0].frame = Some(u32::MAX);
    rows[0].split = Some(Split::Dev);
    rows[0].attributes.insert("light", "a,b").unwrap();
    rows.push(row(9, "mask/upper-body", None));
    rows[5].status = Status::Error("unreadable".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, "old").unwrap();
    let sha256 = ScoreFile::write(&path, &rows).unwrap();
    let file = ScoreFile::read(&path).unwrap();
    assert_eq!(file.rows, rows);
    assert_eq!((file.sha256, file.path), (sha256, path));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn hash_is_sha256() {
    let bytes = format!("{HEADER}\nd,,,,,live,,1\n");
    let file = ScoreFile::parse("x", bytes.as_bytes()).unwrap();
    assert_eq!(file.sha256.len(), 64);
    assert_ne!(
        file.sha256,
        ScoreFile::parse("x", bytes.replace(",1", ",2").as_bytes())
            .unwrap()
            .sha256
    );
}

#[test]
fn foreign_files_may_lack_columns() {
    let text =
        format!("\u{feff}{HEADER},extra\r\nd,test,1,v,0,live,,0.5,x\r\nd,test,1,w,0,attack,,-0,x");
    let file = ScoreFile::parse("f.csv", text.as_bytes()).unwrap();
    assert_eq!(file.rows.len(), 2);
    assert_eq!(file.ignored_columns, ["extra"]);
    assert_eq!(file.rows[0].status, Status::Ok);
    assert_eq!(file.rows[1].sample, "line-3");
    assert_eq!(
        file.rows[1].species.as_ref().unwrap().as_str(),
        "attack/unknown"
    );
    assert!(file.rows[1].score.unwrap().is_sign_positive());
    assert_eq!(file.split(), Some(Split::Test));
}

#[test]
fn malformed_files_are_named() {
    let full =
        "sample,dataset,split,subject,video,frame,label,species,attributes,score,logit,status";
    let with = |rows: &str| format!("{full}\na,d,dev,1,v,0,live,,,0.5,,ok\n{rows}");
    let long = "x".repeat(5000);
    for (text, parts) in [
        (String::new(), &["line 1", "missing columns", "dataset"][..]),
        (
            "a,b\n1,2\n".to_owned(),
            &["missing columns", "label", "`a,b`"],
        ),
        (format!("{full},score\n"), &["`score` occurs twice"]),
        (format!("{full}\n"), &["no rows"]),
        (with("b,d\n"), &["line 3", "expected 12 fields", "found 2"]),
        (
            with("b,d,eval,1,v,1,live,,,0.5,,ok\n"),
            &["line 3", "`split`", "`eval`"],
        ),
        (
            with("b,d,dev,1,v,-1,live,,,0.5,,ok\n"),
            &["line 3", "`frame`", "`-1`"],
        ),
        (
            with("b,d,dev,1,v,1,real,,,0.5,,ok\n"),
            &["line 3", "`label`", "`real`"],
        ),
        (
            with("b,d,dev,1,v,1,attack,Print,,0.5,,ok\n"),
            &["line 3", "`species`", "`Print`"],
        ),
        (
            with("b,d,dev,1,v,1,live,print/1,,0.5,,ok\n"),
            &["line 3", "`species`", "no species"],
        ),
        (
            with("b,d,dev,1,v,1,live,,x,0.5,,ok\n"),
            &["line 3", "`attributes`", "`x`"],
        ),
        (
            with("b,d,dev,1,v,1,live,,,nan,,ok\n"),
            &["line 3", "`score`", "finite", "`NaN`"],
        ),
        (
            with("b,d,dev,1,v,1,live,,,1e999,,ok\n"),
            &["line 3", "`score`", "`inf`"],
        ),
        (
            with("b,d,dev,1,v,1,live,,,0.5,inf,ok\n"),
            &["line 3", "`logit`"],
        ),
        (
            with("b,d,dev,1,v,1,live,,,,,ok\n"),
            &["line 3", "`score`", "nothing"],
        ),
        (
            with("b,d,dev,1,v,1,live,,,,,\n"),
            &["line 3", "`score`", "nothing"],
        ),
        (
            with("b,d,dev,1,v,1,live,,,0.5,,no-face\n"),
            &["line 3", "`score`", "no-face"],
        ),
        (
            with("b,d,dev,1,v,1,live,,,,,bad\n"),
            &["line 3", "`status`", "`bad`"],
        ),
        (
            with(",d,dev,1,v,1,live,,,0.5,,ok\n"),
            &["line 3", "`sample`", "nothing"],
        ),
        (
            with("a,d,test,1,v,1,live,,,0.5,,ok\n"),
            &["`a`", "line 2", "line 3"],
        ),
        (
            with(&format!("{long},d,dev,1,v,1,live,,,0.5,,ok\n")),
            &["line 3", "`sample`", "4096"],
        ),
        (
            with("\"b\nc\",d,dev,1,v,1,live,,,0.5,,ok\n"),
            &["line 3", "control characters"],
        ),
        (
            with("\"b,d,dev,1,v,1,live,,,0.5,,ok\nc,d\n"),
            &["line 3", "found 1"],
        ),
    ] {
        let error = ScoreFile::parse("bad.csv", text.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(error.contains("bad.csv"), "{error}");
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
        assert!(error.len() < 600, "{error}");
    }
}

#[test]
fn lines_are_counted_however_they_end() {
    for (text, line) in [
        ("H\nd,,,,,live,,1\nd,,,,,live,,x\n", 3),
        ("H\r\nd,,,,,live,,1\r\nd,,,,,live,,x", 3),
        ("H\n\nd,,,,,live,,1\n\n\nd,,,,,live,,x\n", 6),
        ("\u{feff}H\r\n\r\nd,,,,,live,,1\r\nd,,,,,live,,x\r\n", 4),
        ("H\nd,,,,,live,,\"1\"\nd,,\"\",,,live,,x\n", 3),
    ] {
        let text = text.replace('H', HEADER);
        let error = ScoreFile::parse("f", text.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("line {line}:")),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let mut bytes = format!("{HEADER}\n").into_bytes();
    bytes.extend(b"d,,,\xff,,live,,1\n");
    let error = ScoreFile::parse("b.csv", &bytes).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("UTF-8") && error.contains("line 2"),
        "{error}"
    );
}

#[test]
fn without_samples_frames_count_once() {
    let text = format!("{HEADER}\nd,,,v,3,live,,1\nd,,,v,3,live,,1\n");
    let error = ScoreFile::parse("f", text.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("frame 3 of video `v`") && error.contains("line 3"),
        "{error}"
    );
}

#[test]
fn writing_refuses_what_reading_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.csv");
    std::fs::write(&path, "kept").unwrap();
    for bad in [row(0, "live", Some(f64::NAN)), {
        let mut row = row(0, "print/1", Some(0.5));
        row.species = None;
        row
    }] {
        let error = ScoreFile::write(&path, &[bad]).unwrap_err();
        let field = matches!(
            &error,
            ScoreFileError::Row {
                line: 2,
                source: RowError::Field { .. },
                ..
            }
        );
        assert!(field, "{error}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept");
    let missing = folder.path().join("no/such/s.csv");
    assert!(ScoreFile::write(&missing, &[row(0, "live", Some(1.0))]).is_err());
    assert!(matches!(
        ScoreFile::read(&missing),
        Err(ScoreFileError::Io { .. })
    ));
    assert_eq!(of_rows("x", &[row(0, "live", Some(1.0))]).rows.len(), 1);
}

/// More than one block of the reader.
fn long(last: &str) -> String {
    let mut text = format!("sample,{HEADER}\r\n");
    for i in 0..120_000 {
        let quote = if i % 1000 == 7 { "\"" } else { "" };
        let (label, species) = [("live", ""), ("attack", "print/1")][i % 2];
        let video = i / 20;
        text += &format!(
            "sample-{i},{quote}d{quote},test,s{},v{video},{},{label},{species},0.{i}\r\n",
            video / 9,
            i % 20
        );
        // Empty lines are no rows, but lines.
        if i % 50_000 == 49_999 {
            text += "\r\n\n";
        }
    }
    text + last
}

#[test]
fn long_files_are_read_in_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.csv");
    std::fs::write(&path, long("")).unwrap();
    let table = ScoreTable::read(&path).unwrap();
    let file = ScoreFile::read(&path).unwrap();
    assert_eq!((table.len(), file.rows.len()), (120_000, 120_000));
    assert_eq!(table.sha256, file.sha256);
    for i in [0, 1, 7, 49_999, 50_000, 77_777, 119_999] {
        let row = table.row(i);
        assert_eq!(row, file.rows[i]);
        assert_eq!(
            (row.sample, row.video, row.score),
            (
                format!("sample-{i}"),
                format!("v{}", i / 20),
                format!("0.{i}").parse().ok()
            )
        );
    }
    // 120,000 rows, four empty lines and the header come before.
    for (last, line) in [
        ("x,d,test,,,,live,,high\n", "line 120006"),
        (
            "sample-3,d,test,,,,live,,1\n",
            "line 5 and again in line 120006",
        ),
        ("x,d,test,\"open,,,live,,1\n", "line 120006"),
    ] {
        std::fs::write(&path, long(last)).unwrap();
        let error = ScoreTable::read(&path).unwrap_err().to_string();
        assert!(error.contains(line), "{last}: {error}");
    }
}

#[test]
fn a_quote_left_open_does_not_swallow_the_memory() {
    let text = format!(
        "{HEADER}\nd,test,\"open,,,live,,1\n{}",
        "x,\n".repeat(15 << 20)
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("open.csv");
    std::fs::write(&path, &text).unwrap();
    for result in [
        ScoreFile::read(&path),
        ScoreFile::parse(&path, text.as_bytes()),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("quote left open"), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_the_bytes_nothing_panics_and_what_is_read_is_written_alike(
        rows in "([ab,\"\r\n;=\t0-9.é]|live|attack|print/1|ok|,){0,60}",
        cut in 0usize..40,
    ) {
        let bytes = format!("{HEADER}\n{rows}").into_bytes();
        let _ = ScoreFile::parse("x", &bytes[cut..]);
        if let Ok(file) = ScoreFile::parse("x", &bytes) {
            let again = ScoreFile::parse("x", &ScoreFile::to_csv(&file.rows).unwrap()).unwrap();
            proptest::prop_assert_eq!(again.rows, file.rows);
        }
    }
}
