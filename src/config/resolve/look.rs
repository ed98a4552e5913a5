//! `site.look` and `site.time_zone`: what players see.

use std::path::Path;

use data_encoding::BASE64;
use jiff::tz::TimeZone;

use super::{Node, Report, raw};
use crate::flow::look::{BadColour, Colour, Look};

/// Bytes of a logo that is built into every page: the challenge page stays under 10 KB with it.
const MAX_LOGO: usize = 2048;

impl Report<'_> {
    /// The logo and colour.
    pub(super) fn look(&mut self, typed: Option<&raw::Look>, at: &Node) -> Look {
        let Some(typed) = typed else { return Look::default() };
        Look {
            logo: typed.logo.as_deref().and_then(|logo| self.logo(logo, at.at("logo"))),
            colour: typed.colour.as_deref().and_then(|colour| self.colour(colour, at.at("colour"))),
        }
    }

    fn colour(&mut self, typed: &str, at: &Node) -> Option<Colour> {
        let help = match Colour::parse(typed) {
            Ok(colour) => return Some(colour),
            Err(BadColour::Unreadable(_)) => "write it as \"#0b57d0\"",
            Err(BadColour::Faint { .. }) => "take a darker one: the text of a button is white, and 4.5:1 is the least",
        };
        let message = Colour::parse(typed).err().map(|bad| bad.to_string()).unwrap_or_default();
        self.push(at, message, help);
        None
    }

    fn logo(&mut self, typed: &str, at: &Node) -> Option<String> {
        // `//` would be another host.
        if typed.starts_with('/') && !typed.starts_with("//") {
            return Some(typed.to_owned());
        }
        let media = match Path::new(typed).extension().and_then(|extension| extension.to_str()) {
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("webp") => "image/webp",
            Some("jpg" | "jpeg") => "image/jpeg",
            _ => {
                let help = "a path on the site as /static/logo.svg, or a file: svg, png, webp or jpg";
                self.push(at, format!("`{typed}` is no logo"), help);
                return None;
            }
        };
        let path = self.path(typed);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.push(at, format!("{} cannot be read: {error}", path.display()), "name a file that can be read");
                return None;
            }
        };
        if bytes.len() > MAX_LOGO {
            let help = "make it 2048 bytes at most, or name its path on the site";
            self.push(at, format!("this logo has {} bytes", bytes.len()), help);
            return None;
        }
        self.files.push(path);
        Some(format!("data:{media};base64,{}", BASE64.encode(&bytes)))
    }

    /// The zone of the times that players are shown.
    pub(super) fn time_zone(&mut self, typed: Option<&str>, at: &Node) -> TimeZone {
        let Some(typed) = typed else { return TimeZone::UTC };
        TimeZone::get(typed).unwrap_or_else(|_| {
            let help = "write an IANA name as Asia/Jakarta; the system's zone files (tzdata) must be there";
            self.push(at, format!("`{typed}` is no time zone"), help);
            TimeZone::UTC
        })
    }
}
