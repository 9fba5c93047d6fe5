//! A workload that says where it can write.

use std::fs::{self, File};
use std::io::Write;

fn main() {
    for folder in ["/tmp", "/run", "/var/tmp", "/data", "/", "/etc"] {
        say(folder, File::create(format!("{folder}/probe")).and_then(|mut file| file.write_all(b"x")).is_ok());
    }
    say("/proc/sys/kernel/hostname", fs::write("/proc/sys/kernel/hostname", "x").is_ok());
    // 64 MiB of memory leave half of it for scratch space.
    let filled = File::create("/tmp/fill").and_then(|mut file| {
        let block = vec![0; 1 << 20];
        (0..48).try_for_each(|_| file.write_all(&block))
    });
    say("/tmp beyond its size", filled.is_ok());
}

fn say(what: &str, is_written: bool) {
    println!("{what}: {}", if is_written { "written" } else { "refused" });
}
