//! What the service answers to images: verdicts, refusals, keys, counts.

#![allow(clippy::unwrap_used)] // in helpers: a panic is a failed test

mod common;

use common::{
    Running, assert_same,
    client::{Answer, ask},
    config, jpeg, model, picture, png, predictor, until,
};
use fasgard_serve::{Answers, ApiKey, Code, ServeConfig, Service};

const PNG: &[(&str, &str)] = &[("content-type", "image/png")];

fn form(parts: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, kind, bytes) in parts {
        let head = format!(
            "--xyz\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a\"\r\ncontent-type: {kind}\r\n\r\n"
        );
        body.extend(head.bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--xyz--\r\n");
    body
}

fn post_form(service: &Running, parts: &[(&str, &str, &[u8])]) -> Answer {
    let kind = [("content-type", "multipart/form-data; boundary=xyz")];
    ask(service.address, "POST", "/v1/predict", &kind, &form(parts))
}

#[test]
fn an_image_gets_the_predictors_own_answer() {
    let predictor = predictor(&model(32, 0.125));
    let service = Running::tiny(config());
    let mut verdicts = std::collections::BTreeSet::new();
    for seed in 0..16 {
        let expected = predictor.image(&picture(seed), None);
        let answer = ask(service.address, "POST", "/v1/predict", PNG, &png(seed));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json = answer.json();
        assert_eq!(json["verdict"], expected.verdict.as_str());
        assert_same(&json["score"], expected.score);
        assert_same(&json["threshold"], Some(predictor.threshold().value));
        assert_eq!(json["maps"].as_array().unwrap().len(), 2);
        let sides: Vec<_> = expected.maps.iter().map(|m| m.side).collect();
        for (i, side) in sides.into_iter().enumerate() {
            assert_eq!(json["maps"][i]["side"], side);
            let values = json["maps"][i]["values"].as_array().unwrap();
            assert_eq!(values.len(), side * side);
            assert_eq!(
                values[0].as_f64().unwrap() as f32,
                expected.maps[i].values[0]
            );
        }
        assert_eq!(
            json["region"],
            serde_json::json!({"x": 5.0, "y": 0.0, "w": 40.0, "h": 40.0})
        );
        assert_eq!(
            json["image"],
            serde_json::json!({"width": 50, "height": 40})
        );
        assert_eq!(json["request_id"], answer.header("x-request-id"));
        assert_eq!(answer.header("cache-control"), "no-store");
        verdicts.insert(json["verdict"].to_string());
        let in_form = post_form(&service, &[("image", "image/png", &png(seed))]);
        assert_eq!(in_form.json()["score"], json["score"]);
    }
    assert_eq!(verdicts.len(), 2, "{verdicts:?}");
    service.join();
}

#[test]
fn coarse_answers_say_the_verdict_only() {
    let service = Running::tiny(ServeConfig {
        answers: Answers::Coarse,
        ..config()
    });
    let json = ask(service.address, "POST", "/v1/predict", PNG, &png(1)).json();
    let keys: Vec<_> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["reason", "request_id", "verdict"]);
    let info = ask(service.address, "GET", "/v1/info", &[], b"").json();
    assert!(info["decision"].is_null() && info["answers"] == "coarse");
    service.join();
}

#[test]
fn refusals_are_problem_documents_with_their_code() {
    let service = Running::tiny(ServeConfig {
        max_bytes: 100_000,
        max_pixels: 10_000,
        ..config()
    });
    let png = png(1);
    let jpeg = jpeg(1);
    let large = vec![0; 100_001];
    let mut damaged = png.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xFF;
    let cases: Vec<(&str, &[u8], &str)> = vec![
        ("image/png", b"", "empty"),
        ("image/png", b"<html>no image</html>", "not-an-image"),
        (
            "image/png",
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
            "not-an-image",
        ),
        ("image/png", &jpeg, "type-mismatch"),
        ("image/jpeg", &png, "type-mismatch"),
        ("text/html", &png, "media-type"),
        ("image/png", &png[..png.len() - 9], "truncated"),
        ("image/jpeg", &jpeg[..jpeg.len() - 9], "truncated"),
        ("image/png", &damaged, "malformed"),
        ("image/png", &large, "too-large"),
        ("multipart/form-data", &png, "form"),
        ("multipart/form-data; boundary=xyz", &png, "body-broken"),
    ];
    for (kind, body, code) in cases {
        let answer = ask(
            service.address,
            "POST",
            "/v1/predict",
            &[("content-type", kind)],
            body,
        );
        let expected = Code::ALL.iter().find(|c| c.as_str() == code).unwrap();
        assert_eq!(answer.code(), code, "{kind}: {}", answer.text());
        let json = answer.json();
        assert_eq!(json["status"], expected.status().as_u16());
        assert_eq!(answer.status, expected.status().as_u16());
        assert_eq!(json["type"], format!("/docs#{code}"));
        assert_eq!(json["title"], expected.title());
        assert_eq!(json["request_id"], answer.header("x-request-id"));
        assert!(!json["detail"].as_str().unwrap().is_empty());
    }
    let wide = fasgard_image::encode_png(&fasgard_image::RgbImage::new(101, 100)).unwrap();
    let answer = ask(service.address, "POST", "/v1/predict", PNG, &wide);
    assert_eq!(answer.code(), "too-many-pixels");
    assert!(answer.text().contains("101 x 100"), "{}", answer.text());
    for parts in [
        &[("picture", "image/png", &png[..])][..],
        &[("image", "image/png", &png), ("image", "image/png", &png)],
        &[("image", "image/png", &png), ("more", "text/plain", b"x")],
        &[],
    ] {
        assert_eq!(post_form(&service, parts).code(), "form");
    }
    let answer = post_form(&service, &[("image", "image/jpeg", &png)]);
    assert_eq!(answer.code(), "type-mismatch");
    // The form itself may be a little larger than the image may be, the image not.
    let answer = post_form(&service, &[("image", "image/png", &large)]);
    assert_eq!(answer.code(), "too-large");
    service.join();
}

#[test]
fn without_a_model_there_is_never_a_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let service = Service::new(ServeConfig {
        model: Some(path.clone()),
        ..config()
    })
    .unwrap();
    let service = Running::start(service);
    let codes =
        || ["/readyz", "/v1/info"].map(|path| ask(service.address, "GET", path, &[], b"").code());
    assert_eq!(codes(), ["model-loading", "model-loading"]);
    let _failure = service.service.load().unwrap();
    until("the missing model is noticed", || {
        codes()[0] == "model-missing"
    });
    let answer = ask(service.address, "POST", "/v1/predict", PNG, &png(1));
    assert_eq!((answer.status, &answer.code()[..]), (503, "model-missing"));
    assert_eq!(answer.header("retry-after"), "10");
    assert!(!answer.text().contains("safetensors"), "{}", answer.text());
    let session = ask(service.address, "POST", "/v1/sessions", &[], b"");
    assert_eq!(session.code(), "model-missing");
    assert_eq!(
        ask(service.address, "GET", "/healthz", &[], b"").status,
        200
    );
    // It comes later: from then on there are answers.
    model(32, 0.125).write(&path).unwrap();
    until("the model is found", || service.service.is_ready());
    assert_eq!(ask(service.address, "GET", "/readyz", &[], b"").status, 200);
    assert_eq!(
        ask(service.address, "POST", "/v1/predict", PNG, &png(1)).status,
        200
    );
    service.join();
}

#[test]
fn keys_close_what_judges_and_counts() {
    let service = Running::tiny(ServeConfig {
        api_keys: vec![
            ApiKey::new("0123456789-abcdef"),
            ApiKey::new("another-key-0123456789"),
        ],
        ..config()
    });
    let code = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let answer = ask(service.address, method, path, headers, b"");
        (answer.status, answer.code())
    };
    let wrong = [("authorization", "Bearer 0123456789-abcdee")];
    for (method, path) in [
        ("POST", "/v1/predict"),
        ("POST", "/v1/sessions"),
        ("POST", "/v1/sessions/0/verdict"),
        ("GET", "/v1/info"),
        ("GET", "/metrics"),
        ("GET", "/model.onnx"),
        ("GET", "/face.onnx"),
    ] {
        assert_eq!(
            code(method, path, &[]),
            (401, "key-missing".into()),
            "{path}"
        );
        assert_eq!(
            code(method, path, &wrong),
            (401, "key-wrong".into()),
            "{path}"
        );
    }
    for path in ["/healthz", "/readyz", "/", "/docs", "/openapi.json"] {
        assert_eq!(code("GET", path, &[]).0, 200, "{path}");
    }
    for header in [
        ("authorization", "Bearer 0123456789-abcdef"),
        ("x-api-key", "another-key-0123456789"),
    ] {
        let headers = [header, ("content-type", "image/png")];
        let answer = ask(service.address, "POST", "/v1/predict", &headers, &png(1));
        assert_eq!(answer.status, 200);
        assert_eq!(code("GET", "/metrics", &[header]).0, 200);
    }
    let answer = ask(service.address, "GET", "/v1/info", &[], b"");
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    service.join();
}

#[test]
fn requests_are_counted_by_route_status_code_and_verdict() {
    let service = Running::tiny(config());
    for seed in 0..4 {
        ask(service.address, "POST", "/v1/predict", PNG, &png(seed));
    }
    ask(service.address, "POST", "/v1/predict", PNG, b"");
    ask(service.address, "GET", "/nowhere/1", &[], b"");
    ask(service.address, "GET", "/nowhere/2", &[], b"");
    let id = ask(
        service.address,
        "GET",
        "/healthz",
        &[("x-request-id", "my-id.7")],
        b"",
    );
    assert_eq!(id.header("x-request-id"), "my-id.7");
    let text = ask(service.address, "GET", "/metrics", &[], b"").text();
    for line in [
        "fasgard_requests_total{route=\"/v1/predict\",status=\"200\"} 4",
        "fasgard_requests_total{route=\"/v1/predict\",status=\"400\"} 1",
        "fasgard_requests_total{route=\"other\",status=\"404\"} 2",
        "fasgard_refusals_total{code=\"empty\"} 1",
        "fasgard_score_count{kind=\"image\"} 4",
        "fasgard_queue_depth 0",
        "fasgard_held_bytes 0",
        "fasgard_model_ready 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let verdicts: u64 = text
        .lines()
        .filter(|line| line.starts_with("fasgard_verdicts_total{kind=\"image\""))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum();
    assert_eq!(verdicts, 4);
    service.join();
}
