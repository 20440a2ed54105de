//! Limits that were hit: which, how large it is, and what raises it.

use crate::protocol::{End, Exception, LARGEST_CAPTURE, Limits};

/// The name of the limit of captured output.
const OUTPUT: &str = "output";

/// What a bad end was, in words; `None` for a good one.
pub fn bad_end(end: &End, limits: &Limits) -> Option<String> {
    match end {
        End::Finished => None,
        End::LeftEarly { status } => {
            Some(format!("the process ended itself, with status {status}"))
        }
        End::Killed { signal } => Some(format!(
            "the process was killed by signal {signal}{}",
            signal_name(*signal)
        )),
        End::TimedOut => Some(format!(
            "it did not end within its deadline of {}: --timeout, or `timeout` in its expectations, gives it more",
            time(limits.wall_ms)
        )),
        End::LimitHit { limit } => Some(match limit.as_str() {
            "processor time" => format!(
                "it used up the {} of processor time that a process has: a longer timeout (--timeout, or `timeout` in its expectations) gives it twice as much",
                time(limits.cpu_seconds.saturating_mul(1000))
            ),
            OUTPUT => format!("it wrote {}", too_much_output()),
            "file size" => format!("it hit the limit of file size: {}", file_size(limits)),
            other => format!("it hit the limit of {other}"),
        }),
        End::Unfinished { reason } => Some(format!(
            "it did not end as it should: {reason} at its deadline of {}",
            time(limits.wall_ms)
        )),
    }
}

/// The limit of the box that an exception may tell of, in a run with this end.
pub fn behind(exception: &Exception, end: &End, limits: &Limits) -> Option<String> {
    let is =
        |name: &str| exception.type_name == name || exception.bases.iter().any(|base| base == name);
    let says = |words: &str| exception.message.contains(words);
    if is("MemoryError") && limits.memory_bytes > 0 {
        return Some(format!(
            "a process has {}, `memory` in trueprint.toml gives it more",
            size(limits.memory_bytes)
        ));
    }
    if is("OSError") && says("[Errno 27]") {
        // What captures the output is a file too, with the same largest size.
        return Some(match end {
            End::LimitHit { limit } if limit == OUTPUT => too_much_output(),
            _ => file_size(limits),
        });
    }
    if is("OSError") && says("[Errno 28]") {
        return Some(format!(
            "all files of a snippet have {} together, `disk` in trueprint.toml gives them more",
            size(limits.disk_bytes)
        ));
    }
    if is("BlockingIOError") && says("[Errno 11]")
        || is("RuntimeError") && says("can't start new thread")
    {
        return Some(format!(
            "a snippet has {} processes and threads, `processes` in trueprint.toml gives it more",
            limits.processes
        ));
    }
    None
}

fn too_much_output() -> String {
    format!(
        "more than {} of output, the most that is read; nothing raises this limit",
        size(LARGEST_CAPTURE)
    )
}

fn file_size(limits: &Limits) -> String {
    format!(
        "a file may have {}, `file_size` in trueprint.toml gives it more",
        size(limits.file_bytes)
    )
}

fn time(milliseconds: u64) -> String {
    match (milliseconds / 1000, milliseconds % 1000) {
        (0, rest) => format!("{rest} ms"),
        (whole, 0) => format!("{whole} s"),
        (whole, rest) => format!("{whole}.{rest:03} s"),
    }
}

fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >> shift > 0 && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} B")
}

fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal)
        .map_or_else(|_| String::new(), |signal| format!(" ({signal})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_large_a_file_is_the_capture_where_the_output_was_too_much() {
        let exception = Exception {
            type_name: "OSError".into(),
            message: "[Errno 27] File too large".into(),
            ..Exception::default()
        };
        let limits = Limits::default();
        let flooded = End::LimitHit {
            limit: OUTPUT.into(),
        };
        let told = behind(&exception, &flooded, &limits).expect("a limit");
        assert!(told.contains("64 MiB of output"), "{told}");
        assert!(
            bad_end(&flooded, &limits).is_some_and(|message| message.ends_with(&told)),
            "the end is told in the same words, so that it is told once"
        );
        let told = behind(&exception, &End::Finished, &limits).expect("a limit");
        assert!(told.contains("`file_size`"), "{told}");
    }
}
