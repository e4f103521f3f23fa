//! mamagang-store-sqlite.
