//! The training loop: schedules, checkpoints, resume and events.
