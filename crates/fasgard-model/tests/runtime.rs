//! Libraries that are not ONNX Runtime's, or not one that can be used: a message, no crash.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use fasgard_model::export::{Runtime, RuntimeError};

/// What every such library has: a table with the interface's getter and the version.
const BASE: &str = r#"
struct Base { const void *(*api)(unsigned); const char *(*version)(void); };
static const void *api(unsigned version) { (void)version; return 0; }
static const char *version(void) { return VERSION; }
static const struct Base base = { api, version };
const struct Base *OrtGetApiBase(void) { return &base; }
"#;

/// Compiles a shared library; Rust links with the same compiler.
fn library(folder: &Path, name: &str, source: &str, version: &str) -> PathBuf {
    let (code, path) = (folder.join(format!("{name}.c")), folder.join(name));
    fs::write(&code, source).unwrap();
    let done = Command::new("cc")
        .args([
            "-shared",
            "-fPIC",
            &format!("-DVERSION=\"{version}\""),
            "-o",
        ])
        .arg(&path)
        .arg(&code)
        .status()
        .unwrap();
    assert!(done.success());
    path
}

fn message(path: &Path) -> String {
    let error = Runtime::open(path).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&*path.to_string_lossy()), "{message}");
    message
}

#[cfg(unix)]
fn what_is_no_library_is_refused_before_it_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libonnxruntime.so");
    assert!(message(&path).contains("cannot be read"));
    for content in [&b""[..], b"EL", b"#!/bin/sh\nexit 1\n"] {
        fs::write(&path, content).unwrap();
        let message = message(&path);
        assert!(message.contains("no shared library"), "{message}");
        assert!(message.contains("pip install onnxruntime"), "{message}");
    }
    // The right start and nothing behind it: the loader says so.
    fs::write(&path, b"\x7fELF and more").unwrap();
    assert!(message(&path).contains("cannot be loaded"));
    assert!(matches!(
        Runtime::open(dir.path()),
        Err(RuntimeError::Unusable { .. })
    ));
}

/// In one test, in this order: the last one stays in the process.
#[cfg(unix)]
fn other_libraries_and_versions_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let other = library(
        dir.path(),
        "libother.so",
        "int answer(void) { return 42; }\n",
        "",
    );
    assert!(message(&other).contains("no function `OrtGetApiBase`"));

    let old = library(dir.path(), "libold.so", BASE, "1.3.0");
    let text = message(&old);
    assert!(text.contains("or later, found 1.3.0"), "{text}");
    assert!(text.contains("--upgrade onnxruntime"), "{text}");

    // Says that it is new enough, and gives no interface.
    let hollow = library(dir.path(), "libhollow.so", BASE, "1.99.0");
    let text = message(&hollow);
    assert!(
        text.contains("does not answer as ONNX Runtime does"),
        "{text}"
    );
}

#[test]
#[cfg(unix)]
fn libraries_that_cannot_be_used_are_named() {
    what_is_no_library_is_refused_before_it_is_loaded();
    other_libraries_and_versions_are_named();
}
