//! Migrations lie outside the crate, so Cargo has to be told to look at them.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
