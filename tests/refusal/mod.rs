//! A kernel that grants less than this one: system calls are refused as a
//! container runtime refuses them.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

/// From now on no namespace can be made by this process or its children.
pub fn refuse_namespaces() {
    let filter = SeccompFilter::new(
        BTreeMap::from([(libc::SYS_unshare, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.cast_unsigned()),
        std::env::consts::ARCH.try_into().expect("a known machine"),
    )
    .expect("a valid filter");
    let program: BpfProgram = filter.try_into().expect("a valid filter");
    apply_filter(&program).expect("filters are allowed");
}
