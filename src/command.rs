//! The commands, one file each: they join the parts and choose the exit status.
