//! Kannel: a real SMS gateway with its fake SMSC, which stands for the phones.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use tempfile::TempDir;

use super::{free_address, process::Process};

/// The SMSC end of Debian's package kannel-extras.
const FAKE_SMSC: &str = "/usr/lib/kannel/test/fakesmsc";

/// The password of its one user.
pub const PASSWORD: &str = "f5Yk0pQx";

/// Bearerbox, smsbox and SMSC on loopback.
pub struct Kannel {
    /// Where smsbox takes messages.
    pub address: SocketAddr,
    smsc: Arc<Mutex<Process>>,
    _smsbox: Process,
    _bearerbox: Process,
    _folder: TempDir,
}

impl Kannel {
    /// Starts all three; returns once messages are taken and arrive.
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    /// The next SMS that arrives at the SMSC, once it is there: sender, receiver, `text`, and its first
    /// line, with spaces between. Further lines come as if they were messages.
    pub async fn next(&self) -> String {
        let smsc = Arc::clone(&self.smsc);
        let read = move || {
            smsc.lock().unwrap().wait_for(|line| {
                let (_, rest) = line?.split_once("Got message ")?;
                let (_, message) = rest.split_once(": <")?;
                Some(message.strip_suffix('>')?.to_owned())
            })
        };
        tokio::task::spawn_blocking(read).await.unwrap()
    }
}

fn start() -> Kannel {
    let folder = TempDir::new().unwrap();
    let [admin, box_port, smsc, address] = std::array::from_fn(|_| free_address());
    let config = folder.path().join("kannel.conf");
    fs::write(&config, configuration(admin.port(), box_port.port(), smsc.port(), address.port())).unwrap();
    let mut bearerbox = boxed("/usr/sbin/bearerbox", &config);
    bearerbox.wait_for(|_| (listens(box_port) && listens(smsc)).then_some(()));
    let mut smsbox = boxed("/usr/sbin/smsbox", &config);
    smsbox.wait_for(|line| line?.contains("Connected to bearerbox").then_some(()));
    let mut command = Command::new(FAKE_SMSC);
    command.args(["-H", "127.0.0.1", "-r", &smsc.port().to_string()]);
    // It stays for as long as it has something to send: one message now, the next in a day.
    command.args(["-i", "86400", "-m", "2", "1 2 text begin"]);
    let smsc = Process::start(&mut command);
    // What it sent has gone the whole way once, so messages can go the other way.
    smsbox.wait_for(|line| line?.contains("Starting to service <begin>").then_some(()));
    Kannel { address, smsc: Arc::new(Mutex::new(smsc)), _smsbox: smsbox, _bearerbox: bearerbox, _folder: folder }
}

fn boxed(program: &str, config: &Path) -> Process {
    Process::start(Command::new(program).args(["-v", "0"]).arg(config))
}

/// Whether somebody listens there, without a connection: Kannel would take it for a box or an SMSC.
fn listens(address: SocketAddr) -> bool {
    let end = format!(":{:04X}", address.port());
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    sockets.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() > 3 && fields[1].ends_with(&end) && fields[3] == "0A"
    })
}

fn configuration(admin: u16, box_port: u16, smsc: u16, sms: u16) -> String {
    format!(
        "\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {PASSWORD}
smsbox-port = {box_port}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = gate
password = {PASSWORD}
default-sender = 1234
concatenation = true
max-messages = 5

group = sms-service
keyword = default
text = \"\"
omit-empty = true
max-messages = 0
"
    )
}
