//! The cost of a decision with 10 routes and with 10,000, in one run: rounds alternate, so that both
//! meet the same machine. Prints nanoseconds a decision and the ratio; `--check` exits 1 above 2. Then what it costs
//! to read one path, from a plain one to the costliest that a client can send.

use std::{hint::black_box, io::Write, net::Ipv4Addr, process::ExitCode, time::Instant};

use http::{HeaderMap, Method};
use stepgate::{
    clock::UnixTime,
    policy::{
        BodyView, FactorKind, Facts, PathPattern, Requirement, Route, Routes, StampFacts, Visitor, decide, rule::Match,
    },
    request::{AnswerCookies, Head, Scheme},
    target::Target,
};

const ROUNDS: u32 = 40;
const DECISIONS: u32 = 3_000;

/// An open path, a guarded one, and one that is written oddly.
const TARGETS: [&str; 3] = ["/news/2026/latest", "/area7/pay", "/area7/%70ay;v=1?x=1"];

fn routes(count: usize) -> Routes {
    let route = |at: usize| {
        let path = PathPattern::parse(&format!("/area{at}/pay")).unwrap_or_else(|_| PathPattern::everything());
        let pattern = Match { path, methods: vec![Method::POST], host: None, fields: Vec::new() };
        Route::plain(&format!("route-{at}"), vec![pattern], Requirement::Session)
    };
    Routes::compile((0..count).map(route).collect(), Requirement::None)
}

/// Nanoseconds a decision over the mix.
fn measure(routes: &Routes) -> f64 {
    let (method, headers) = (Method::POST, HeaderMap::new());
    let client = Ipv4Addr::LOCALHOST.into();
    let now = UnixTime::from_secs(1_700_000_000);
    let stamp = Some(StampFacts { auth_time: now, fresh_time: None, by: FactorKind::App });
    let facts = Facts { now, visitor: Visitor::Player, stamp, approved: None, account: None };
    let answer_cookies = AnswerCookies::default();
    let begun = Instant::now();
    for _ in 0..DECISIONS {
        for raw in TARGETS {
            let Ok(target) = Target::parse(black_box(raw).as_bytes()) else { continue };
            let head = Head {
                method: &method,
                target: &target,
                host: "play.example",
                scheme: Scheme::Https,
                version: http::Version::HTTP_11,
                headers: &headers,
                client,
                peer: client,
                answer_cookies: &answer_cookies,
            };
            let landing = routes.land(&head, BodyView::Unread);
            black_box(decide(&landing, &head, &facts));
        }
    }
    begun.elapsed().as_nanos() as f64 / f64::from(DECISIONS * TARGETS.len() as u32)
}

/// A plain path, an asset, one that is written oddly, one with as many readings as may be, and two of many segments.
fn paths() -> [(&'static str, String); 6] {
    [
        ("plain", "/wallet/withdraw".to_owned()),
        ("asset", "/assets/app.min.css".to_owned()),
        ("odd", "/area7/%70ay;v=1".to_owned()),
        ("of many forms", "/image/fetch/https%3A%2F%2Fx.example%2F%2E%2E%2Fa%3Bb%252F%2520c//e.jpg/".to_owned()),
        ("of 2,000 segments", format!("/%2f;//%20.{}", "/(".repeat(1_990))),
        ("of 2,700 segments with dots", format!("/%2f;b{}", "/.a".repeat(2_700))),
    ]
}

/// Nanoseconds to read a path.
fn measure_reading(path: &str) -> f64 {
    let times = if path.len() > 100 { 10 } else { DECISIONS };
    let begun = Instant::now();
    for _ in 0..times {
        let _ = black_box(Target::parse(black_box(path).as_bytes()));
    }
    begun.elapsed().as_nanos() as f64 / f64::from(times)
}

fn main() -> ExitCode {
    let (few, many) = (routes(10), routes(10_000));
    let (mut with_few, mut with_many) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        with_few = with_few.min(measure(&few));
        with_many = with_many.min(measure(&many));
    }
    let ratio = with_many / with_few;
    let line = format!("decide: 10 routes {with_few:.0} ns, 10,000 routes {with_many:.0} ns, ratio {ratio:.2}\n");
    let _ = std::io::stdout().write_all(line.as_bytes());
    for (name, path) in paths() {
        let took = (0..ROUNDS).map(|_| measure_reading(&path)).fold(f64::MAX, f64::min);
        let readings = Target::parse(path.as_bytes()).map(|target| target.readings().count());
        let what = readings.map_or_else(|_| "refused".to_owned(), |count| format!("{count} readings"));
        let line = format!("reading, {name}: {took:.0} ns, {what}\n");
        let _ = std::io::stdout().write_all(line.as_bytes());
    }
    let check = std::env::args().any(|argument| argument == "--check");
    if check && ratio > 2.0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
