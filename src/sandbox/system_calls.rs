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
const REFUSED: [libc::c_long; 23] = [
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// These do their work outside of any system call that could be looked at, or
/// are told what to do in memory, where a filter does not see it; programs take
/// "not there" for an answer.
const ABSENT: [libc::c_long; 5] = [
    libc::SYS_clone3,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    // Its queues outlive whoever made them, and nothing lists them.
    libc::SYS_mq_open,
];

/// Namespaces that a new process could begin.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Calls by which a process changes how another one of its user is scheduled,
/// which they name by its number, or itself by zero.
const SCHEDULING: [libc::c_long; 4] = [
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
];

/// Memory, semaphores and queues that outlive whoever made them, on the whole
/// machine where the namespace is not the worker's own.
const OUTLIVING: [libc::c_long; 3] = [libc::SYS_msgget, libc::SYS_semget, libc::SYS_shmget];

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
    filters.push((filtered(namespaces_and_settings_of_others())?, libc::EPERM));
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

/// New namespaces, and what a process can change of others that are its user's:
/// the worker is one, and where processes are not its own, so is everything that
/// the user runs. A filter cannot tell a process's own number from others, so
/// that a snippet must name itself by zero.
fn namespaces_and_settings_of_others() -> seccompiler::Result<BTreeMap<i64, Vec<SeccompRule>>> {
    use SeccompCmpArgLen::{Dword, Qword};
    use SeccompCmpOp::{MaskedEq, Ne};
    let argument = SeccompCondition::new;
    let mut rules = BTreeMap::new();
    let begun = NAMESPACES
        .iter()
        .map(|flag| {
            let flag = u64::from(flag.cast_unsigned());
            SeccompRule::new(vec![argument(0, Dword, MaskedEq(flag), flag)?])
        })
        .collect::<Result<_, _>>();
    rules.insert(libc::SYS_clone, begun?);
    for call in SCHEDULING {
        let other = vec![argument(0, Dword, Ne, 0)?];
        rules.insert(call, vec![SeccompRule::new(other)?]);
    }
    /// `IOPRIO_WHO_PROCESS`.
    const ONE_FOR_INPUT: u64 = 1;
    let one = u64::from(libc::PRIO_PROCESS);
    for (call, one) in [
        (libc::SYS_setpriority, one),
        (libc::SYS_ioprio_set, ONE_FOR_INPUT),
    ] {
        let several = vec![argument(0, Dword, Ne, one)?];
        let other = vec![argument(1, Dword, Ne, 0)?];
        rules.insert(
            call,
            vec![SeccompRule::new(several)?, SeccompRule::new(other)?],
        );
    }
    // Asking is harmless: then the third argument points nowhere.
    let limits = vec![argument(0, Dword, Ne, 0)?, argument(2, Qword, Ne, 0)?];
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(limits)?]);
    Ok(rules)
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
