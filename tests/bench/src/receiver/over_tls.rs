//! Instructions from process start to the first accepted delivery, with every call to AWS over TLS.
//!
//! The receiver trusts Amazon's roots and nothing else, so a copy of its binary is measured in which one of those roots is replaced, byte for
//! byte and in place, by an authority of our own of the same kind (RSA 2048, an intermediate below it). Everything else is the binary that is
//! deployed. Callgrind offers no SHA instructions: digests count more than they cost on Lambda.

use crate::deliveries::{self, Delivery};
use crate::peers::Peer;
use crate::running::{Running, Secret, aws, queued};
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What our authorities are made by: in order, a root, an authority below it, and the certificate of the stub.
const CERTIFICATES: &str = r#"set -eu; cd "$1"
request() { openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null; }
sign() { printf '%s\n' "$3" > "$1.ext"; openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 2 -sha256 -extfile "$1.ext" -out "$1.pem" 2>/dev/null; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 2 -sha256 -subj "/CN=root" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
request middle; sign middle root 'basicConstraints=critical,CA:TRUE'
request stub; sign stub middle 'subjectAltName=IP:127.0.0.1'
cat stub.pem middle.pem > chain.pem"#;
const ROOTS: &str = include_str!("../../../../shared/src/aws/amazon-roots.pem");
const END: &str = "-----END CERTIFICATE-----";

/// The number of instructions; `ours` is not changed.
pub(crate) fn instructions(ours: &Peer, folder: &Path, front: &Path, body: &str) -> Result<u64> {
    std::fs::create_dir_all(folder)?;
    let made = Command::new("sh").args(["-c", CERTIFICATES, "sh"]).arg(folder).status()?;
    ensure!(made.success(), "openssl does not make the certificates");
    let program = trusting(&ours.program, folder)?;
    let aws = aws()?;
    let plain = aws.url().rsplit(':').next().context("the stub has no port")?.to_owned();
    let front = Front::start(front, folder, &plain)?;
    let counted = Peer {
        name: ours.name,
        program: "valgrind".into(),
        arguments: vec![
            "--tool=callgrind".to_owned(),
            "--callgrind-out-file=/dev/null".to_owned(),
            program.to_string_lossy().into_owned(),
        ],
        environment: vec![("AWS_ENDPOINT_URL", format!("https://127.0.0.1:{}", front.port))],
    };
    let delivery: Delivery = deliveries::good(body, 1);
    let mut running = Running::start(&counted, &aws, Secret::Read)?;
    running.deliver(&delivery)?;
    let errors = running.stop()?;
    ensure!(queued(&aws) == [delivery.id], "the delivery was not queued over TLS");
    let collected = errors.lines().find_map(|line| line.split_once("Collected :"));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    count.with_context(|| format!("valgrind counted nothing: {errors}"))
}

/// A copy of the binary that trusts our root in place of the first of Amazon's that is long enough.
fn trusting(program: &Path, folder: &Path) -> Result<PathBuf> {
    let mut root = std::fs::read_to_string(folder.join("root.pem"))?.trim_end().to_owned();
    let blocks = ROOTS
        .split_inclusive(END)
        .filter_map(|block| block.find("-----BEGIN").map(|at| block.split_at(at).1));
    let replaced = { blocks }
        .find(|block| block.len() >= root.len())
        .context("our root is longer than all of Amazon's")?;
    // Between certificates a PEM file may hold anything.
    root.extend(std::iter::repeat_n('\n', replaced.len() - root.len()));
    let mut binary = std::fs::read(program)?;
    let place = binary.windows(replaced.len()).position(|window| window == replaced.as_bytes());
    let place = place.context("the binary does not hold Amazon's roots as they are in the sources")?;
    for (byte, new) in binary.iter_mut().skip(place).zip(root.bytes()) {
        *byte = new;
    }
    let copy = folder.join("webhook");
    std::fs::copy(program, &copy)?;
    std::fs::write(&copy, binary)?;
    Ok(copy)
}

/// The TLS end before the stub of AWS.
struct Front {
    child: Child,
    port: u16,
}

impl Front {
    fn start(script: &Path, folder: &Path, plain: &str) -> Result<Self> {
        let mut child = Command::new("python3")
            .arg(script)
            .args([folder.join("chain.pem"), folder.join("stub.key")])
            .arg(plain)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let port = line.trim().parse().context("the TLS front did not start")?;
        Ok(Self { child, port })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
