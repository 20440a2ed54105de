//! Landlock: what the kernel lets a process open, whatever it can see.
//!
//! It needs no privileges and nothing undoes it. The worker gets one layer with
//! the folders; each child gets another that keeps it away from the worker's
//! memory and from processes outside.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};

use super::files::{self, View};
use super::namespaces::Worlds;
use super::{Gap, SandboxError};
use crate::protocol::Confinement;

/// The newest edition whose rights are asked for; older kernels leave out what
/// they do not know.
const NEWEST: ABI = ABI::V6;

/// Confines the worker to what it is to see and to its own folder.
pub(super) fn confine_worker(
    worlds: &Worlds,
    view: &View,
    confinement: &Confinement,
    gaps: &mut Vec<Gap>,
) -> Result<(), SandboxError> {
    if !confinement.files {
        return Ok(());
    }
    let status = refused(restrict_worker(view, confinement))?;
    match status {
        LandlockStatus::Available { effective_abi, .. } => {
            // In namespaces of its own there is nobody outside to signal.
            if effective_abi < ABI::V6 && !worlds.own {
                gaps.push(Gap(
                    "Landlock is older than Linux 6.12 here: snippets can send signals to your other processes".to_owned(),
                ));
            }
            if effective_abi < ABI::V3 && !view.own_root {
                gaps.push(Gap(
                    "Landlock is older than Linux 6.2 here: snippets can empty files that they cannot write to".to_owned(),
                ));
            }
        }
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => {
            if !view.own_root {
                gaps.push(Gap(
                    "Landlock is missing here: snippets can read and write every file that you can"
                        .to_owned(),
                ));
            }
        }
    }
    Ok(())
}

fn restrict_worker(view: &View, confinement: &Confinement) -> Result<LandlockStatus, RulesetError> {
    let everything = AccessFs::from_all(NEWEST);
    let read = AccessFs::from_read(NEWEST);
    let use_device =
        AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(everything)?
        .create()?;
    if view.own_root {
        rules = allow(rules, Path::new("/"), read)?;
    }
    for place in &view.readable {
        rules = allow(rules, place, read)?;
    }
    rules = allow(rules, Path::new("/proc"), read)?;
    for device in files::DEVICES {
        rules = allow(rules, Path::new(device), use_device)?;
    }
    if view.own_root {
        rules = allow(
            rules,
            Path::new(files::TERMINALS),
            use_device | AccessFs::ReadDir,
        )?;
    }
    rules = allow(rules, Path::new(files::SHARED_MEMORY), everything)?;
    rules = allow(rules, &confinement.root, everything)?;
    Ok(rules.restrict_self()?.landlock)
}

/// Allows `rights` at and below a place, if it is there.
fn allow(
    rules: RulesetCreated,
    place: &Path,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(descriptor) = PathFd::new(place) else {
        return Ok(rules);
    };
    let rights = if place.is_dir() {
        rights
    } else {
        rights & AccessFs::from_file(NEWEST)
    };
    rules.add_rule(PathBeneath::new(descriptor, rights))
}

/// Keeps a child from its worker: neither signals nor a debugger's means, nor
/// sockets without a path, go out of the new layer.
pub(super) fn confine_child() -> Result<(), SandboxError> {
    let restrict = || -> Result<LandlockStatus, RulesetError> {
        let rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            // A layer has to handle something, and nobody makes block devices;
            // moving files between folders is refused unless it is allowed.
            .handle_access(AccessFs::MakeBlock | AccessFs::Refer)?
            .scope(Scope::Signal)?
            .scope(Scope::AbstractUnixSocket)?
            .create()?;
        let rules = allow(rules, Path::new("/"), AccessFs::Refer.into())?;
        Ok(rules.restrict_self()?.landlock)
    };
    refused(restrict()).map(|_| ())
}

fn refused(result: Result<LandlockStatus, RulesetError>) -> Result<LandlockStatus, SandboxError> {
    result.map_err(|error| SandboxError::Step {
        step: "confining files",
        source: std::io::Error::other(error),
    })
}
