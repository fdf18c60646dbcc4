//! Non-response rates (ISO/IEC 30107-3): presentations that got no score.

use std::collections::BTreeMap;

use crate::{ranked::Ranked, rate::Rate};

/// APNRR: the fraction of attack presentations without a score.
pub fn apnrr(ranked: &Ranked) -> Rate {
    let without = ranked.attack_without();
    let of = without + ranked.attack_scored();
    Rate::proportion(without, of, "no attack presentations")
}

/// APNRR of every species.
pub fn apnrr_by_species(ranked: &Ranked) -> BTreeMap<String, Rate> {
    ranked
        .species()
        .iter()
        .map(|(name, species)| {
            let of =
                species.without + species.scores.len() as u64 - ranked.counted(species.without);
            let rate = Rate::proportion(species.without, of, "no presentations");
            (name.to_string(), rate)
        })
        .collect()
}

/// BPNRR: the fraction of live presentations without a score.
pub fn bpnrr(ranked: &Ranked) -> Rate {
    let without = ranked.live_without();
    let of = without + ranked.live_scored();
    Rate::proportion(without, of, "no live presentations")
}
