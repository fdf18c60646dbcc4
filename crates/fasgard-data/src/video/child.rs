//! A child process that is always ended and reaped, and never waits for us nor we for it for ever.

use std::io::{self, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::tail::Tail;

/// A running child. Dropping it kills and reaps the process.
///
/// Its standard error is drained by a thread of its own, so a child that writes much there does not
/// block; a second thread kills it when its time is over, which ends any read of its output.
pub(super) struct Running {
    child: Arc<Mutex<Child>>,
    clock: Arc<Clock>,
    said: Arc<Mutex<Tail>>,
    drained: Receiver<()>,
    /// Dropped with us: that ends the watching thread.
    _alive: Sender<()>,
}

/// How a child ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// Whether it was killed because its time was over.
    pub(super) expired: bool,
    /// Its last words.
    pub(super) said: Option<String>,
}

/// The time that we have waited for the child.
struct Clock {
    limit: Duration,
    state: Mutex<Waited>,
    expired: AtomicBool,
}

#[derive(Default)]
struct Waited {
    before: Duration,
    since: Option<Instant>,
}

/// The data even if another thread panicked over it: nothing here can be left half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clock {
    fn remaining(&self) -> Duration {
        let state = lock(&self.state);
        let now = state.since.map_or(Duration::ZERO, |since| since.elapsed());
        self.limit.saturating_sub(state.before + now)
    }

    fn start(&self) {
        lock(&self.state).since = Some(Instant::now());
    }

    fn pause(&self) {
        let mut state = lock(&self.state);
        if let Some(since) = state.since.take() {
            state.before += since.elapsed();
        }
    }
}

impl Running {
    /// Starts `command`, which may make us wait for `limit` in all.
    ///
    /// # Errors
    /// The system's answer when it refuses a process, a pipe or a thread.
    pub(super) fn start(
        command: &mut Command,
        limit: Duration,
    ) -> io::Result<(Self, BufReader<ChildStdout>)> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // ffmpeg would write a report file where this says; colours would end up in messages.
        command
            .env_remove("FFREPORT")
            .env("AV_LOG_FORCE_NOCOLOR", "1");
        // Ctrl-C is for us: a child that ended by it would look like a damaged video.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (alive, watched) = channel();
        let (drained_send, drained) = channel();
        let running = Self {
            child: Arc::new(Mutex::new(child)),
            clock: Arc::new(Clock {
                limit,
                state: Mutex::default(),
                expired: AtomicBool::new(false),
            }),
            said: Arc::default(),
            drained,
            _alive: alive,
        };
        let (Some(stdout), Some(mut stderr)) = (stdout, stderr) else {
            return Err(io::Error::other("no pipe to the child"));
        };
        let said = Arc::clone(&running.said);
        thread::Builder::new().spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut bytes) {
                lock(&said).push(&bytes[..count]);
            }
            // Nobody may be left to hear it.
            let _ = drained_send.send(());
        })?;
        let (clock, child) = (Arc::clone(&running.clock), Arc::clone(&running.child));
        thread::Builder::new().spawn(move || {
            loop {
                let remaining = clock.remaining();
                if remaining.is_zero() {
                    clock.expired.store(true, Ordering::Release);
                    // It fails only if the child has ended already.
                    let _ = lock(&child).kill();
                    return;
                }
                if watched.recv_timeout(remaining) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        })?;
        Ok((running, BufReader::with_capacity(1 << 16, stdout)))
    }

    /// Runs `read`, counting its time as waiting for the child.
    pub(super) fn waiting<T>(&self, read: impl FnOnce() -> T) -> T {
        self.clock.start();
        let answer = read();
        self.clock.pause();
        answer
    }

    /// Kills the child if it still runs, and reaps it.
    pub(super) fn kill(&self) {
        let mut child = lock(&self.child);
        // Both fail only if the child has been reaped already.
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Waits for the end of a child whose output has been read or is not wanted.
    ///
    /// # Errors
    /// The system's answer.
    pub(super) fn finish(self) -> io::Result<Ended> {
        let status = self.waiting(|| {
            let mut pause = Duration::from_micros(200);
            loop {
                // The lock is let go between two looks, so that the watching thread can kill.
                if let Some(status) = lock(&self.child).try_wait()? {
                    return Ok::<_, io::Error>(status);
                }
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(10));
            }
        })?;
        // A grandchild may hold the pipe: what it would still say is not waited for.
        let _ = self.drained.recv_timeout(Duration::from_secs(1));
        let said = lock(&self.said).text();
        Ok(Ended {
            status,
            expired: self.clock.expired.load(Ordering::Acquire),
            said,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> (Running, BufReader<ChildStdout>) {
        Running::start(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn much_on_standard_error_blocks_nothing() {
        let script = "i=0; while [ $i -lt 20000 ]; do echo noise $i >&2; i=$((i+1)); done; echo done; exit 3";
        let (running, mut stdout) = shell(script, LONG);
        let mut text = String::new();
        running
            .waiting(|| stdout.read_to_string(&mut text))
            .unwrap();
        let ended = running.finish().unwrap();
        assert_eq!((text.as_str(), ended.status.code()), ("done\n", Some(3)));
        let said = ended.said.unwrap();
        assert!(
            said.starts_with("noise 0; ") && said.ends_with("noise 19999"),
            "{said}"
        );
        assert!(!ended.expired);
    }

    #[test]
    fn a_child_that_hangs_is_killed_in_time() {
        let start = Instant::now();
        let (running, mut stdout) = shell("exec sleep 50", Duration::from_millis(100));
        let mut text = String::new();
        running
            .waiting(|| stdout.read_to_string(&mut text))
            .unwrap();
        assert!(running.finish().unwrap().expired);
        // Also one that has closed its output.
        let (running, _stdout) = shell("exec >&- 2>&-; exec sleep 50", Duration::from_millis(100));
        assert!(running.finish().unwrap().expired);
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn our_own_time_does_not_count() {
        let (running, _stdout) = shell("exec sleep 1", Duration::from_secs(30));
        running.clock.start();
        running.clock.pause();
        let before = running.clock.remaining();
        thread::sleep(Duration::from_millis(30));
        assert_eq!(running.clock.remaining(), before);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn dropping_leaves_no_process() {
        let (running, stdout) = shell("exec sleep 50", LONG);
        let folder = format!("/proc/{}", lock(&running.child).id());
        assert!(std::path::Path::new(&folder).exists());
        drop(running);
        assert!(!std::path::Path::new(&folder).exists());
        drop(stdout);
    }
}
