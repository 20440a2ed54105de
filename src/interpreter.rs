//! Interpreters: which CPythons there are, and what each one is.
//!
//! Discovery (where one may be) and probing (what it is) are two files.

use std::path::PathBuf;

/// A CPython that was found and asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program that the user would start: `<venv>/bin/python`, `/usr/bin/python3.12`.
    pub executable: PathBuf,
    /// `major.minor.micro`.
    pub version: Version,
    /// Its shared library.
    pub library: PathBuf,
    /// `sys.prefix`.
    pub prefix: PathBuf,
    /// `sys.base_prefix`: where the installation itself lies, for virtual environments.
    pub base_prefix: PathBuf,
    /// Other folders on `sys.path`, which a snippet must be able to read.
    pub import_path: Vec<PathBuf>,
    /// `sys.stdlib_module_names`, where the version has it (3.10 on).
    pub standard_modules: Vec<String>,
}

/// A version of CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 3.
    pub major: u16,
    /// 12 of 3.12.1.
    pub minor: u16,
    /// 1 of 3.12.1.
    pub micro: u16,
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.micro)
    }
}
