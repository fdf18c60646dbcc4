//! What the service shows: the model, the page and its files, and to which sites.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use common::{Running, client::ask, config};
use fasgard_serve::{ApiKey, ServeConfig};

#[test]
fn info_describes_the_model_without_paths() {
    let service = Running::tiny(config());
    let answer = ask(service.address, "GET", "/v1/info", &[], b"");
    let json = answer.json();
    assert_eq!(json["model"]["name"], "tiny");
    assert_eq!(json["model"]["rendered_only"], true);
    assert_eq!(json["model"]["scales"], serde_json::json!([4, 2]));
    assert_eq!(json["model"]["preprocess"]["size"], 32);
    assert_eq!(
        (&json["model"]["target"], &json["crop"]),
        (&"mask".into(), &"none".into())
    );
    assert!(
        json["notes"][0]
            .as_str()
            .unwrap()
            .contains("not for real faces")
    );
    assert!(json["in_browser"].is_null() && json["decision"]["support"].is_null());
    assert!(!answer.text().contains("somebody"), "{}", answer.text());
    service.join();
}

#[test]
fn files_have_their_kind_a_tag_and_headers_that_protect() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ort.wasm"), b"wasm").unwrap();
    let onnx = dir.path().join("m.onnx");
    std::fs::write(&onnx, b"onnx").unwrap();
    let face = dir.path().join("face.onnx");
    std::fs::write(&face, b"faces").unwrap();
    let service = Running::tiny(ServeConfig {
        page_assets: Some(dir.path().to_owned()),
        onnx: Some(onnx),
        face_onnx: Some(face),
        ..config()
    });
    let get =
        |path: &str, headers: &[(&str, &str)]| ask(service.address, "GET", path, headers, b"");
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/base.css", "text/css; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs.css", "text/css; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/assets/ort.wasm", "application/wasm"),
        ("/model.onnx", "application/octet-stream"),
        ("/face.onnx", "application/octet-stream"),
    ] {
        let answer = get(path, &[]);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, kind),
            "{path}"
        );
        assert!(!answer.body.is_empty(), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(
            answer
                .header("permissions-policy")
                .contains("camera=(self)")
        );
        let tag = answer.header("etag").to_owned();
        let again = get(path, &[("if-none-match", &tag)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(get(path, &[("if-none-match", "\"other\"")]).status, 200);
        let head = ask(service.address, "HEAD", path, &[], b"");
        assert_eq!(
            (head.status, head.header("etag")),
            (200, &tag[..]),
            "{path}"
        );
    }
    let info = get("/v1/info", &[]).json();
    assert_eq!(
        info["in_browser"]["assets"],
        serde_json::json!(["face.onnx", "m.onnx", "ort.wasm"])
    );
    assert_eq!(info["in_browser"]["bytes"], 4);
    let face = &info["in_browser"]["face"];
    // SHA-256 of "faces", by sha256sum.
    let digest = "e203120a667bd3ea059a5b6632b98580e28eba47bcea7ee27cc0fa63068f3acb";
    assert_eq!(
        face,
        &serde_json::json!({"model": "/face.onnx", "bytes": 5, "sha256": digest})
    );
    for path in [
        "/assets/none.js",
        "/assets/",
        "/page/app.js",
        "/index",
        "/v1",
        "/v1/",
    ] {
        assert_eq!(get(path, &[]).code(), "not-found", "{path}");
    }
    for (method, path) in [
        ("GET", "/v1/predict"),
        ("PUT", "/v1/info"),
        ("POST", "/app.js"),
        ("DELETE", "/"),
    ] {
        let answer = ask(service.address, method, path, &[], b"");
        assert_eq!(
            (answer.status, &answer.code()[..]),
            (405, "method-not-allowed"),
            "{method} {path}"
        );
    }
    let answer = ask(service.address, "GET", "/v1/predict", &[], b"");
    assert_eq!(answer.header("allow"), "POST");
    service.join();
    let bare = Running::tiny(ServeConfig {
        page: false,
        ..config()
    });
    for path in [
        "/",
        "/app.js",
        "/index.html",
        "/model.onnx",
        "/face.onnx",
        "/assets/ort.wasm",
    ] {
        assert_eq!(
            ask(bare.address, "GET", path, &[], b"").code(),
            "not-found",
            "{path}"
        );
    }
    bare.join();
}

#[test]
fn other_sites_may_ask_only_if_named() {
    let origin = [("origin", "https://app.example")];
    let closed = Running::tiny(config());
    let answer = ask(closed.address, "GET", "/healthz", &origin, b"");
    assert_eq!(answer.header("access-control-allow-origin"), "");
    closed.join();
    let open = Running::tiny(ServeConfig {
        cors_origins: vec!["https://app.example".into()],
        api_keys: vec![ApiKey::new("0123456789-abcdef")],
        ..config()
    });
    let answer = ask(open.address, "GET", "/healthz", &origin, b"");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://app.example"
    );
    let other = ask(
        open.address,
        "GET",
        "/healthz",
        &[("origin", "https://b.example")],
        b"",
    );
    assert_eq!(other.header("access-control-allow-origin"), "");
    // The question before the question has no key yet.
    let before = [
        origin[0],
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = ask(open.address, "OPTIONS", "/v1/predict", &before, b"");
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("access-control-allow-headers")
            .contains("authorization")
    );
    open.join();
}
