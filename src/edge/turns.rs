//! Connections to the site for requests that ask for an upgrade.
//!
//! The proxy library takes the end of a request's (empty) body for the end of the tunnel, if the site's
//! 101 is read before that end was passed on: of two branches that are ready it takes either. Where
//! the first read after a write waits for one turn, the other branch always comes first.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use pingora::connectors::l4::Connect;
use pingora::prelude::*;
use pingora::protocols::l4::{
    socket::SocketAddr as Address,
    stream::Stream,
    virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Connects within this time.
#[derive(Debug)]
pub struct InTurn(pub Duration);

#[async_trait]
impl Connect for InTurn {
    async fn connect(&self, address: &Address) -> Result<Stream> {
        let address: &SocketAddr = address.as_inet().or_err(ConnectError, "a server of the site is no TCP address")?;
        let connected = tokio::time::timeout(self.0, TcpStream::connect(address)).await;
        let stream = connected.or_err(ConnectTimedout, "too slow")?.or_err(ConnectRefused, "not connected")?;
        let socket = TurnSocket { stream, owes_a_turn: false };
        Ok(VirtualSocketStream::new(Box::new(socket)).into())
    }
}

#[derive(Debug)]
struct TurnSocket {
    stream: TcpStream,
    /// Whether something was written since the last read.
    owes_a_turn: bool,
}

impl VirtualSocket for TurnSocket {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.stream.set_nodelay(true),
            // Probes are not asked for on any server of the site, nor is any option yet unknown.
            VirtualSockOpt::KeepAlive(_) | _ => Ok(()),
        }
    }
}

impl AsyncRead for TurnSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.owes_a_turn) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for TurnSocket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.owes_a_turn = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
