//! mamagang-store.
