//! mamagang-testkit.
