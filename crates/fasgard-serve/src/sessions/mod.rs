//! Sessions: several frames, one verdict, used once.

mod nonces;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use fasgard_metrics::Fuse;
use fasgard_model::Session;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Code, Problem, ServeConfig, ids};
use nonces::Nonces;

/// The sessions of the service.
pub(crate) struct Sessions {
    store: Mutex<Store>,
    time: Duration,
    frames: u32,
    most: usize,
}

struct Store {
    open: HashMap<String, Arc<Entry>>,
    /// Sessions that ended, and how; the oldest are forgotten.
    ended: HashMap<String, Code>,
    order: VecDeque<String>,
    nonces: Nonces,
}

/// An open session.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) nonce: String,
    until: Instant,
    /// Held while a frame is judged: frames are judged in turn, because the face is followed.
    pub(crate) state: tokio::sync::Mutex<Frames>,
}

/// What a session has so far.
pub(crate) struct Frames {
    pub(crate) session: Session,
    pub(crate) count: u32,
    /// Digests of the frames' bytes: a camera never gives the same bytes twice.
    seen: HashSet<[u8; 32]>,
    used: bool,
}

impl Sessions {
    pub(crate) fn new(config: &ServeConfig) -> Self {
        let remembered = Duration::from_secs(config.nonce_time_s);
        Self {
            store: Mutex::new(Store {
                open: HashMap::new(),
                ended: HashMap::new(),
                order: VecDeque::new(),
                nonces: Nonces::new(config.max_nonces as usize, remembered),
            }),
            time: Duration::from_secs(config.session_time_s),
            frames: config.session_frames,
            most: config.max_sessions as usize,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        // Every change under this lock is whole by itself.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session with the client's nonce, or with one that is made.
    ///
    /// # Errors
    /// [`Code::NonceReplayed`], [`Code::TooManySessions`], or a nonce that is none ([`Code::Json`]).
    pub(crate) fn open(&self, nonce: Option<String>, fuse: Fuse) -> Result<Arc<Entry>, Problem> {
        let nonce = match nonce {
            None => ids::token()?,
            Some(nonce) if ids::is_plain(&nonce, 16, 128, b"_-") => nonce,
            Some(_) => {
                let detail =
                    "nonce: expected 16 to 128 letters, digits, `_` and `-`, found another text";
                return Err(Problem::new(Code::Json, detail));
            }
        };
        let entry = Arc::new(Entry {
            id: ids::token()?,
            nonce,
            until: Instant::now() + self.time,
            state: tokio::sync::Mutex::new(Frames {
                session: Session::new(fuse),
                count: 0,
                seen: HashSet::new(),
                used: false,
            }),
        });
        let mut store = self.lock();
        store.expire(self.most);
        if store.open.len() >= self.most {
            let detail = format!("expected fewer than {} open sessions", self.most);
            return Err(Problem::new(Code::TooManySessions, detail));
        }
        store.nonces.take(&entry.nonce)?;
        store.open.insert(entry.id.clone(), Arc::clone(&entry));
        Ok(entry)
    }

    /// The open session of an id, for who knows its nonce.
    ///
    /// # Errors
    /// [`Code::SessionUnknown`], [`Code::SessionUsed`], [`Code::SessionExpired`],
    /// [`Code::NonceWrong`].
    pub(crate) fn find(&self, id: &str, nonce: Option<&str>) -> Result<Arc<Entry>, Problem> {
        let mut store = self.lock();
        store.expire(self.most);
        let Some(entry) = store.open.get(id) else {
            return Err(match store.ended.get(id) {
                Some(&code) => ended(code),
                None => Problem::new(Code::SessionUnknown, "expected an open session's id"),
            });
        };
        let given = nonce.unwrap_or_default();
        if !bool::from(entry.nonce.as_bytes().ct_eq(given.as_bytes())) {
            return Err(Problem::new(
                Code::NonceWrong,
                "expected the session's nonce in the header `x-session-nonce`",
            ));
        }
        Ok(Arc::clone(entry))
    }

    /// Ends a session; its nonce stays used.
    pub(crate) fn end(&self, entry: &Entry) {
        self.lock().end(&entry.id, Code::SessionUsed, self.most);
    }

    /// Open sessions now.
    pub(crate) fn count(&self) -> usize {
        let mut store = self.lock();
        store.expire(self.most);
        store.open.len()
    }

    /// Frames that a session may have.
    pub(crate) fn frames(&self) -> u32 {
        self.frames
    }

    /// Seconds of a session.
    pub(crate) fn seconds(&self) -> u64 {
        self.time.as_secs()
    }
}

impl Store {
    fn expire(&mut self, most: usize) {
        let now = Instant::now();
        let over: Vec<String> = self
            .open
            .values()
            .filter(|entry| entry.until <= now)
            .map(|entry| entry.id.clone())
            .collect();
        for id in over {
            self.end(&id, Code::SessionExpired, most);
        }
    }

    fn end(&mut self, id: &str, code: Code, most: usize) {
        if self.open.remove(id).is_none() {
            return;
        }
        self.ended.insert(id.to_owned(), code);
        self.order.push_back(id.to_owned());
        while self.order.len() > most {
            if let Some(oldest) = self.order.pop_front() {
                self.ended.remove(&oldest);
            }
        }
    }
}

impl Entry {
    /// Checks, under the state's lock, that another frame may come; its digest is kept by
    /// [`Frames::keep`] once it was judged.
    pub(crate) fn may_add(
        &self,
        state: &Frames,
        bytes: &[u8],
        most: u32,
    ) -> Result<[u8; 32], Problem> {
        self.check(state)?;
        if state.count >= most {
            let detail = format!("expected at most {most} frames; ask for the verdict");
            return Err(Problem::new(Code::SessionFull, detail));
        }
        let digest = Sha256::digest(bytes).into();
        match state.seen.contains(&digest) {
            true => Err(Problem::new(
                Code::FrameRepeated,
                "expected a new frame, found the bytes of an earlier one",
            )),
            false => Ok(digest),
        }
    }

    /// Checks, under the state's lock, that the session was not used up or over meanwhile.
    pub(crate) fn check(&self, state: &Frames) -> Result<(), Problem> {
        if state.used {
            return Err(ended(Code::SessionUsed));
        }
        if self.until <= Instant::now() {
            return Err(ended(Code::SessionExpired));
        }
        Ok(())
    }
}

impl Frames {
    /// Keeps the answer to a frame.
    pub(crate) fn keep(&mut self, digest: [u8; 32], answer: &fasgard_model::FrameAnswer) {
        self.seen.insert(digest);
        self.session.add(answer);
        self.count += 1;
    }

    /// Uses the session up.
    pub(crate) fn use_up(&mut self) {
        self.used = true;
    }
}

fn ended(code: Code) -> Problem {
    Problem::new(
        code,
        match code {
            Code::SessionExpired => "expected a session within its time; open a new one",
            _ => "expected a session without a verdict; open a new one",
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(change: fn(&mut ServeConfig)) -> Sessions {
        let mut config = ServeConfig {
            max_sessions: 2,
            ..ServeConfig::default()
        };
        change(&mut config);
        Sessions::new(&config)
    }

    fn code<T>(result: Result<T, Problem>) -> Code {
        result.err().unwrap().code
    }

    const NONCE: &str = "a-nonce-of-20_chars.";

    #[test]
    fn a_nonce_is_used_once() {
        let sessions = sessions(|_| {});
        let nonce = NONCE.replace('.', "x");
        let entry = sessions.open(Some(nonce.clone()), Fuse::Mean).unwrap();
        assert_eq!(
            code(sessions.open(Some(nonce.clone()), Fuse::Mean)),
            Code::NonceReplayed
        );
        sessions.end(&entry);
        assert_eq!(
            code(sessions.open(Some(nonce), Fuse::Mean)),
            Code::NonceReplayed
        );
        for bad in ["short", NONCE, &"x".repeat(129)] {
            assert_eq!(
                code(sessions.open(Some(bad.into()), Fuse::Mean)),
                Code::Json,
                "{bad}"
            );
        }
        let (a, b) = (
            sessions.open(None, Fuse::Mean).unwrap(),
            sessions.open(None, Fuse::Mean).unwrap(),
        );
        assert!(a.nonce != b.nonce && a.id != b.id);
        // A made nonce is as used as a given one.
        assert_eq!(
            code(sessions.open(Some(a.nonce.clone()), Fuse::Mean)),
            Code::TooManySessions
        );
        sessions.end(&b);
        assert_eq!(
            code(sessions.open(Some(a.nonce.clone()), Fuse::Mean)),
            Code::NonceReplayed
        );
    }

    #[test]
    fn only_who_knows_the_nonce_finds_an_open_session() {
        let sessions = sessions(|_| {});
        let entry = sessions.open(None, Fuse::Mean).unwrap();
        let find = |nonce: Option<&str>| sessions.find(&entry.id, nonce);
        assert!(find(Some(&entry.nonce)).is_ok());
        for wrong in [None, Some(""), Some(&entry.nonce[..31]), Some(NONCE)] {
            assert_eq!(code(find(wrong)), Code::NonceWrong, "{wrong:?}");
        }
        assert_eq!(
            code(sessions.find("0", Some(&entry.nonce))),
            Code::SessionUnknown
        );
        sessions.end(&entry);
        assert_eq!(code(find(Some(&entry.nonce))), Code::SessionUsed);
    }

    #[test]
    fn sessions_end_by_time_and_the_oldest_are_forgotten() {
        let sessions = sessions(|config| config.session_time_s = 0);
        let entries: Vec<_> = (0..3)
            .map(|_| sessions.open(None, Fuse::Mean).unwrap())
            .collect();
        assert_eq!(sessions.count(), 0);
        let found = |i: usize| code(sessions.find(&entries[i].id, Some(&entries[i].nonce)));
        assert_eq!(found(0), Code::SessionUnknown);
        assert_eq!([found(1), found(2)], [Code::SessionExpired; 2]);
        let state = entries[2].state.try_lock().unwrap();
        assert_eq!(code(entries[2].check(&state)), Code::SessionExpired);
    }

    #[test]
    fn frames_are_counted_once_and_bounded() {
        let sessions = sessions(|_| {});
        let entry = sessions.open(None, Fuse::Mean).unwrap();
        let mut state = entry.state.try_lock().unwrap();
        let answer = crate::answer::tests::frame(0.5);
        let digest = entry.may_add(&state, b"one", 2).unwrap();
        // Not judged, not kept: it may be sent again.
        assert_eq!(entry.may_add(&state, b"one", 2), Ok(digest));
        state.keep(digest, &answer);
        assert_eq!(code(entry.may_add(&state, b"one", 2)), Code::FrameRepeated);
        let digest = entry.may_add(&state, b"two", 2).unwrap();
        state.keep(digest, &answer);
        assert_eq!(code(entry.may_add(&state, b"three", 2)), Code::SessionFull);
        state.use_up();
        assert_eq!(code(entry.may_add(&state, b"four", 9)), Code::SessionUsed);
    }
}
