//! What a test report after ISO/IEC 30107-3 states, one table a model, to be used as it stands.

use std::collections::{BTreeMap, BTreeSet};

use fasgard_metrics::ScoreFile;

use super::{Context, close_table, conventions::aggregation, open_table, summary};
use crate::{
    describe::describe,
    error::ReportError,
    evaluation::{Evaluation, Figure},
    html::Html,
    inputs::Run,
    plot::slot,
};

/// Whether any model was evaluated.
pub(super) fn shown(ctx: &Context<'_>) -> bool {
    ctx.runs.iter().any(|r| r.evaluation.is_some())
}

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    into.raw("<p>What ISO/IEC 30107-3 asks a report to state, as far as the files say it. Attack presentations are those of presentation attack instrument (PAI) species; bona fide presentations are live. What no file records is named at the end: fill it in.</p>");
    for (i, run) in ctx.runs.iter().enumerate() {
        let Some(evaluation) = &run.evaluation else {
            continue;
        };
        into.raw("<h3><span><i class=\"key ")
            .raw(slot(i))
            .raw("\"></i>")
            .text(&run.name)
            .raw("</span></h3>");
        open_table(into, "Item under test, test and result.");
        into.raw("<tbody class=\"record\">");
        for (name, value) in item(run, evaluation)
            .into_iter()
            .chain(test(run, evaluation))
            .chain(result(evaluation))
        {
            into.raw("<tr>").element("th", "", name).raw("<td>");
            for (i, line) in value.lines().enumerate() {
                into.raw(if i == 0 { "" } else { "<br>" }).text(line);
            }
            into.raw("</td></tr>");
        }
        close_table(into);
        species(run, evaluation, into);
    }
    into.raw("<p><b>Not recorded in these files</b>, and to be added by the laboratory: attack potential of each species and how artefacts were made; number of artefacts of each species; capture device and environment; how subjects were recruited; processing durations; who tested and when.</p>");
    Ok(())
}

type Lines = Vec<(&'static str, String)>;

fn item(run: &Run, evaluation: &Evaluation) -> Lines {
    let origin = evaluation
        .files
        .test
        .as_ref()
        .and_then(|t| t.origin.as_ref());
    let card = run.card.as_ref();
    let first = |options: [Option<&str>; 2]| {
        let known = options.into_iter().flatten().find(|t| !t.is_empty());
        known.unwrap_or("not recorded").to_owned()
    };
    let weights = first([
        origin.map(|o| o.weights_sha256.as_str()),
        card.map(|c| c.weights_sha256.as_str()),
    ]);
    let software = match (origin, card) {
        (Some(origin), _) if !origin.software.is_empty() => origin.software.clone(),
        (_, Some(card)) if !card.fasgard.is_empty() => {
            format!("model file written by fasgard {}", card.fasgard)
        }
        _ => "not recorded".to_owned(),
    };
    vec![
        (
            "Item under test",
            first([
                origin.map(|o| o.model.as_str()),
                card.map(|c| c.name.as_str()),
            ]),
        ),
        ("Weights, SHA-256", weights),
        ("Software", software),
        (
            "Configuration",
            describe(run).unwrap_or_else(|| "not recorded".to_owned()),
        ),
        (
            "Level of evaluation",
            format!(
                "PAD subsystem: decisions on recorded presentations; {}",
                evaluation.level_text()
            ),
        ),
    ]
}

fn test(run: &Run, evaluation: &Evaluation) -> Lines {
    let counts = evaluation.test.counts.unwrap_or_default();
    let mut lines = Lines::new();
    if let Some(file) = &run.test {
        let datasets: BTreeSet<&str> = (file.rows.iter())
            .map(|r| r.dataset.as_str())
            .filter(|d| !d.is_empty())
            .collect();
        let names: Vec<&str> = datasets.into_iter().collect();
        if !names.is_empty() {
            lines.push(("Data", names.join(", ")));
        }
        lines.push((
            "Test subjects",
            match (summary::subjects(file), live_subjects(file)) {
                (0, _) => "not recorded".to_owned(),
                (all, live) => format!("{all}, of whom {live} with bona fide presentations"),
            },
        ));
    }
    let species = evaluation.test.apcer_by_species.len();
    lines.push((
        "Presentations",
        format!(
            "{} bona fide, {} attack of {species} PAI species",
            counts.live + counts.live_nonresponse,
            counts.attack + counts.attack_nonresponse
        ),
    ));
    let lost = match evaluation.no_response.as_str() {
        "reject" => "counted as classified as attacks",
        _ => "left out of APCER and BPCER",
    };
    lines.push((
        "Non-responses",
        format!(
            "{} bona fide (BPNRR {}), {} attack (APNRR {}); {lost}",
            counts.live_nonresponse,
            rate(&evaluation.test.bpnrr),
            counts.attack_nonresponse,
            rate(&evaluation.test.apnrr)
        ),
    ));
    let threshold = &evaluation.threshold;
    let hash = match threshold.sha256() {
        Some(hash) => format!("\nscore file SHA-256 {hash}"),
        None => String::new(),
    };
    lines.push((
        "Threshold",
        format!(
            "classified as bona fide if score > {}\nset by {}, {}{hash}",
            threshold.value(),
            threshold.criterion(),
            threshold.from()
        ),
    ));
    lines
}

fn result(evaluation: &Evaluation) -> Lines {
    let test = &evaluation.test;
    let worst = evaluation.worst_species();
    let by_subject =
        |pick: fn(&crate::evaluation::Intervals) -> Option<crate::evaluation::Interval>| {
            let all = evaluation.intervals.as_ref()?;
            Some(format!(
                "\n{} from {} {}s drawn {} times (seed {})",
                pick(all)?.percent(),
                all.clusters,
                all.unit,
                all.bootstrap.replicates,
                all.bootstrap.seed
            ))
        };
    let mut lines = vec![(
        "APCER",
        match worst {
            Some((name, figure)) => format!("{} of species {name}, the worst", rate(figure)),
            None => rate(&test.apcer),
        },
    )];
    if evaluation.apcer_aggregation != "max-species" {
        lines.push((
            "APCER as aggregated",
            format!("{} ({})", rate(&test.apcer), aggregation(evaluation)),
        ));
    }
    if let (Some(extra), Some(line)) = (by_subject(|i| i.apcer), lines.last_mut()) {
        line.1 += &extra;
    }
    let bpcer = rate(&test.bpcer) + &by_subject(|i| i.bpcer).unwrap_or_default();
    lines.push(("BPCER", bpcer));
    for (name, points) in [
        ("BPCER10, 20, 100", &test.bpcer_at_apcer),
        ("APCER at BPCER", &test.apcer_at_bpcer),
    ] {
        let wanted = [0.1, 0.05, 0.01];
        let found: Vec<String> = (points.iter())
            .filter(|p| wanted.contains(&p.at_most))
            .map(|p| format!("{} at {} %", rate(&p.rate), 100.0 * p.at_most))
            .collect();
        if !found.is_empty() {
            lines.push((name, found.join("\n")));
        }
    }
    lines.push((
        "Confidence",
        "95 %: Clopper–Pearson for every rate with counts, presentations taken as independent; draws of whole subjects where they are given".to_owned(),
    ));
    lines
}

/// Percent with counts and interval.
fn rate(figure: &Figure) -> String {
    if figure.value.is_none() {
        return match &figure.reason {
            Some(reason) => format!("undefined ({reason})"),
            None => "not recorded".to_owned(),
        };
    }
    let mut text = format!("{} %", figure.percent());
    if let Some(counts) = figure.counts() {
        text += &format!(" ({counts}");
        if let Some(interval) = figure.interval() {
            text += &format!(", {interval}");
        }
        text += ")";
    }
    text
}

fn live_subjects(file: &ScoreFile) -> usize {
    let rows = file.rows.iter().filter(|r| r.label.is_live());
    rows.filter(|r| !r.subject.is_empty())
        .map(|r| (&r.dataset, &r.subject))
        .collect::<BTreeSet<_>>()
        .len()
}

/// Every species: subjects, presentations, APCER and APNRR.
fn species(run: &Run, evaluation: &Evaluation, into: &mut Html) {
    let mut subjects: BTreeMap<String, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for row in run.test.iter().flat_map(|t| &t.rows) {
        if let Some(species) = &row.species {
            let of = subjects.entry(species.to_string()).or_default();
            if !row.subject.is_empty() {
                of.insert((&row.dataset, &row.subject));
            }
        }
    }
    open_table(
        into,
        "PAI species: presentations with a score, and what became of them; percent, errors/presentations, 95 % interval.",
    );
    into.raw("<thead><tr><th>PAI species</th><th>Subjects</th><th>Presentations</th><th>APCER</th><th>APNRR</th></tr></thead><tbody>");
    for (name, apcer) in &evaluation.test.apcer_by_species {
        into.raw("<tr>").element("th", "species", name).raw("<td>");
        match subjects.get(name).map_or(0, BTreeSet::len) {
            0 => into.raw("–"),
            n => into.element("span", "num", n),
        };
        into.raw("</td><td>");
        let apnrr = evaluation.test.apnrr_by_species.get(name);
        match apnrr.and_then(|r| r.of).or(apcer.of) {
            Some(n) => into.element("span", "num", n),
            None => into.raw("–"),
        };
        into.raw("</td>");
        summary::figure(into, Some(apcer));
        summary::figure(into, apnrr);
        into.raw("</tr>");
    }
    close_table(into);
}
