//! A connection as a stream whose reads end when a request head is too long in coming, or too
//! many HTTP/2 frames come that ask for nothing.
//!
//! The proxy library bounds each single read, so that a byte now and then keeps a head open for ever.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use pingora::http::ResponseHeader;
use pingora::prelude::*;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, IO, Peek, Shutdown, SocketDigest, Ssl, TimingDigest,
    UniqueID, UniqueIDType, http::ServerSession, raw_connect::ProxyDigest, tls,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use crate::{
    edge::{
        connections::{RequestCaps, Slot},
        frames::Frames,
        settings::Limits,
    },
    metrics::{
        Metrics,
        words::{ConnectionEnd, RequestRefusal},
    },
};

/// How far the requests of one connection are: told by their phases, read by its stream. The connection keeps
/// its place until the last of them has ended, which over HTTP/2 may be after itself.
#[derive(Debug)]
struct Progress {
    heads: AtomicU64,
    ended: AtomicU64,
    slot: Slot,
}

impl Progress {
    /// The number of the head that is awaited; `None` while a request is being served.
    fn awaited(&self) -> Option<u64> {
        let heads = self.heads.load(Ordering::Relaxed);
        (self.ended.load(Ordering::Relaxed) == heads).then_some(heads)
    }
}

/// A request whose head has arrived whole. It has ended when this is dropped, also where an exchange is
/// ended from outside and none of its later phases runs.
#[derive(Debug)]
pub struct Underway {
    connection: Arc<Progress>,
    /// Whether room was taken for it.
    served: bool,
}

impl Underway {
    /// Begins the request, on the connection that it came on.
    #[must_use]
    pub fn of(session: &ServerSession) -> Option<Self> {
        let progress: &Arc<Progress> = session.digest()?.proxy_digest.as_ref()?.user_data.as_ref()?.downcast_ref()?;
        progress.heads.fetch_add(1, Ordering::Relaxed);
        Some(Self { connection: Arc::clone(progress), served: false })
    }

    /// Takes room for it among those that are served, for as long as it lasts; it waits at most so long where its client has none.
    ///
    /// # Errors
    /// Which limit is reached.
    pub async fn serve(&mut self, limits: &Limits, wait: Duration) -> std::result::Result<(), RequestRefusal> {
        let caps =
            RequestCaps { total: limits.requests_in_flight, per_client: limits.requests_in_flight_per_client, wait };
        self.connection.slot.take_request(caps).await?;
        self.served = true;
        Ok(())
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if self.served {
            self.connection.slot.give_request_back();
        }
        self.connection.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// How long a head may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until its first byte.
    pub idle: Duration,
    /// From its first byte to its last.
    pub header: Duration,
}

/// The wait for one head.
#[derive(Debug)]
struct Wait {
    /// Which.
    head: u64,
    since: Instant,
    first_byte: Option<Instant>,
}

/// A stream that reads as ended once a head took too long, or frames asked for nothing too often.
#[derive(Debug)]
pub struct Patient<S> {
    inner: S,
    progress: Arc<Progress>,
    /// Carries the progress to the phases of the requests: the library hands on this digest only.
    digest: Arc<ProxyDigest>,
    patience: Patience,
    /// Over HTTP/2 bytes may come that are no head's.
    frames: Option<Frames>,
    wait: Wait,
    /// Fires at or before the deadline; set anew only then, not with every request.
    timer: Option<Pin<Box<Sleep>>>,
    ended: bool,
    metrics: Arc<Metrics>,
}

impl<S: IO> Patient<S> {
    /// The stream from now on.
    ///
    /// # Errors
    /// None that is known: what the library says over an answer head without a line.
    pub fn new(inner: S, patience: Patience, slot: Slot, metrics: Arc<Metrics>) -> Result<Self> {
        let progress = Arc::new(Progress { heads: AtomicU64::new(0), ended: AtomicU64::new(0), slot });
        let nothing = Box::new(ResponseHeader::build(200, Some(0))?);
        let digest = ProxyDigest::new(nothing, Some(Box::new(Arc::clone(&progress))));
        let frames = matches!(inner.selected_alpn_proto(), Some(ALPN::H2)).then(Frames::default);
        Ok(Self {
            inner,
            progress,
            digest: Arc::new(digest),
            patience,
            frames,
            wait: Wait { head: 0, since: Instant::now(), first_byte: None },
            timer: None,
            ended: false,
            metrics,
        })
    }

    /// When the head that is awaited is too late.
    fn deadline(&self) -> Instant {
        if self.frames.is_some() {
            return self.wait.since + self.patience.idle + self.patience.header;
        }
        match self.wait.first_byte {
            None => self.wait.since + self.patience.idle,
            Some(first) => first + self.patience.header,
        }
    }

    /// Notes that the head did not come in time; reads end from now on.
    fn expire(&mut self) {
        let begun = self.wait.first_byte.is_some() && !(self.frames.is_some() && self.wait.head > 0);
        let end = if begun { ConnectionEnd::Head } else { ConnectionEnd::Idle };
        self.end(end);
    }

    /// Over HTTP/2 the client makes room again for what it is sent.
    fn note_sent(&mut self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let (Some(frames), Poll::Ready(Ok(written))) = (&mut self.frames, &polled) {
            frames.sent(*written);
        }
        polled
    }

    /// Reads end from now on.
    fn end(&mut self, end: ConnectionEnd) {
        self.ended = true;
        self.metrics.connection_ended(end);
    }

    /// Ready once the deadline has passed.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl<S: IO> AsyncRead for Patient<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(context, buffer);
        if let Some(frames) = &mut this.frames
            && !frames.allows(buffer.filled().get(before..).unwrap_or_default())
        {
            buffer.set_filled(before);
            this.end(ConnectionEnd::Frames);
            return Poll::Ready(Ok(()));
        }
        let Some(head) = this.progress.awaited() else { return polled };
        if head != this.wait.head {
            this.wait = Wait { head, since: Instant::now(), first_byte: None };
        }
        match polled {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                let now = Instant::now();
                if now >= this.deadline() && this.wait.first_byte.is_some() {
                    buffer.set_filled(before);
                    this.expire();
                }
                this.wait.first_byte.get_or_insert(now);
                polled
            }
            Poll::Ready(_) => polled,
            Poll::Pending => {
                ready!(this.poll_deadline(context));
                this.expire();
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<S: IO> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write(context, bytes);
        this.note_sent(polled)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write_vectored(context, slices);
        this.note_sent(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[async_trait]
impl<S: IO> Shutdown for Patient<S> {
    async fn shutdown(&mut self) {
        Shutdown::shutdown(&mut self.inner).await;
    }
}

impl<S: IO> UniqueID for Patient<S> {
    fn id(&self) -> UniqueIDType {
        self.inner.id()
    }
}

impl<S: IO> Ssl for Patient<S> {
    fn get_ssl(&self) -> Option<&tls::TlsRef> {
        self.inner.get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<tls::SslDigest>> {
        self.inner.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.selected_alpn_proto()
    }
}

impl<S: IO> GetTimingDigest for Patient<S> {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_timing_digest()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.inner.get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.inner.get_write_pending_time()
    }
}

impl<S: IO> GetProxyDigest for Patient<S> {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        Some(Arc::clone(&self.digest))
    }
}

impl<S: IO> GetSocketDigest for Patient<S> {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_socket_digest()
    }
}

#[async_trait]
impl<S: IO> Peek for Patient<S> {}
