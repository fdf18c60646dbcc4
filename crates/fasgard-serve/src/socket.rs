//! A connection that neither waits for ever for a slow reader nor cuts off its own last answer, and
//! that refuses what is not HTTP like everything else.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use crate::{Code, refused, service::Service};

/// How long a closing connection still takes what the client sends.
const LINGER: Duration = Duration::from_secs(2);
/// How much of it, in bytes.
const LINGER_BYTES: usize = 32 << 20;
/// How often what came is read before a last word.
const UNREAD_READS: usize = 16;

/// A socket with two limits that HTTP itself does not set, and a document for its bare refusals.
///
/// - A client that does not read its answer holds memory: after `patience` without progress the
///   connection fails.
/// - A refused client may still be sending. Closing at once would make the system drop the answer
///   before the client reads it, so what comes is read and thrown away for a moment first.
/// - What the transport cannot read as HTTP it refuses by a head alone, before there is a request:
///   a problem document is sent in its place.
/// - Where the transport ends a connection without a word before anything was answered on it, [`LastWord`] is
///   said for it. Later it is not: what is left unread then may be the rest of a body, and a document that nobody
///   asked for would be taken for the answer to the next request.
pub(crate) struct Socket {
    stream: TcpStream,
    service: Arc<Service>,
    last_word: LastWord,
    /// Something came, and no answer was begun yet.
    asked: bool,
    answered: bool,
    patience: Duration,
    document: Option<Document>,
    stalled: Option<Pin<Box<Sleep>>>,
    closing: Option<Closing>,
}

/// What is still to be said to a client whose connection is given up.
pub(crate) type LastWord = Arc<OnceLock<Code>>;

/// What is sent in place of a bare refusal.
struct Document {
    bytes: Vec<u8>,
    sent: usize,
    /// Length of the refusal, which counts as written once the document is.
    replaced: usize,
}

struct Closing {
    over: Pin<Box<Sleep>>,
    left: usize,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, service: Arc<Service>, last_word: LastWord) -> Self {
        Self {
            stream,
            last_word,
            asked: false,
            answered: false,
            patience: service.config.body_time(),
            service,
            document: None,
            stalled: None,
            closing: None,
        }
    }

    /// Passes progress on; where there is none, fails once the patience is over.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.stalled = None;
            return progress;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Socket {
    /// Writes bytes, or the document in their place.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.document.is_none()
            && let Some(code) = refused::bare(bytes)
        {
            self.document = Some(Document {
                bytes: self.service.refuse_unread(code),
                sent: 0,
                replaced: bytes.len(),
            });
        }
        while let Some(document) = &mut self.document {
            let left = &document.bytes[document.sent..];
            if left.is_empty() {
                let replaced = document.replaced;
                self.document = None;
                return Poll::Ready(Ok(replaced));
            }
            match std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => document.sent += count,
            }
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let progress = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.asked |= !self.answered && buffer.filled().len() > before;
        progress
    }
}

impl Drop for Socket {
    /// Says the last word to a client that asked for something and heard nothing. It is not waited for:
    /// a system that does not take these few bytes at once has a client that does not read.
    fn drop(&mut self) {
        if let (true, Some(code)) = (self.asked, self.last_word.get()) {
            // What came meanwhile would make the system drop the document with the connection.
            let mut waste = [0; 8192];
            let mut left = UNREAD_READS;
            while left > 0 && self.stream.try_read(&mut waste).is_ok_and(|n| n > 0) {
                left -= 1;
            }
            let _ = self.stream.try_write(&self.service.refuse_unread(*code));
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        (self.asked, self.answered) = (false, true);
        let progress = self.poll_send(cx, bytes);
        self.watch(cx, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        (self.asked, self.answered) = (false, true);
        let progress = match parts {
            // A head without a body: it may be a bare refusal.
            [only] => self.poll_send(cx, only),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, parts),
        };
        self.watch(cx, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.closing.is_none() {
            std::task::ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let closing = this.closing.get_or_insert_with(|| Closing {
            over: Box::pin(tokio::time::sleep_until(Instant::now() + LINGER)),
            left: LINGER_BYTES,
        });
        let mut waste = [0; 8192];
        loop {
            if closing.left == 0 || closing.over.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                // The client has ended too, or is gone.
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    closing.left = closing.left.saturating_sub(buffer.filled().len());
                }
            }
        }
    }
}
