//! Bodies of answers: texts, and streams that go on as long as the crawl does.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::board::{Board, Next};
use super::status::status;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Reply {
    /// `None` once it is sent.
    Text(Option<Bytes>),
    Events(Events),
    Records(Records),
}

/// The status with each look at the crawl, as server-sent events (HTML Standard, section 9.2).
#[derive(Debug)]
pub(super) struct Events {
    board: Arc<Board>,
    /// The look that was told last.
    seen: Option<u64>,
    is_over: bool,
}

/// Records as they are settled, a line each.
#[derive(Debug)]
pub(super) struct Records {
    board: Arc<Board>,
    next: u64,
}

impl Reply {
    pub(super) fn text(text: impl Into<Bytes>) -> Self {
        Self::Text(Some(text.into()))
    }

    pub(super) fn events(board: &Arc<Board>) -> Self {
        Self::Events(Events { board: Arc::clone(board), seen: None, is_over: false })
    }

    pub(super) fn records(board: &Arc<Board>) -> Self {
        Self::Records(Records { board: Arc::clone(board), next: board.follow() })
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match self.get_mut() {
            Self::Text(text) => Poll::Ready(text.take().filter(|text| !text.is_empty())),
            Self::Events(events) => events.next(cx),
            Self::Records(records) => records.next(cx),
        };
        next.map(|next| next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Text(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Self::Events(_) | Self::Records(_) => SizeHint::default(),
        }
    }
}

impl Events {
    fn next(&mut self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let mut written = self.board.written();
        if self.seen == Some(written.looks) {
            written.wait(cx.waker());
            return Poll::Pending;
        }
        self.seen = Some(written.looks);
        self.is_over = written.ended.is_some();
        drop(written);
        let event = if self.is_over { "end" } else { "status" };
        Poll::Ready(Some(format!("event: {event}\ndata: {}\n\n", status(&self.board)).into()))
    }
}

impl Records {
    fn next(&mut self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        match self.board.written().line(self.next, cx.waker(), Instant::now()) {
            Next::Line(line) => {
                self.next += 1;
                Poll::Ready(Some(line))
            }
            Next::Missed(missed) => {
                self.next += missed;
                Poll::Ready(Some(format!("{{\"missed\":{missed}}}\n").into()))
            }
            Next::Later => Poll::Pending,
            Next::Ended => Poll::Ready(None),
        }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.board.leave();
    }
}
