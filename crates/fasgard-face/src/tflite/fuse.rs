//! Fewer steps with the same results, and when each tensor may go.

use super::layer::Activation;
use super::plan::{Step, Work};

/// Lets convolutions add what is added to them and apply the activation that follows.
pub(super) fn fuse(steps: &mut Vec<Step>, tensors: usize, outputs: &[usize]) {
    let mut uses = vec![0_usize; tensors];
    for tensor in steps.iter().flat_map(|step| &step.inputs).chain(outputs) {
        uses[*tensor] += 1;
    }
    let mut kept: Vec<Option<Step>> = Vec::new();
    let mut maker: Vec<Option<usize>> = vec![None; tensors];
    for mut step in steps.drain(..) {
        // The step that made a tensor which only this one reads, if nothing follows it yet.
        let sole = |tensor: usize, kept: &[Option<Step>], convolutions_only: bool| {
            let at = maker[tensor].filter(|_| uses[tensor] == 1)?;
            let made = kept[at].as_ref()?;
            let plain = matches!(made.activation, Activation::None);
            let conv = matches!(made.work, Work::Conv { .. }) && made.inputs.len() == 1;
            let wanted = conv || (!convolutions_only && !matches!(made.work, Work::Copy));
            (plain && wanted).then_some(at)
        };
        match step.work {
            Work::Add => {
                let pair = [step.inputs[0], step.inputs[1]];
                for (conv, other) in [(pair[1], pair[0]), (pair[0], pair[1])] {
                    if let Some(mut made) = sole(conv, &kept, true).and_then(|at| kept[at].take()) {
                        // It runs in the addition's place, where the other input exists.
                        made.inputs.push(other);
                        made.output = step.output;
                        made.activation = step.activation;
                        step = made;
                        break;
                    }
                }
            }
            Work::Copy if !matches!(step.activation, Activation::None) => {
                let at = sole(step.inputs[0], &kept, false);
                if let Some(made) = at.and_then(|at| kept[at].as_mut()) {
                    made.output = step.output;
                    made.activation = step.activation;
                    maker[step.output] = at;
                    continue;
                }
            }
            _ => {}
        }
        maker[step.output] = Some(kept.len());
        kept.push(Some(step));
    }
    steps.extend(kept.into_iter().flatten());
}

/// Notes which tensors nothing reads after each step.
pub(super) fn mark_dead(steps: &mut [Step], tensors: usize, outputs: &[usize]) {
    let mut read = vec![false; tensors];
    for output in outputs {
        read[*output] = true;
    }
    for step in steps.iter_mut().rev() {
        for input in &step.inputs {
            if !std::mem::replace(&mut read[*input], true) {
                step.dead.push(*input);
            }
        }
    }
}
