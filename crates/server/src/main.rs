//! mamagang-server.
fn main() {}
