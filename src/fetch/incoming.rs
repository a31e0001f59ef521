//! Incoming: a response whose body is still on its way, and the deadlines for it.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Version};
use hyper::body::{Body as _, Frame};
use tokio::time::{Instant, timeout_at};

use super::Options;
use super::body::Collector;
use super::budget::Growing;
use super::coding::Stop;
use super::decode::Decoder;
use super::failure::{self, Phase};
use crate::exchange::{BodyEnd, RawBody};
use crate::outcome::{Failure, FailureKind};
use crate::request::{Purpose, Request};
use crate::response::Body;
use crate::units::format_size;

/// A response whose body is still on its way.
pub(super) struct Incoming {
    pub(super) response: http::Response<reqwest::Body>,
    /// The header lines that this request was given, when its exchange is kept.
    pub(super) own: Option<HeaderMap>,
    /// When the whole request has to be over.
    pub(super) end: Instant,
    pub(super) deadlines: Deadlines,
}

/// The four deadlines, each at most [`LONGEST`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
    pub(super) idle: Duration,
    pub(super) whole: Duration,
}

impl Incoming {
    /// Reads the body: of a page to its end, and a longer one than the limit is a failure; else its start, up to the limit.
    /// Also how many bytes it had.
    pub(super) async fn read(
        mut self,
        decoder: Option<Decoder>,
        limit: u64,
        request: &Request,
        mut growing: Growing,
    ) -> (Body, RawBody, u64) {
        let (expected, is_page) = (self.length(), request.purpose == Purpose::Page);
        if let Some(length) = expected.filter(|length| is_page && decoder.is_none() && *length > limit) {
            let message = format!("the body is {} long; at most {} are read", format_size(length), format_size(limit));
            return (Body::Failed(Failure::new(FailureKind::TooLarge, message)), RawBody::default(), 0);
        }
        let mut collector = Collector::new(decoder, expected, limit);
        if request.keep_exchange {
            collector = collector.keep_raw();
        }
        let collected = self.collect(&mut collector, &mut growing).await;
        let taken = collector.taken();
        let (body, raw) = collector.into_parts(growing.keep());
        let body = match collected {
            Ok(Ok(())) => Body::Read(body),
            Ok(Err(Stop::Full)) if !is_page => Body::Read(body),
            Ok(Err(stop)) => Body::Failed(stopped(stop, limit)),
            Err(failure) => Body::Failed(failure),
        };
        (body, raw, taken)
    }

    async fn collect(&mut self, collector: &mut Collector, growing: &mut Growing) -> Result<Result<(), Stop>, Failure> {
        let length = self.length();
        while let Some(chunk) = self.chunk(collector.taken(), length).await? {
            let asked = Instant::now();
            if growing.grow(chunk.len() as u64).await {
                // Nobody but this process has been waited for.
                self.end += asked.elapsed();
            }
            let pushed = collector.push(chunk);
            growing.set(collector.held() as u64);
            if let Err(stop) = pushed {
                return Ok(Err(stop));
            }
        }
        let finished = collector.finish();
        growing.set(collector.held() as u64);
        Ok(finished)
    }

    async fn chunk(&mut self, taken: u64, length: Option<u64>) -> Result<Option<Bytes>, Failure> {
        let pause = Instant::now() + self.deadlines.idle;
        match timeout_at(self.end.min(pause), self.data()).await {
            // A stream that the server ends, saying that nothing is wrong, is no whole body (RFC 9113, sections 8.1 and
            // 8.1.1), but hyper takes it for one.
            Ok(Ok(None)) if !self.is_whole() => Err(failure::cut_off(taken, length)),
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(failure::classify(&error, Phase::Body { taken, length })),
            Err(_) if self.end <= pause => Err(failure::too_slow(self.deadlines.whole)),
            Err(_) => Err(failure::paused(self.deadlines.idle)),
        }
    }

    /// The next data of the body; `None` behind its end. Cancel safe.
    async fn data(&mut self) -> reqwest::Result<Option<Bytes>> {
        loop {
            let frame = poll_fn(|cx| Pin::new(self.response.body_mut()).poll_frame(cx)).await.transpose()?;
            match frame.map(Frame::into_data) {
                None => return Ok(None),
                Some(Ok(data)) => return Ok(Some(data)),
                // Trailers.
                Some(Err(_)) => {}
            }
        }
    }

    /// How long the body is, or what is left of it, when that is known.
    fn length(&self) -> Option<u64> {
        self.response.body().size_hint().exact()
    }

    /// Whether a body that has come to its end was ended by who sent it.
    fn is_whole(&self) -> bool {
        self.response.version() != Version::HTTP_2 || self.response.body().is_end_stream()
    }

    /// Leaves a body that nobody wants. A short one is read to its end, so that the connection can be used again: of
    /// redirects, that is nearly every one. A longer one costs less as a new connection. What was read is kept for the
    /// exchange, if that is asked for.
    pub(super) async fn leave(mut self, request: &Request) -> RawBody {
        let length = self.length();
        let costs_nothing = self.response.version() == Version::HTTP_2 && !request.keep_exchange;
        if costs_nothing || length.is_some_and(|length| length > MAX_LEFT) {
            return RawBody::default();
        }
        let end = self.end.min(Instant::now() + LEAVE_TIME);
        let (mut taken, mut raw) = (0, Vec::new());
        let end = loop {
            match timeout_at(end, self.data()).await {
                Ok(Ok(Some(chunk))) => {
                    taken += chunk.len() as u64;
                    if taken > MAX_LEFT {
                        break BodyEnd::Cut;
                    }
                    if request.keep_exchange {
                        raw.extend_from_slice(&chunk);
                    }
                }
                Ok(Ok(None)) if self.is_whole() => break BodyEnd::Whole,
                _ => break BodyEnd::Cut,
            }
        };
        RawBody::new(Bytes::from(raw), end)
    }
}

impl Deadlines {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            connect: options.connect_timeout,
            first_byte: options.first_byte_timeout.min(LONGEST),
            idle: options.idle_timeout.min(LONGEST),
            whole: options.timeout.min(LONGEST),
        }
    }

    /// The head did not come in time.
    pub(super) fn no_head(self) -> Failure {
        if self.whole < self.first_byte { failure::too_slow(self.whole) } else { failure::no_headers(self.first_byte) }
    }
}

/// Why a body is none: it is too long, or cannot be decoded.
pub(super) fn stopped(stop: Stop, limit: u64) -> Failure {
    match stop {
        Stop::Full => Failure::new(FailureKind::TooLarge, format!("the body is longer than {}", format_size(limit))),
        Stop::Damaged(message) => Failure::new(FailureKind::Decode, message),
    }
}

/// The longest unwanted body that is read for the sake of its connection.
const MAX_LEFT: u64 = 16 << 10;
/// How long that may take.
const LEAVE_TIME: Duration = Duration::from_secs(1);
/// Keeps sums of instants in range.
const LONGEST: Duration = Duration::from_hours(24 * 365);
