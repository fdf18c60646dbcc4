//! A comparison as text for the terminal.

use super::{Comparison, System};
use crate::{
    evaluate::{SetFigures, grid::Grid, short},
    level::Level,
    ranked::NoResponse,
    rate::Rate,
    resample::paired::Difference,
};

impl Comparison {
    /// Text for a terminal: both systems' figures, the differences with intervals and p-values, and
    /// the decisions they disagree about.
    pub fn table(&self) -> String {
        let level = match (self.level, self.fuse) {
            (Level::Video, Some(fuse)) => format!("video level (frames fused by {fuse})"),
            (level, _) => format!("{level} level"),
        };
        let mut text = format!("Convention {}, {level}\n\n", self.convention);
        for (name, system) in [("A", &self.a), ("B", &self.b)] {
            text += &head(name, system);
        }
        let p = &self.paired;
        text += &format!(
            "\n{} {}s compared",
            p.common,
            match self.level {
                Level::Video => "video",
                Level::Frame => "frame",
            }
        );
        if p.left_out > 0 {
            text += &format!(
                "; {} of A or B left out, because the other has no score for them (--no-response reject counts them)",
                p.left_out
            );
        }
        if self.no_response == NoResponse::Reject {
            text += "; without a score = rejected";
        }
        text += "\n\n";
        text += &self.grid();
        text += &format!(
            "\nA − B is of the compared presentations; 95 % and p: {} {}s drawn for both alike, {} replicates, seed {}, thresholds held fixed\n",
            p.clusters, p.unit, self.bootstrap.replicates, self.bootstrap.seed
        );
        let m = &p.mcnemar;
        text += &format!(
            "\nDecisions: both right {}, only A right {}, only B right {}, both wrong {}\nMcNemar, exact, presentations taken as independent: p = {}\n",
            m.both_right,
            m.only_a_right,
            m.only_b_right,
            m.both_wrong,
            probability(m.p)
        );
        if !self.warnings.is_empty() {
            text += "\nWarnings\n";
            for warning in &self.warnings {
                text += &format!("  ! {}\n", warning.text);
            }
        }
        text
    }

    fn grid(&self) -> String {
        let p = &self.paired;
        type Pick = fn(&SetFigures) -> &Rate;
        let rows: [(&str, Pick, Option<Option<Difference>>); 6] = [
            ("APCER", |f| &f.apcer, None),
            ("BPCER", |f| &f.bpcer, None),
            ("ACER", |f| &f.acer, Some(p.acer)),
            ("HTER", |f| &f.hter, Some(p.hter)),
            ("EER", |f| &f.eer, Some(p.eer)),
            ("AUC", |f| &f.auc, Some(p.auc)),
        ];
        let mut grid = Grid::default();
        grid.row(["%", "A", "B", "A − B", "95 %", "p", "better"]);
        grid.rule();
        for (name, pick, difference) in rows {
            let value = |system: &System| {
                let value = pick(&system.test).value;
                value.map_or("–".to_owned(), |v| format!("{:.2}", 100.0 * v))
            };
            let mut cells = vec![name.to_owned(), value(&self.a), value(&self.b)];
            cells.extend(match difference {
                None => [""; 4].map(str::to_owned),
                Some(None) => ["–", "", "", ""].map(str::to_owned),
                Some(Some(d)) => {
                    let a_is_better = (d.value < 0.0) != (name == "AUC");
                    let better = match (d.p < 0.05, a_is_better) {
                        (true, true) => "A",
                        (true, false) => "B",
                        (false, _) => "not shown",
                    };
                    let [lo, hi] = d.ci95.map(|v| 100.0 * v);
                    [
                        format!("{:+.2}", 100.0 * d.value),
                        format!("{lo:+.2} to {hi:+.2}"),
                        probability(d.p),
                        better.to_owned(),
                    ]
                }
            });
            grid.row(cells);
        }
        grid.render()
    }
}

fn head(name: &str, system: &System) -> String {
    let file = &system.file;
    let model = file.origin.as_ref().map_or_else(String::new, |o| {
        format!(", model {} (weights {})", o.model, short(&o.weights_sha256))
    });
    let mut text = format!(
        "{name}  {}: {} rows, sha256 {}{model}\n   {}\n",
        file.path,
        file.rows,
        short(&file.sha256),
        system.threshold
    );
    if let Some(note) = &system.note {
        text += &format!("   (!) {note}\n");
    }
    text
}

fn probability(p: f64) -> String {
    match p < 0.0001 {
        true => "< 0.0001".to_owned(),
        false => format!("{p:.4}"),
    }
}
