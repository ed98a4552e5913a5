//! Store: sql.
