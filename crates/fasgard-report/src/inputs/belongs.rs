//! Whether the files of a run belong together.

use super::{FileNote, Run};
use crate::evaluation::ScoresUsed;

/// What speaks against it, in sentences; none if nothing does.
pub(super) fn doubts(run: &Run) -> Vec<String> {
    let mut doubts = Vec::new();
    let hash = |role: &str| {
        let note: Option<&FileNote> = run.files.iter().find(|f| f.role == role);
        note.and_then(|n| n.found.as_ref()).map(|f| f.1.as_str())
    };
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let Some(evaluation) = &run.evaluation else {
        return doubts;
    };
    let (dev, test) = (&evaluation.files.dev, &evaluation.files.test);
    for (role, name, used) in [
        ("test scores", "scores-test.csv", test.as_ref()),
        ("dev scores", "scores-dev.csv", dev.as_ref()),
    ] {
        let used = used.map(|u| u.sha256.as_str()).filter(|u| !u.is_empty());
        if let (Some(used), Some(found)) = (used, hash(role))
            && used != found
        {
            doubts.push(format!(
                "evaluation.json is of other scores than the {name} beside it (SHA-256 {} evaluated, {} found): evaluate again",
                short(used),
                short(found)
            ));
        }
    }
    if let Some(card) = &run.card {
        for (name, used) in [("test", test), ("dev", dev)] {
            let origin = used.as_ref().and_then(|u: &ScoresUsed| u.origin.as_ref());
            if let Some(origin) = origin
                && origin.weights_sha256 != card.weights_sha256
            {
                doubts.push(format!(
                    "the {name} scores were made by other weights than those of the model beside them (weights {} scored, {} found): score again",
                    short(&origin.weights_sha256),
                    short(&card.weights_sha256)
                ));
            }
        }
    }
    doubts
}
