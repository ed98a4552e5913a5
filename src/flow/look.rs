//! How the site's pages look, as far as ours follow it.

/// The site's logo and colour.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The address of the logo: a path on the site's own origin, or a small file as `data:`.
    pub logo: Option<String>,
    /// Of buttons and links.
    pub colour: Option<Colour>,
}

/// An sRGB colour that white text can be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// Why a colour cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadColour {
    /// Not written as one.
    #[error("`{0}` is no colour")]
    Unreadable(String),
    /// White text on it is too faint.
    #[error("white text on `{typed}` has a contrast of {contrast:.1}:1")]
    Faint {
        /// As typed.
        typed: String,
        /// To white.
        contrast: f64,
    },
}

/// The least contrast of text (WCAG 2.2 §1.4.3).
pub const LEAST_CONTRAST: f64 = 4.5;

impl Colour {
    /// Reads `#0b57d0`.
    ///
    /// # Errors
    /// Where it is no colour, or the white text of a button could not be read on it.
    pub fn parse(typed: &str) -> Result<Self, BadColour> {
        let unreadable = || BadColour::Unreadable(typed.to_owned());
        let hex = typed.strip_prefix('#').filter(|hex| hex.len() == 6).ok_or_else(unreadable)?;
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).map_err(|_| unreadable())?;
        let colour = Self(<[u8; 3]>::try_from(bytes).map_err(|_| unreadable())?);
        let contrast = 1.05 / (colour.luminance() + 0.05);
        if contrast < LEAST_CONTRAST {
            return Err(BadColour::Faint { typed: typed.to_owned(), contrast });
        }
        Ok(colour)
    }

    /// Relative luminance (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let part = f64::from(byte) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl std::fmt::Display for Colour {
    /// As CSS reads it: seven characters, so that nothing else can stand in a style.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_taken_where_white_can_be_read_on_it() {
        for (typed, good) in [
            ("#0b57d0", true),
            ("#0B57D0", true),
            ("#000000", true),
            // The two greys on either side of 4.5:1.
            ("#767676", true),
            ("#777777", false),
            ("#ffd400", false),
            ("#fff", false),
            ("0b57d0", false),
            ("#0b57d0;}", false),
            ("#éé\u{e9}", false),
            ("red", false),
            ("", false),
        ] {
            assert_eq!(Colour::parse(typed).is_ok(), good, "{typed}");
        }
        assert_eq!(Colour::parse("#0B57D0").unwrap().to_string(), "#0b57d0");
    }
}
