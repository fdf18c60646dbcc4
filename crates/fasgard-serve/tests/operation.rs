//! What `docs/serve` has for operators: `tools/serve/check.sh` against a service with a tiny model.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use std::process::Command;

use common::{Running, config, png};

const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tools/serve/check.sh");
/// What the script ends with where a tool is missing.
const MISSING: i32 = 77;

#[test]
#[ignore = "takes nginx and promtool from Debian's packages where they are not installed"]
fn the_files_for_operators_hold() {
    let dir = tempfile::tempdir().unwrap();
    let photo = dir.path().join("photo.png");
    std::fs::write(&photo, png(1)).unwrap();
    let service = Running::tiny(config());
    let status = Command::new(CHECK)
        .arg(&photo)
        .env("FASGARD_URL", format!("http://{}", service.address))
        .status()
        .unwrap();
    match status.code() {
        Some(MISSING) => println!("*** SKIPPED: not all of docs/serve is checked, see above"),
        code => assert_eq!(code, Some(0), "see above"),
    }
    service.join();
}
