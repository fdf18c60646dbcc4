//! The web page looks for faces in JavaScript (`crates/fasgard-serve/page/detect.js`). What this crate
//! makes of raw outputs is kept in `tools/page/test/face.json`, with which the page's own tests
//! compare; this test holds the file to the crate.

use fasgard_face::detect::{CONTRACT, Detection, anchors, choose, faces, level};
use fasgard_image::FaceBox;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tools/page/test/face.json"
);

/// Anchors that answer: number, logit, `[dx, dy, w, h]` in pixels of the input.
type Answering = (usize, f32, [f32; 4]);

/// Raw outputs of the network where every other anchor finds nothing.
fn raw(answers: &[Answering]) -> (Vec<f32>, Vec<f32>) {
    let (mut boxes, mut logits) = (vec![0.0; 896 * 16], vec![-12.5; 896]);
    for (anchor, logit, first) in answers {
        logits[*anchor] = *logit;
        let values = &mut boxes[anchor * 16..][..16];
        values[..4].copy_from_slice(first);
        for (i, value) in values.iter_mut().enumerate().skip(4) {
            *value = (i as f32 - 9.0) * 1.7 + first[i % 2];
        }
    }
    (boxes, logits)
}

fn numbers(values: impl IntoIterator<Item = f32>) -> String {
    let text = |v: f32| match v.is_finite() {
        true => format!("{v:?}"),
        // JSON has no such numbers.
        false => format!("\"{v}\""),
    };
    let all: Vec<String> = values.into_iter().map(text).collect();
    format!("[{}]", all.join(", "))
}

fn place(b: FaceBox) -> String {
    numbers([b.x, b.y, b.w, b.h])
}

fn cases() -> String {
    let whole = FaceBox::whole(640, 480).square(1.0);
    let wide = FaceBox::whole(301, 700).square(1.5);
    let none = |what: f32| (300, 4.0, [what, 0.0, 20.0, 20.0]);
    let cases: [(&str, FaceBox, Vec<Answering>); 9] = [
        ("nothing", whole, vec![]),
        ("one", whole, vec![(200, 2.25, [1.5, -3.25, 41.0, 43.5])]),
        (
            "neighbours of one face",
            wide,
            vec![
                (610, 1.125, [2.0, 1.0, 60.0, 62.0]),
                (611, 3.5, [1.0, 2.5, 61.0, 60.5]),
                (616, 0.75, [-14.0, 2.0, 59.0, 61.0]),
            ],
        ),
        (
            "two faces, the worse first",
            whole,
            vec![
                (40, 0.5, [0.0, 0.0, 20.0, 21.0]),
                (460, 6.0, [2.0, 2.0, 30.0, 31.0]),
            ],
        ),
        (
            "equal scores keep their order",
            whole,
            vec![
                (30, 1.0, [0.0, 0.0, 12.0, 12.0]),
                (480, 1.0, [0.0, 0.0, 14.0, 12.0]),
            ],
        ),
        (
            "on the threshold and just above",
            whole,
            vec![
                (100, 0.0, [0.0, 0.0, 20.0, 20.0]),
                (480, 0.001, [0.0, 0.0, 20.0, 20.0]),
            ],
        ),
        (
            "no box",
            whole,
            vec![
                (100, 5.0, [0.0, 0.0, 0.0, 20.0]),
                (200, 5.0, [0.0, 0.0, 20.0, -1.0]),
                (250, f32::NAN, [0.0, 0.0, 20.0, 20.0]),
                none(f32::NAN),
            ],
        ),
        (
            "infinite",
            whole,
            vec![
                none(f32::INFINITY),
                (400, f32::INFINITY, [0.0, 0.0, 9.0, 9.0]),
            ],
        ),
        (
            "outside the image",
            wide,
            vec![
                (512, 3.0, [-30.0, -20.0, 70.0, 70.0]),
                (895, 2.0, [20.0, 10.0, 50.0, 50.0]),
            ],
        ),
    ];
    let line = |(name, canvas, answers): &(&str, FaceBox, Vec<Answering>)| {
        let (boxes, logits) = raw(answers);
        let found = faces(&boxes, &logits, *canvas);
        let answers = answers.iter().map(|(anchor, logit, _)| {
            let values = boxes[anchor * 16..][..16].iter().copied();
            numbers([*anchor as f32, *logit].into_iter().chain(values))
        });
        let found = found.iter().map(|d| {
            let points = numbers(d.keypoints.iter().flatten().copied());
            format!(
                r#"{{"face": {}, "score": {:?}, "keypoints": {points}}}"#,
                place(d.face),
                d.score
            )
        });
        format!(
            r#"  {{"name": "{name}", "canvas": {}, "answers": [{}], "faces": [{}]}}"#,
            place(*canvas),
            answers.collect::<Vec<_>>().join(", "),
            found.collect::<Vec<_>>().join(", ")
        )
    };
    cases.iter().map(line).collect::<Vec<_>>().join(",\n")
}

fn canvases() -> String {
    let line = |(width, height): (u32, u32)| {
        let squares = CONTRACT
            .canvases
            .map(|c| place(FaceBox::whole(width, height).square(c)));
        format!(
            r#"  {{"size": [{width}, {height}], "canvases": [{}]}}"#,
            squares.join(", ")
        )
    };
    [(640, 480), (479, 641), (33, 1000)].map(line).join(",\n")
}

fn choices() -> String {
    let face = |[x, y, w, h]: [f32; 4]| Detection {
        face: FaceBox { x, y, w, h },
        score: 0.75,
        keypoints: [[0.0; 2]; 6],
    };
    let some = [
        [0.0, 0.0, 10.0, 12.0],
        [100.0, 0.0, 30.0, 28.0],
        [4.0, 0.0, 12.0, 10.0],
        [100.0, 90.0, 28.0, 30.0],
    ];
    type Case<'a> = (&'a [[f32; 4]], Option<[f32; 4]>);
    let cases: [Case<'_>; 8] = [
        (&[], None),
        (&[], Some(some[0])),
        (&some, None),
        (&some, Some(some[0])),
        (&some, Some([300.0, 0.0, 5.0, 5.0])),
        (&some, Some([100.0, 85.0, 20.0, 31.0])),
        (&some[..3], Some([16.0, 0.0, 12.0, 10.0])),
        (&some[2..3], Some([17.0, 0.0, 12.0, 10.0])),
    ];
    let line = |(boxes, previous): (&[[f32; 4]], Option<[f32; 4]>)| {
        let all: Vec<Detection> = boxes.iter().copied().map(face).collect();
        let chosen = choose(&all, previous.map(|p| face(p).face));
        let index = chosen.and_then(|c| all.iter().position(|d| std::ptr::eq(c, d)));
        format!(
            r#"  {{"boxes": {boxes:?}, "previous": {}, "chosen": {}}}"#,
            previous.map_or("null".into(), |p| format!("{p:?}")),
            index.map_or("null".into(), |i| i.to_string()),
        )
    };
    cases.map(line).join(",\n")
}

#[test]
fn the_page_is_tested_with_this_crate_s_own_numbers() {
    let c = CONTRACT;
    let contract = format!(
        r#"{{"side": {}, "threshold": {:?}, "overlap": {:?}, "canvases": {:?}, "grids": {:?}}}"#,
        c.side,
        c.threshold,
        c.overlap,
        c.canvases,
        c.grids.map(|(cells, each)| [usize::from(cells), each]),
    );
    let all = anchors();
    let some = [0, 1, 31, 32, 511, 512, 517, 518, 895].map(|i| format!("[{i}, {:?}]", all[i]));
    let levels = (0..=255).map(level);
    let expected = format!(
        "{{\n\"contract\": {contract},\n\"anchors\": [{}],\n\"levels\": {},\n\"canvases\": [\n{}\n],\n\"cases\": [\n{}\n],\n\"choices\": [\n{}\n]\n}}\n",
        some.join(", "),
        numbers(levels),
        canvases(),
        cases(),
        choices(),
    );
    if std::env::var_os("FASGARD_WRITE_FIXTURES").is_some() {
        std::fs::write(FILE, &expected).expect("the fixture is written");
    }
    let found = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        found == expected,
        "tools/page/test/face.json does not hold what this crate computes; write it anew with \
         FASGARD_WRITE_FIXTURES=1 cargo test -p fasgard-face --test page, then make the page's \
         detect.js follow (node --test tools/page/test)"
    );
}
