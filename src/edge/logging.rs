//! Where log lines go: JSON on standard error, one a line, times in RFC 3339 UTC.

use log::{Level, LevelFilter, Log, Metadata, Record};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt};

/// Sends every line as JSON to standard error, ours from `level` on, those of libraries from `warn`
/// on: below it the proxy library prints whole headers, cookies with them. A second call changes
/// nothing.
pub fn init(level: &str) {
    let filter = EnvFilter::new(format!("warn,stepgate={level},pingora_load_balancing=error"));
    let lines = fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    if tracing::subscriber::set_global_default(subscriber).is_ok() && log::set_logger(&Libraries).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}

/// Hands on what libraries say through `log`, without the source paths of the machine that built
/// them, which the usual bridge writes into every line.
struct Libraries;

impl Log for Libraries {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn && !metadata.target().starts_with("pingora_load_balancing")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        match record.level() {
            Level::Error => tracing::error!(library = record.target(), "{}", record.args()),
            Level::Warn | Level::Info | Level::Debug | Level::Trace => {
                tracing::warn!(library = record.target(), "{}", record.args());
            }
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chatter_of_libraries_is_not_written() {
        let at = |level| Metadata::builder().level(level).target("pingora_proxy").build();
        assert!(Libraries.enabled(&at(Level::Error)) && Libraries.enabled(&at(Level::Warn)));
        assert!(!Libraries.enabled(&at(Level::Info)) && !Libraries.enabled(&at(Level::Debug)));
    }
}
