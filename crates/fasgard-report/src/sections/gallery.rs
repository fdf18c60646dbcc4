//! The heat-map gallery: what each model saw where, models side by side.

use fasgard_image::Preprocess;
use fasgard_metrics::ScoreRow;

use super::{Context, missing};
use crate::{
    describe::is_binary,
    error::ReportError,
    gallery::{Group, Pick, Pictures, legend, select, tile},
    html::Html,
    inputs::Run,
    maps::{Map, MapTarget},
};

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    let untested: Vec<&Run> = ctx.runs.iter().filter(|r| r.test.is_none()).collect();
    missing(
        into,
        &untested,
        "scores-test.csv",
        "Its answers are not shown.",
    );
    let (binary, unmapped): (Vec<&Run>, Vec<&Run>) = ctx
        .runs
        .iter()
        .filter(|r| r.maps.is_none())
        .partition(|r| is_binary(r));
    missing(
        into,
        &unmapped,
        "maps-test.safetensors",
        "Only its scores are shown; write them with <code>fasgard score --maps</code>.",
    );
    for run in binary {
        into.raw("<p><b>").text(&run.name);
        into.raw("</b> is trained without pixel-wise supervision and predicts no maps: only its scores are shown.</p>");
    }
    if ctx.options.data.is_empty() {
        into.element(
            "p",
            "missing",
            "No dataset folder was given: samples are shown without their images.",
        );
    }
    if untested.len() == ctx.runs.len() || ctx.gallery_per_species == 0 {
        into.element("p", "missing", "No sample is shown.");
        return Ok(());
    }
    into.raw("<p>Each tile is one predicted map, one square a value, beside the face as the network sees it. Worst errors come first, then right answers from the least to the most certain. “Overlay” lays the finest map over the face. Numbers below tiles are means.</p>");
    let targets: Vec<MapTarget> = ctx
        .runs
        .iter()
        .filter_map(|r| Some(r.maps.as_ref()?.target()))
        .collect();
    for (target, low, high) in [
        (MapTarget::Mask, "attack 0", "1 live"),
        (MapTarget::Depth, "background or flat 0", "1 nearest"),
    ] {
        if targets.contains(&target) {
            into.raw("<div class=\"legendbar\"><span>")
                .raw(low)
                .raw("</span><img alt=\"colour scale from 0 to 1\"");
            into.attr("src", legend(target)?)
                .raw("><span>")
                .raw(high)
                .raw("</span></div>");
        }
    }
    let pictures = Pictures::new(ctx.dataset);
    let any_maps = !targets.is_empty();
    let usable = |row: &ScoreRow| !any_maps || ctx.runs.iter().any(|r| has_maps(r, row));
    for (number, group) in select(ctx.runs, ctx.gallery_per_species, usable)
        .iter()
        .enumerate()
    {
        heading(group, into);
        into.raw("<div class=\"cards\">");
        for (i, pick) in group.picks.iter().enumerate() {
            card(ctx, &pictures, pick, &format!("f{number}-{i}"), into)?;
        }
        into.raw("</div>");
    }
    Ok(())
}

fn has_maps(run: &Run, row: &ScoreRow) -> bool {
    run.maps.as_ref().is_some_and(|m| {
        m.contains(&row.sample) || m.contains(&format!("{}/{}", row.dataset, row.sample))
    })
}

/// A sample's maps, filed under its id, or under dataset and id where several datasets were scored.
fn maps_of(run: &Run, pick: &Pick) -> Result<Option<(MapTarget, Vec<Map>)>, ReportError> {
    let Some(reader) = &run.maps else {
        return Ok(None);
    };
    let maps = match reader.maps(&format!("{}/{}", pick.dataset, pick.sample))? {
        Some(maps) => Some(maps),
        None => reader.maps(&pick.sample)?,
    };
    Ok(maps.map(|m| (reader.target(), m)))
}

fn heading(group: &Group, into: &mut Html) {
    into.raw("<h3>")
        .text(&group.name)
        .raw("<small>")
        .text(group.wrong)
        .raw(" of ");
    into.text(group.total).raw(if group.name == "live" {
        " samples rejected by some model"
    } else {
        " samples accepted by some model"
    });
    into.raw("; ")
        .text(group.picks.len())
        .raw(" shown</small></h3>");
}

fn card(
    ctx: &Context<'_>,
    pictures: &Pictures<'_>,
    pick: &Pick,
    id: &str,
    into: &mut Html,
) -> Result<(), ReportError> {
    into.raw(if pick.wrong {
        "<article class=\"card wrong\"><h4>"
    } else {
        "<article class=\"card\"><h4>"
    });
    into.text(&pick.sample).raw("<small>").text(&pick.dataset);
    if !pick.subject.is_empty() {
        into.raw(" · subject ").text(&pick.subject);
    }
    into.raw("</small></h4><div class=\"body\"><div class=\"seen\">");
    // The models' crops differ only if their configs do; the first model with maps is shown.
    let preprocess = ctx
        .runs
        .iter()
        .find(|r| r.maps.is_some())
        .or(ctx.runs.first())
        .map(|r| r.preprocess.clone())
        .unwrap_or_default();
    let face = pictures.face(
        &pick.dataset,
        &pick.sample,
        &preprocess,
        ctx.options.gallery_pixels.clamp(32, 512),
    );
    match &face {
        Ok((uri, truth)) => {
            into.raw("<div><svg viewBox=\"0 0 1 1\" role=\"img\" aria-label=\"input\"><image width=\"1\" height=\"1\"");
            into.attr("id", id)
                .attr("href", uri)
                .raw("/></svg>input</div>");
            if let Some(truth) = truth {
                into.raw("<div><img class=\"pix\" alt=\"annotated mask\"")
                    .attr("src", truth)
                    .raw(">annotated mask</div>");
            }
        }
        Err(reason) => {
            into.raw("<div>no image: ").text(reason).raw("</div>");
        }
    }
    into.raw("</div><div>");
    for (run, score) in ctx.runs.iter().zip(&pick.scores) {
        // A map of another crop would lie askew on this face.
        let view = |p: &Preprocess| (p.crop_scale, p.exif_orientation);
        let same = view(&run.preprocess) == view(&preprocess);
        model(
            run,
            pick,
            *score,
            (face.is_ok() && same).then_some(id),
            into,
        )?;
    }
    into.raw("</div></div></article>");
    Ok(())
}

fn model(
    run: &Run,
    pick: &Pick,
    score: Option<f64>,
    face: Option<&str>,
    into: &mut Html,
) -> Result<(), ReportError> {
    into.raw("<div class=\"model\"><header><b>")
        .text(&run.name)
        .raw("</b>");
    match (score, run.evaluation.as_ref().map(|e| e.threshold.value())) {
        (Some(score), Some(threshold)) => {
            let accepted = score > threshold;
            let right = accepted == pick.live;
            into.raw(if right {
                "<span class=\"verdict ok\">✓ "
            } else {
                "<span class=\"verdict no\">✗ "
            });
            into.raw(if accepted { "accepted" } else { "rejected" })
                .raw(" · <span class=\"num\">");
            into.text(format_args!("{score:.4}"))
                .raw(if accepted { " &gt; " } else { " ≤ " });
            into.text(format_args!("{threshold:.4}"))
                .raw("</span></span>");
        }
        (Some(score), None) => {
            into.raw("<span class=\"num\">")
                .text(format_args!("{score:.4}"))
                .raw("</span>");
        }
        (None, _) => {
            into.raw("<span>no score</span>");
        }
    }
    into.raw("</header>");
    match maps_of(run, pick)? {
        Some((target, maps)) => {
            into.raw("<div class=\"tiles\">");
            for map in &maps {
                into.raw("<div class=\"tile\"><img class=\"pix\"");
                into.attr(
                    "alt",
                    format_args!("map {0} by {0}, mean {1:.2}", map.side, map.mean()),
                );
                into.attr("src", tile(map, target)?).raw(">");
                into.text(format_args!("{0}×{0}", map.side)).raw("<br>");
                into.text(format_args!("{:.2}", map.mean())).raw("</div>");
            }
            if let (Some(id), Some(finest)) = (face, maps.first()) {
                into.raw("<div class=\"tile\"><svg viewBox=\"0 0 1 1\" role=\"img\" aria-label=\"finest map over the face\"><use class=\"gray\"");
                into.attr("href", format_args!("#{id}"));
                into.raw("/><image class=\"pix\" width=\"1\" height=\"1\" opacity=\".55\"");
                into.attr("href", tile(finest, target)?)
                    .raw("/></svg>overlay</div>");
            }
            into.raw("</div>");
        }
        None if run.maps.is_some() => {
            into.raw("<p class=\"none\">no maps of this sample</p>");
        }
        None => {
            into.raw("<p class=\"none\">no maps</p>");
        }
    }
    into.raw("</div>");
    Ok(())
}
