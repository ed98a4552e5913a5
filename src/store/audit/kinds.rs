//! Kinds of rows that tell of no change that a player gets a notice of.

/// The event of a row that says that its player was erased; retention never takes it away.
pub const ERASED: &str = "player-erased";
/// The event of a row that says that a backup of the database was put back.
pub const RESTORED: &str = "database-restored";
/// The event of a row that says that what is kept of the player was given out.
pub const EXPORTED: &str = "player-exported";
/// The event of a row that says that a reset was asked for: the player is told once it is approved.
pub const RESET_REQUESTED: &str = "reset-requested";
/// The event of a row that says that somebody of the desk looked for a player; `detail` says by what.
pub const SEARCHED: &str = "player-searched";
/// The event of a row that says that somebody of the desk saw a player's state.
pub const VIEWED: &str = "player-viewed";
/// The event of a row that says that somebody signed in at the desk, or was refused.
pub const SIGNED_IN: &str = "desk-sign-in";
/// The event of a row that says that somebody signed out there.
pub const SIGNED_OUT: &str = "desk-sign-out";
/// The event of a row that says that an operator asked for what their role may not do, or for too much;
/// `detail` says what.
pub const FORBIDDEN: &str = "desk-forbidden";
/// The event of a row that says that new keys were made; `detail` names them.
pub const KEYS_ROTATED: &str = "keys-rotated";
/// The event of a row that says that rows were sealed anew.
pub const KEYS_RESEALED: &str = "keys-resealed";
/// Kinds of rows that players get no notice of.
pub const KINDS: [&str; 11] = [
    ERASED,
    RESTORED,
    EXPORTED,
    RESET_REQUESTED,
    SEARCHED,
    VIEWED,
    SIGNED_IN,
    SIGNED_OUT,
    FORBIDDEN,
    KEYS_ROTATED,
    KEYS_RESEALED,
];

/// Kinds of rows about a player that stand in nobody's list of what happened lately: they are for those who audit.
pub const UNLISTED: [&str; 4] = [EXPORTED, SEARCHED, VIEWED, FORBIDDEN];
