//! The demo's support desk: two operators whose passwords and apps are made at each start.

use std::{io, net::SocketAddr, path::Path};

use zeroize::Zeroizing;

use crate::{
    cli::user::write_secret,
    factor::{app, backup_code::BackupCode, password::PasswordHash},
    secret,
};

/// What one of them signs in with.
pub struct DemoOperator {
    /// Their name, which is their role too.
    pub name: &'static str,
    /// Their password.
    pub password: Zeroizing<String>,
    /// The secret of their app, in base32.
    pub secret: Zeroizing<String>,
    hash: PasswordHash,
}

impl DemoOperator {
    fn draw(name: &'static str) -> io::Result<Self> {
        let password = BackupCode::draw().reveal();
        let hash = PasswordHash::of(&password).ok_or_else(|| io::Error::other("no password hash"))?;
        let secret = app::Secret::new(secret::random()).base32();
        Ok(Self { name, password, secret, hash })
    }
}

/// The operators, their app secrets written to `folder`, and the desk's part of the configuration.
///
/// # Errors
/// The secrets cannot be written.
pub fn desk(address: SocketAddr, folder: &Path) -> io::Result<([DemoOperator; 2], String)> {
    let operators = [DemoOperator::draw("support")?, DemoOperator::draw("supervisor")?];
    // A real desk keeps the default, a day: here one wants to see what comes after.
    let mut yaml = format!("desk:\n  address: \"{address}\"\n  reset: {{ delay: 30s }}\n  operators:\n");
    for DemoOperator { name, secret, hash, .. } in &operators {
        let file = folder.join(format!("desk-{name}"));
        write_secret(&file, secret)?;
        yaml.push_str(&format!(
            "  - name: {name}\n    roles: [{name}]\n    password_hash: '{}'\n    app_secret: {{ file: {} }}\n",
            hash.reveal(),
            file.display()
        ));
    }
    Ok((operators, yaml))
}
