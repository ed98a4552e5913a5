//! `stepgate demo`: its parts put together.

use std::{net::SocketAddr, os::unix::fs::DirBuilderExt, path::Path, sync::Arc};

use tokio::net::TcpListener;

use super::{App, StartError, fault};
use crate::{
    cli::demo::{self, DemoOptions},
    clock::{Clock, SystemClock},
    config,
};

/// Runs the demo: site, inbox, gateway, support desk and ops listener on loopback, with stores and keys in a folder that
/// goes with the process.
///
/// # Errors
/// [`StartError`] with what to mend; mostly a port that is taken.
pub fn demo(options: &DemoOptions) -> Result<(), StartError> {
    let folder = std::env::temp_dir().join(format!("stepgate-demo-{}", crate::secret::public_id()));
    let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
    made.map_err(|error| fault("the demo's folder cannot be made")(&error))?;
    let done = demo_in(options, &folder);
    // What is left there is sealed under keys that nobody uses again.
    let _ = std::fs::remove_dir_all(&folder);
    done
}

fn demo_in(options: &DemoOptions, folder: &Path) -> Result<(), StartError> {
    let path = folder.join("stepgate.yaml");
    let (operators, desk) =
        demo::desk::desk(options.desk, folder).map_err(|error| fault("the desk's secrets cannot be kept")(&error))?;
    let yaml = demo::demo_config(options, folder) + desk.as_str();
    std::fs::write(&path, yaml).map_err(|error| fault("cannot write")(&error))?;
    let config = config::load_demo(&path).map_err(|problems| StartError::Config(problems.to_string()))?;
    config::keys::generate(&config.keys, SystemClock::default().now()).map_err(|error| fault("no keys")(&error))?;
    let app = App::build_with(&path, config::load_demo)?;
    app.runtime.spawn(demo::site::serve(listen(&app, options.site)?, Arc::new(demo::journal::Journal::default())));
    app.runtime.spawn(demo::inbox::serve(listen(&app, options.inbox)?, Arc::clone(&app.shared.outbox)));
    let issuer = app.live.load().rules.second_factor.app_issuer.clone();
    let uri = app.runtime.block_on(app.shared.flow.seed_app_factor(demo::accounts::BUDI, &issuer));
    let uri = uri.map_err(|error| fault("budi's factor cannot be kept")(&error))?;
    let citra = app.shared.flow.seed_sms_factor(demo::accounts::CITRA, demo::accounts::CITRA_NUMBER);
    app.runtime.block_on(citra).map_err(|error| fault("citra's factor cannot be kept")(&error))?;
    let _ = std::io::Write::write_all(&mut std::io::stdout(), demo::banner(options, &uri, &operators).as_bytes());
    app.serve(false)
}

fn listen(app: &App, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = app.runtime.block_on(TcpListener::bind(address));
    listener.map_err(|error| fault(&format!("{address} cannot be listened on"))(&error))
}
