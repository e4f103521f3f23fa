//! mamagang-xtask.
fn main() {}
