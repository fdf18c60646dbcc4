//! All figures of one set at one threshold.

use super::{Counts, SetFigures};
use crate::{
    convention::Aggregation,
    metrics::{
        acer, apcer, auc, bpcer, calibration, eer, hter, nonresponse,
        operating::{ALLOWANCES, apcer_at_bpcer, bpcer_at_apcer, tpr_at_fpr},
    },
    ranked::Ranked,
    threshold::Source,
};

pub(super) fn counts(rows: usize, ranked: &Ranked) -> Counts {
    Counts {
        rows: rows as u64,
        live: ranked.live_scored(),
        attack: ranked.attack_scored(),
        live_nonresponse: ranked.live_without(),
        attack_nonresponse: ranked.attack_without(),
    }
}

pub(super) fn figures(
    ranked: &Ranked,
    counts: Counts,
    t: f64,
    aggregation: Aggregation,
) -> SetFigures {
    let apcer = |aggregation| apcer::apcer(ranked, t, aggregation);
    let (rate, _) = apcer(aggregation);
    let bpcer = bpcer::bpcer(ranked, t);
    SetFigures {
        counts,
        acer: acer::acer(&rate, &bpcer),
        apcer: rate,
        bpcer,
        eer: eer::eer(ranked),
        eer_threshold: eer::eer_point(ranked).map(|point| point.threshold),
        hter: hter::hter(ranked, t),
        auc: auc::auc(ranked),
        apcer_pooled: apcer(Aggregation::Pooled).0,
        worst_family: apcer(Aggregation::MaxFamily).1,
        apcer_by_family: apcer::apcer_by(ranked, t, Aggregation::MaxFamily),
        worst_species: apcer(Aggregation::MaxSpecies).1,
        apcer_by_species: apcer::apcer_by(ranked, t, Aggregation::MaxSpecies),
        apnrr: nonresponse::apnrr(ranked),
        apnrr_by_species: nonresponse::apnrr_by_species(ranked),
        bpnrr: nonresponse::bpnrr(ranked),
        apcer_at_bpcer: ALLOWANCES
            .map(|a| apcer_at_bpcer(ranked, a, aggregation))
            .into(),
        bpcer_at_apcer: ALLOWANCES
            .map(|a| bpcer_at_apcer(ranked, a, aggregation))
            .into(),
        tpr_at_fpr: ALLOWANCES.map(|a| tpr_at_fpr(ranked, a)).into(),
        calibration: Some(calibration::calibration(ranked)),
    }
}

/// What must be said beside figures whose threshold came from `source`.
pub(super) fn note(source: Source) -> Option<String> {
    (source == Source::Test).then(|| {
        "flattering: the threshold was chosen on the evaluated set itself, which no deployed system can do"
            .to_owned()
    })
}
