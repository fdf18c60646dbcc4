//! Ctrl-C: long work stops cleanly and says how to go on.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// From now on the first Ctrl-C sets the flag, which asks the work to stop at a good place; the
/// second does not wait.
pub(crate) fn on_ctrl_c() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    Ok(stop)
}
