//! What this machine has: cores and memory. They decide how many jobs are played at once, never what comes out.

use std::fs;
use std::path::Path;

/// Threads that can run at once.
#[expect(clippy::disallowed_methods, reason = "decides how many jobs are played at once; no result depends on it")]
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Memory that programs can still take \[B\]: what the system says, or what is left of a limit set for this process.
/// `None` where neither is told.
pub(super) fn available_memory_bytes() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| parse_available(&text));
    [system, control_group_rest()].into_iter().flatten().min()
}

fn parse_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What is left of the limit of this process's control group (a batch system or a container sets one), if it has one.
fn control_group_rest() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = Path::new("/sys/fs/cgroup").join(own);
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

/// Units of memory, the longest names first.
const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

/// Reads a size such as `12GiB` or `1.5 GB`.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    let allowed = || "a size needs a number and a unit, such as 12GiB or 800MB".to_owned();
    let (number, unit) =
        UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).ok_or_else(allowed)?;
    let number: f64 = number.trim().parse().map_err(|_| allowed())?;
    let bytes = number * unit as f64;
    if number.is_finite() && bytes >= 1.0 && bytes < u64::MAX as f64 { Ok(bytes as u64) } else { Err(allowed()) }
}

/// A size for people: `640 KiB`, `1.50 GiB`.
pub(super) fn size(bytes: u64) -> String {
    let (name, unit) = match bytes {
        0..1_048_576 => ("KiB", 1u64 << 10),
        1_048_576..1_073_741_824 => ("MiB", 1 << 20),
        _ => ("GiB", 1 << 30),
    };
    format!("{} {name}", crate::output::human::figure(bytes as f64 / unit as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in [("12GiB", 12 << 30), ("1.5 kB", 1_500), ("800MB", 800_000_000), ("7B", 7)] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for bad in ["", "12", "GiB", "-1GiB", "nanGiB", "0MB", "1e300GiB", "12 Gb"] {
            assert!(parse_bytes(bad).unwrap_err().contains("12GiB"), "{bad}");
        }
        assert_eq!(
            (size(655_360), size(3 << 19), size(3 << 29)),
            ("640 KiB".into(), "1.50 MiB".into(), "1.50 GiB".into())
        );
    }

    #[test]
    fn available_memory_is_that_of_the_system() {
        assert_eq!(parse_available("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), Some(2 << 20));
        assert_eq!(parse_available("MemTotal: 9 kB\n"), None);
        assert!(cores() >= 1);
    }
}
