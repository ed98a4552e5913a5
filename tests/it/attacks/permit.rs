//! Nothing leaves without a permit for exactly it: the library's last two phases, called as it calls them,
//! in states that no request of ours can come into.

use http::Method;
use pingora::http::RequestHeader;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::{ProxyHttp, Session};
use stepgate::{
    edge::{
        context::Context,
        gateway::Gateway,
        intake::{self, Connection, Intake},
    },
    flow::gate::Passage,
    policy::Permit,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use super::edge;
use crate::{
    kit::{TestSite, install_crypto},
    torture::world::{self, HOST, World},
};

const PREFLIGHT: &str = "Origin: http://127.0.0.1:8080\r\nAccess-Control-Request-Method: POST\r\n";

struct Phases {
    gateway: Gateway,
    session: Session,
    context: Box<Context>,
    _site: TestSite,
    _client: TcpStream,
}

/// A preflight that was read and not looked at yet.
async fn read() -> Phases {
    install_crypto();
    let (world, site) = (World::new().await, TestSite::start().await);
    let mut settings = world::configuration().edge;
    settings.upstream.servers = vec![site.address.to_string()];
    let gateway = edge::gateway(&world, &settings).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    client.write_all(format!("OPTIONS /a?b HTTP/1.1\r\nHost: {HOST}\r\n{PREFLIGHT}\r\n").as_bytes()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut session = Session::new_h1(Box::new(Stream::from(stream)));
    assert!(session.read_request().await.unwrap());
    let context = gateway.new_ctx();
    Phases { gateway, session, context, _site: site, _client: client }
}

impl Phases {
    fn examined(&self) -> Intake {
        let live = &self.context.live;
        let connection = Connection {
            peer: [127, 0, 0, 1].into(),
            tls: false,
            raw_head: None,
            trusted_proxies: &[],
            hosts: &live.rules.site.hosts,
            limits: live.limits,
        };
        let head = self.session.req_header();
        intake::examine(head, head.raw_path(), connection).unwrap()
    }

    /// The permit for the preflight that was read.
    fn permitted(&mut self) {
        let intake = self.examined();
        let head = self.session.req_header();
        let permit = Permit::for_preflight(&intake.head(&head.method, &head.headers)).unwrap();
        self.context.intake = Some(intake);
        self.context.passage = Some(Box::new(Passage::anonymous(permit)));
    }

    async fn finds_a_server(&mut self) -> bool {
        self.gateway.upstream_peer(&mut self.session, &mut self.context).await.is_ok()
    }

    /// Whether this goes out as the request that was read.
    async fn lets_out(&mut self, outbound: &mut RequestHeader) -> bool {
        let let_out = self.gateway.upstream_request_filter(&mut self.session, outbound, &mut self.context).await;
        let_out.is_ok() && self.context.sent_at.is_some()
    }

    fn outbound(&self) -> RequestHeader {
        self.session.req_header().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_permit_no_server_is_chosen_and_nothing_leaves() {
    let mut phases = read().await;
    let mut outbound = phases.outbound();
    assert!(!phases.finds_a_server().await, "nothing was decided");
    assert!(!phases.lets_out(&mut outbound).await, "nothing was examined");
    phases.context.intake = Some(phases.examined());
    assert!(!phases.finds_a_server().await, "it was examined and not allowed");
    assert!(!phases.lets_out(&mut outbound).await, "it was examined and not allowed");
    phases.permitted();
    assert!(phases.finds_a_server().await && phases.lets_out(&mut outbound).await);
    for name in ["host", "x-forwarded-host"] {
        assert_eq!(outbound.headers[name], HOST, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_lets_out_the_one_request_that_it_names() {
    let mut phases = read().await;
    phases.permitted();
    let mut other = phases.outbound();
    other.set_method(Method::DELETE);
    assert!(!phases.lets_out(&mut other).await, "another method");
    for target in ["/a", "/a?c", "/b?b", "/A?b", "/a?b&c", "//a?b"] {
        let mut other = phases.outbound();
        other.set_raw_path(target.as_bytes()).unwrap();
        assert!(!phases.lets_out(&mut other).await, "{target}");
    }
    let mut elsewhere = phases.examined();
    elsewhere.host = "evil.example".to_owned();
    let intake = phases.context.intake.replace(elsewhere).unwrap();
    let mut outbound = phases.outbound();
    assert!(!phases.lets_out(&mut outbound).await, "for another host than was matched");
    phases.context.intake = Some(intake);
    let mut outbound = phases.outbound();
    assert!(phases.lets_out(&mut outbound).await);
}
