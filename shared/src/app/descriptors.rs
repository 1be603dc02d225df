//! File descriptors: a connection needs one, and systems let a process have fewer than it may ask for.

/// What is open beside the connections of callers: listeners, calls to upstreams, files.
const OTHERS: u64 = 256;

/// Asks the system for as many as so many connections need; where it gives fewer, the log says so.
#[cfg(unix)]
pub(super) fn enough_for(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let needed = (connections as u64).saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let wanted = maximum.map_or(needed, |maximum| maximum.min(needed));
    let given = match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        Ok(()) => wanted,
        Err(_) => current.unwrap_or(wanted),
    };
    if given < needed {
        tracing::warn!(
            descriptors.given = given,
            descriptors.needed = needed,
            "the system does not let this process have as many connections as `limits.connections` allows: raise its limit \
             of open files (`ulimit -n`)"
        );
    }
}

#[cfg(not(unix))]
pub(super) fn enough_for(_: usize) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    #[test]
    fn as_many_as_are_needed_are_asked_for_and_never_fewer_than_there_were() {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let at_most =
            |descriptors: u64| Some(maximum.map_or(descriptors, |maximum| maximum.min(descriptors)));
        let now = || getrlimit(Resource::Nofile).current;
        setrlimit(Resource::Nofile, Rlimit { current: at_most(2_000), maximum }).unwrap();
        enough_for(10);
        assert_eq!(now(), at_most(2_000));
        enough_for(3_000);
        assert_eq!(now(), at_most(3_000 + OTHERS));
        // Not to be had: as many as there are.
        enough_for(usize::MAX);
        assert_eq!(now(), at_most(u64::MAX));
    }
}
