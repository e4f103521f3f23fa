//! Generates the API's types, clients and servers from `proto/`, without protoc.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    let proto_root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let vendored_root = proto_root.join("third_party");
    println!("cargo:rerun-if-changed={}", proto_root.display());

    let mut files = proto_files(&proto_root, "mamagang/v1")?;
    // All of them, not only those imported: the details of an error are read by their descriptors.
    files.extend(proto_files(&vendored_root, "google/rpc")?);
    let descriptors = protox::compile(files, [&proto_root, &vendored_root])?;

    let out_dir = out_dir()?;
    fs::write(out_dir.join("mamagang.binpb"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        // Ordered maps, so that the same answer is the same bytes.
        .btree_map(".")
        .compile_fds(descriptors)?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by its environment where to write"
)]
fn out_dir() -> Result<PathBuf, env::VarError> {
    env::var("OUT_DIR").map(PathBuf::from)
}

/// The `.proto` files of a package, as paths below an include root, sorted so that the build is
/// repeatable. The roots nest, so a path that starts elsewhere would name a file twice.
fn proto_files(root: &Path, package: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(package))? {
        let name = PathBuf::from(entry?.file_name());
        if name
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            files.push(Path::new(package).join(name));
        }
    }
    files.sort();
    Ok(files)
}
