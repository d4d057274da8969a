//! Which function made a call: the process at the other end of the connection, found through `/proc`, and the name that the Lambda contract
//! gives it in its environment.
//!
//! Neither user agent nor credentials tell functions apart here: the emulator gives all of them the same. Linux only; elsewhere, or when the
//! process is gone already, the caller is unknown.

use std::net::SocketAddr;
use std::path::Path;

/// Where the environment has the function's name.
const NAME: &[u8] = b"AWS_LAMBDA_FUNCTION_NAME=";

/// The function whose process holds the connection from `peer`.
#[must_use]
pub fn of(peer: SocketAddr) -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let inode = inode(&table, peer)?;
    let socket = format!("socket:[{inode}]");
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        // Processes come and go while the list is read.
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else { continue };
        let Some(name) = environment.split(|byte| *byte == 0).find_map(|one| one.strip_prefix(NAME)) else {
            continue;
        };
        if holds(&entry.path(), &socket) {
            return Some(String::from_utf8_lossy(name).into_owned());
        }
    }
    None
}

/// The inode of the socket whose own address is `peer`.
fn inode(table: &str, peer: SocketAddr) -> Option<&str> {
    let SocketAddr::V4(peer) = peer else { return None };
    let address = format!("{:08X}:{:04X}", u32::from_le_bytes(peer.ip().octets()), peer.port());
    let found = table.lines().find_map(|line| {
        let mut columns = line.split_whitespace();
        (columns.nth(1) == Some(address.as_str())).then(|| columns.nth(7))
    });
    found.flatten()
}

fn holds(process: &Path, socket: &str) -> bool {
    let files = std::fs::read_dir(process.join("fd"));
    let mut links =
        files.into_iter().flatten().flatten().filter_map(|file| std::fs::read_link(file.path()).ok());
    links.any(|link| link.to_str() == Some(socket))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_socket_is_found_by_its_own_address() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:A001 0100007F:42CC 01 00000000:00000000 00:00000000 00000000     0        0 81516 1 0 20\n";
        assert_eq!(inode(table, "127.0.0.1:40961".parse().unwrap()), Some("81516"));
        assert_eq!(inode(table, "127.0.0.1:40962".parse().unwrap()), None);
    }

    #[test]
    fn the_process_at_the_other_end_is_named_by_its_environment() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; read -r line <&3");
        let mut child = Command::new("bash")
            .args(["-c", &script])
            .env("AWS_LAMBDA_FUNCTION_NAME", "the-caller")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (stream, peer) = listener.accept().unwrap();
        assert_eq!(of(peer).as_deref(), Some("the-caller"));
        drop(stream);
        child.wait().unwrap();
    }
}
