//! A PostgreSQL connection with a hand on the wire: every statement is seen, and one that is named
//! beforehand is cut off before it arrives or after it was done, or the server falls silent.
//!
//! Speaks as much of PostgreSQL's protocol (version 3) as it takes to tell statements apart.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    task::{JoinHandle, JoinSet},
};

/// How a statement is cut off: its connection is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the server has it.
    Before,
    /// After the server has done it, before its answer.
    After,
}

/// How a server keeps silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It says nothing to anybody, like one that lost its power.
    Wholly,
    /// It takes connections and says that it is there, and never answers a statement.
    AtStatements,
}

/// Requests of a client that come before its first statement (PostgreSQL, "Message Formats").
const CANCEL: u32 = 80_877_102;
const TLS: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
/// The largest message that is passed on.
const LARGEST: usize = 16 << 20;

/// What is seen, and what is to happen.
#[derive(Default)]
struct Hand {
    /// The statements since the last look, as far as they count.
    seen: Vec<String>,
    armed: Option<(usize, Cut)>,
    silence: Option<Silence>,
    /// How often it fell wholly silent: connections of before are never answered again.
    silences: u32,
}

/// Decides whether a statement counts, by its text.
type Counts = fn(&str) -> bool;

/// A relay before a server; it ends with its value.
pub struct Relay {
    pub address: SocketAddr,
    hand: Arc<Mutex<Hand>>,
    server: JoinHandle<()>,
}

impl Relay {
    /// Listens before the server at `behind`.
    pub async fn before(behind: SocketAddr, counts: Counts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hand = Arc::new(Mutex::new(Hand::default()));
        let seen = Arc::clone(&hand);
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(relay(stream, behind, Arc::clone(&seen), counts));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, hand, server }
    }

    /// The statement with this index from now on is cut off so.
    pub fn arm(&self, index: usize, cut: Cut) {
        let mut hand = self.hand.lock().unwrap();
        (hand.seen, hand.armed) = (Vec::new(), Some((index, cut)));
    }

    /// Whether the armed statement has come.
    pub fn has_cut(&self) -> bool {
        self.hand.lock().unwrap().armed.is_none()
    }

    /// The statements since it was armed; none is cut off any more.
    pub fn disarm(&self) -> Vec<String> {
        let mut hand = self.hand.lock().unwrap();
        hand.armed = None;
        std::mem::take(&mut hand.seen)
    }

    /// From now on it keeps silent, on connections that are there and on new ones.
    pub fn fall_silent(&self, silence: Silence) {
        let mut hand = self.hand.lock().unwrap();
        hand.silence = Some(silence);
        hand.silences += u32::from(silence == Silence::Wholly);
    }

    /// New connections are answered again; those of before stay as they are, like those to a server that
    /// lost its power.
    pub fn speak_again(&self) {
        self.hand.lock().unwrap().silence = None;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn relay(mut client: TcpStream, behind: SocketAddr, hand: Arc<Mutex<Hand>>, counts: Counts) {
    client.set_nodelay(true).unwrap();
    let since = hand.lock().unwrap().silences;
    let Some(startup) = first_message(&mut client).await else { return };
    silence(&hand, since, false).await;
    let Ok(mut server) = TcpStream::connect(behind).await else { return };
    server.set_nodelay(true).unwrap();
    if server.write_all(&startup).await.is_err() {
        return;
    }
    // The end of the startup says that the server is ready, too.
    let rounds = Rounds { asked: 1, ready: 0, is_cut: false };
    let line = Line { hand, since, counts, rounds: Mutex::new(rounds) };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    tokio::select! {
        () = line.statements(&mut from_client, &mut to_server) => {}
        () = line.answers(&mut from_server, &mut to_client) => {}
    }
    // Where it was cut off, at once and not as an end of the conversation.
    let _ = client.set_zero_linger();
}

/// Waits for ever where nothing is answered.
async fn silence(hand: &Mutex<Hand>, since: u32, is_statement: bool) {
    let is_silent = {
        let hand = hand.lock().unwrap();
        match hand.silence {
            _ if hand.silences != since => true,
            Some(Silence::Wholly) => true,
            Some(Silence::AtStatements) => is_statement,
            None => false,
        }
    };
    if is_silent {
        std::future::pending::<()>().await;
    }
}

/// The message with which a client begins, once it is the one that goes to the server: it is told that
/// there is no encryption here.
async fn first_message(client: &mut TcpStream) -> Option<Vec<u8>> {
    loop {
        let length = client.read_u32().await.ok()?;
        let mut body = vec![0; usize::try_from(length).ok()?.checked_sub(4).filter(|size| *size <= LARGEST)?];
        client.read_exact(&mut body).await.ok()?;
        match u32::from_be_bytes(body.get(..4)?.try_into().ok()?) {
            TLS | GSS => client.write_all(b"N").await.ok()?,
            CANCEL => return None,
            _ => return Some([&length.to_be_bytes()[..], &body].concat()),
        }
    }
}

/// How often the server was asked to say that it is ready, how often it did, and whether its answers go
/// nowhere any more.
struct Rounds {
    asked: u64,
    ready: u64,
    is_cut: bool,
}

struct Line {
    hand: Arc<Mutex<Hand>>,
    /// How often it had fallen silent when this connection began.
    since: u32,
    counts: Counts,
    rounds: Mutex<Rounds>,
}

impl Line {
    /// Passes on what the client says, until it ends or is cut off before a statement.
    async fn statements(&self, client: &mut ReadHalf<'_>, server: &mut WriteHalf<'_>) {
        let mut prepared: HashMap<Vec<u8>, String> = HashMap::new();
        let mut bound = String::new();
        while let Some((kind, message)) = next(client).await {
            // All but the end of a round, by which a client also asks whether the server is there.
            silence(&self.hand, self.since, kind != b'S').await;
            let mut texts = message[5..].split(|byte| *byte == 0);
            let mut text = || String::from_utf8_lossy(texts.next().unwrap_or_default()).into_owned();
            let statement = match kind {
                b'P' => {
                    let name = text().into_bytes();
                    prepared.insert(name, text());
                    None
                }
                b'B' => {
                    text();
                    bound = prepared.get(text().as_bytes()).cloned().unwrap_or_default();
                    None
                }
                b'E' => Some(bound.clone()),
                b'Q' => Some(text()),
                _ => None,
            };
            match statement.and_then(|statement| self.cut(statement)) {
                Some(Cut::Before) => return,
                Some(Cut::After) => self.rounds.lock().unwrap().is_cut = true,
                None => {}
            }
            if matches!(kind, b'Q' | b'S') {
                self.rounds.lock().unwrap().asked += 1;
            }
            if server.write_all(&message).await.is_err() {
                return;
            }
        }
    }

    /// Notes a statement; how it is cut off, if it is the one.
    fn cut(&self, statement: String) -> Option<Cut> {
        if !(self.counts)(&statement) {
            return None;
        }
        let mut hand = self.hand.lock().unwrap();
        let index = hand.seen.len();
        hand.seen.push(statement);
        hand.armed.take_if(|(at, _)| *at == index).map(|(_, cut)| cut)
    }

    /// Passes on what the server says, until it ends or has done the statement that is cut off after.
    async fn answers(&self, server: &mut ReadHalf<'_>, client: &mut WriteHalf<'_>) {
        while let Some((kind, message)) = next(server).await {
            silence(&self.hand, self.since, false).await;
            let is_cut = {
                let mut rounds = self.rounds.lock().unwrap();
                rounds.ready += u64::from(kind == b'Z');
                if rounds.is_cut && rounds.ready >= rounds.asked && kind == b'Z' {
                    return;
                }
                rounds.is_cut
            };
            if !is_cut && client.write_all(&message).await.is_err() {
                return;
            }
        }
    }
}

/// The next message: its kind, and its bytes with kind and length.
async fn next(from: &mut ReadHalf<'_>) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head).await.ok()?;
    let length = usize::try_from(u32::from_be_bytes([head[1], head[2], head[3], head[4]])).ok()?;
    if !(4..=LARGEST).contains(&length) {
        return None;
    }
    let mut message = head.to_vec();
    message.resize(1 + length, 0);
    from.read_exact(&mut message[5..]).await.ok()?;
    Some((head[0], message))
}
