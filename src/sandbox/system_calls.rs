//! System calls that no snippet has a use for, and ways around the network's
//! absence: refused by seccomp.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::namespaces::Worlds;
use super::{Gap, SandboxError};
use crate::protocol::Confinement;

/// Other processes' memory, and the kernel's less tried corners.
const REFUSED: [libc::c_long; 17] = [
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// These do their work outside of any system call that could be looked at;
/// programs take "not there" for an answer.
const ABSENT: [libc::c_long; 3] = [
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
];

/// Memory, semaphores and queues that outlive whoever made them, on the whole
/// machine where the namespace is not the worker's own.
const OUTLIVING: [libc::c_long; 4] = [
    libc::SYS_mq_open,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_shmget,
];

/// Families of sockets that stay within the machine's or the worker's network.
const LOCAL: [libc::c_int; 1] = [libc::AF_UNIX];

/// Families that a network namespace keeps apart. Others (`AF_VSOCK`, say) it
/// does not, and they are refused.
const KEPT_APART: [libc::c_int; 4] = [
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];

/// Refuses them from now on, in this process and in all that it starts.
pub(super) fn filter(
    worlds: &Worlds,
    confinement: &Confinement,
    gaps: &mut Vec<Gap>,
) -> Result<(), SandboxError> {
    let all = |calls: &[libc::c_long]| calls.iter().map(|call| (*call, Vec::new())).collect();
    let mut filters: Vec<(BTreeMap<i64, Vec<SeccompRule>>, libc::c_int)> =
        vec![(all(&REFUSED), libc::EPERM), (all(&ABSENT), libc::ENOSYS)];
    if !worlds.own {
        filters.push((all(&OUTLIVING), libc::ENOSYS));
    }
    if confinement.network {
        let families: &[libc::c_int] = if worlds.own_network {
            &KEPT_APART
        } else {
            &LOCAL
        };
        let other = filtered(other_than(families))?;
        filters.push((
            BTreeMap::from([(libc::SYS_socket, vec![other])]),
            libc::ENETUNREACH,
        ));
    }
    for (rules, answer) in filters {
        if let Err(error) = install(rules, answer.cast_unsigned()) {
            // Where namespaces are the worker's own, little depends on it.
            let open = if confinement.network && !worlds.own_network {
                "the network"
            } else {
                "the kernel's rarer calls"
            };
            gaps.push(Gap(format!(
                "system calls cannot be filtered here ({error}): snippets can use {open}"
            )));
            break;
        }
    }
    Ok(())
}

/// A socket of any family but these.
fn other_than(families: &[libc::c_int]) -> seccompiler::Result<SeccompRule> {
    let conditions = families
        .iter()
        .map(|family| {
            let family = u64::from(family.cast_unsigned());
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(seccompiler::Error::from)?;
    SeccompRule::new(conditions).map_err(seccompiler::Error::from)
}

fn install(rules: BTreeMap<i64, Vec<SeccompRule>>, answer: u32) -> Result<(), String> {
    let architecture =
        TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(answer),
        architecture,
    )
    .map_err(|error| error.to_string())?;
    let program: BpfProgram = filter
        .try_into()
        .map_err(|error: seccompiler::BackendError| error.to_string())?;
    apply_filter(&program).map_err(|error| error.to_string())
}

fn filtered<T>(result: seccompiler::Result<T>) -> Result<T, SandboxError> {
    result.map_err(|error| SandboxError::Step {
        step: "filtering system calls",
        source: io::Error::other(error),
    })
}
