//! Tells `main.rs` where cargo puts the worker, the `cdylib` of this package.
//!
//! Cargo finishes the library before it compiles the executable, which takes the
//! worker's bytes in. `cargo check` and clippy build no `cdylib`: an empty file
//! stands in for it then, and an executable with an empty worker says so at its
//! start.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // <target>/<profile>/build/<package>-<hash>/out
    let profile = output
        .ancestors()
        .nth(3)
        .expect("OUT_DIR lies three folders below the profile's");
    let worker = profile.join("deps").join("libtrueprint.so");
    place_empty(&worker);
    println!("cargo::rustc-env=TRUEPRINT_WORKER={}", worker.display());
}

/// Puts an empty file where the worker will be, if there is nothing yet.
fn place_empty(worker: &Path) {
    if !worker.exists() {
        let folder = worker.parent().expect("the worker lies in a folder");
        fs::create_dir_all(folder).expect("the folder of the dependencies can be made");
        fs::write(worker, []).expect("the folder of the dependencies can be written to");
    }
}
