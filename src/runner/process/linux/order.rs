//! What the server tells a supervisor: an order to run something, then perhaps to end it.
//!
//! Pure: values in, bytes out, and back. An order is `R`, the length of its body, and the body; its
//! descriptors travel beside the first byte. Single bytes `T` and `K` may follow at any time, also
//! late, when the call has already ended; an idle supervisor passes over them.

use std::ffi::CStr;

pub const ORDER: u8 = b'R';
pub const TERMINATE: u8 = b'T';
pub const KILL: u8 = b'K';

/// `R` and the length of the body.
pub const PREFIX: usize = 5;

/// Room for most orders, and no more than the allocator has at hand without looking for it.
const MOST_ORDERS: usize = 1 << 10;

/// No system takes more than this for arguments and environment together.
pub const LARGEST_BODY: usize = 8 << 20;

/// Limits of one run as numbers; zero stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    pub memory: u64,
    /// Thousandths of a core.
    pub cpu: u32,
    pub pids: u32,
    pub files: u64,
}

/// Beside how many others a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    Few,
    /// More than the processors can do anything for at once.
    Many,
}

/// Everything that a supervisor needs to start a command, still as the bytes that came in.
#[derive(Debug, PartialEq, Eq)]
pub struct Order<'a> {
    pub bounds: Bounds,
    pub company: Company,
    /// The first descriptor is the input; otherwise it is `/dev/null`.
    pub has_stdin: bool,
    pub program: &'a CStr,
    pub working_dir: &'a CStr,
    /// The cgroup under which supervisors make their own; empty when there is none.
    pub cgroup: &'a CStr,
    pub argv: Vec<&'a CStr>,
    pub environment: Vec<&'a CStr>,
    pub sandbox: Option<SandboxOrder<'a>>,
}

/// What a command may touch.
#[derive(Debug, PartialEq, Eq)]
pub struct SandboxOrder<'a> {
    pub host_network: bool,
    pub private_tmp: bool,
    pub read: Vec<&'a CStr>,
    pub write: Vec<&'a CStr>,
}

const SANDBOXED: u8 = 1;
const HOST_NETWORK: u8 = 2;
const PRIVATE_TMP: u8 = 4;

/// A string with a NUL inside cannot be handed to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasNul;

/// Writes an order, prefix and all.
pub struct OrderWriter {
    bytes: Vec<u8>,
    longest: usize,
}

impl OrderWriter {
    pub fn new(bounds: Bounds, company: Company, has_stdin: bool) -> Self {
        let mut bytes = Vec::with_capacity(MOST_ORDERS);
        bytes.extend_from_slice(&[ORDER, 0, 0, 0, 0]);
        bytes.extend_from_slice(&bounds.memory.to_le_bytes());
        bytes.extend_from_slice(&bounds.cpu.to_le_bytes());
        bytes.extend_from_slice(&bounds.pids.to_le_bytes());
        bytes.extend_from_slice(&bounds.files.to_le_bytes());
        bytes.push(u8::from(company == Company::Many));
        bytes.push(u8::from(has_stdin));
        Self { bytes, longest: 0 }
    }

    pub fn count(&mut self, count: usize) {
        self.bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }

    /// Adds one string made of parts.
    pub fn string(&mut self, parts: &[&[u8]]) -> Result<(), HasNul> {
        if parts.iter().any(|part| part.contains(&0)) {
            return Err(HasNul);
        }
        let before = self.bytes.len();
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.bytes.push(0);
        self.longest = self.longest.max(self.bytes.len() - before);
        Ok(())
    }

    /// Says that there is no sandbox.
    pub fn no_sandbox(&mut self) {
        self.bytes.push(0);
    }

    /// Begins a sandbox; what is read and what is written follow as lists.
    pub fn sandbox(&mut self, host_network: bool, private_tmp: bool) {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        self.bytes.push(SANDBOXED | flag(host_network, HOST_NETWORK) | flag(private_tmp, PRIVATE_TMP));
    }

    /// The length of the longest string, with its NUL.
    pub fn longest(&self) -> usize {
        self.longest
    }

    pub fn finish(mut self) -> Vec<u8> {
        let body = u32::try_from(self.bytes.len() - PREFIX).unwrap_or(u32::MAX);
        if let Some(length) = self.bytes.get_mut(1..PREFIX) {
            length.copy_from_slice(&body.to_le_bytes());
        }
        self.bytes
    }
}

impl<'a> Order<'a> {
    /// Reads the body of an order; `None` when it is cut or malformed.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let mut rest = Reader(body);
        let bounds = Bounds {
            memory: u64::from_le_bytes(rest.take()?),
            cpu: u32::from_le_bytes(rest.take()?),
            pids: u32::from_le_bytes(rest.take()?),
            files: u64::from_le_bytes(rest.take()?),
        };
        let [is_among_many, has_stdin] = rest.take()?;
        Some(Self {
            bounds,
            company: if is_among_many == 0 { Company::Few } else { Company::Many },
            has_stdin: has_stdin != 0,
            program: rest.string()?,
            working_dir: rest.string()?,
            cgroup: rest.string()?,
            argv: rest.strings()?,
            environment: rest.strings()?,
            sandbox: rest.sandbox()?,
        })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    fn string(&mut self) -> Option<&'a CStr> {
        let string = CStr::from_bytes_until_nul(self.0).ok()?;
        self.0 = self.0.get(string.count_bytes() + 1..)?;
        Some(string)
    }

    fn sandbox(&mut self) -> Option<Option<SandboxOrder<'a>>> {
        let [flags] = self.take()?;
        if flags & SANDBOXED == 0 {
            return Some(None);
        }
        Some(Some(SandboxOrder {
            host_network: flags & HOST_NETWORK != 0,
            private_tmp: flags & PRIVATE_TMP != 0,
            read: self.strings()?,
            write: self.strings()?,
        }))
    }

    fn strings(&mut self) -> Option<Vec<&'a CStr>> {
        let count = usize::try_from(u32::from_le_bytes(self.take()?)).ok()?;
        // Each takes a byte at least, so a count that is made up takes no room that is out of all proportion.
        let mut strings = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            strings.push(self.string()?);
        }
        Some(strings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let bounds = Bounds { memory: 1 << 40, cpu: 1500, pids: 7, files: 99 };
        let mut writer = OrderWriter::new(bounds, Company::Many, true);
        for text in ["/bin/echo", "/tmp", ""] {
            writer.string(&[text.as_bytes()]).unwrap();
        }
        writer.count(2);
        writer.string(&[b"echo"]).unwrap();
        writer.string(&[b""]).unwrap();
        writer.count(1);
        writer.string(&[b"A", b"=", b"b c"]).unwrap();
        writer.sandbox(false, true);
        writer.count(1);
        writer.string(&[b"/data"]).unwrap();
        writer.count(0);
        writer.finish()
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let bytes = written();
        assert_eq!(bytes[0], ORDER);
        let length = u32::from_le_bytes(bytes[1..PREFIX].try_into().unwrap()) as usize;
        assert_eq!(length, bytes.len() - PREFIX);
        let order = Order::read(&bytes[PREFIX..]).unwrap();
        assert_eq!(order.bounds, Bounds { memory: 1 << 40, cpu: 1500, pids: 7, files: 99 });
        assert!(order.has_stdin && order.company == Company::Many);
        assert_eq!((order.program, order.working_dir, order.cgroup), (c"/bin/echo", c"/tmp", c""));
        assert_eq!(order.argv, [c"echo", c""]);
        assert_eq!(order.environment, [c"A=b c"]);
        let sandbox =
            SandboxOrder { host_network: false, private_tmp: true, read: vec![c"/data"], write: Vec::new() };
        assert_eq!(order.sandbox, Some(sandbox));
    }

    #[test]
    fn a_cut_order_is_refused_wherever_it_is_cut() {
        let bytes = written();
        for end in PREFIX..bytes.len() {
            assert_eq!(Order::read(&bytes[PREFIX..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn a_nul_inside_a_string_is_refused() {
        let mut writer = OrderWriter::new(Bounds::default(), Company::Few, false);
        assert_eq!(writer.string(&[b"a", b"b\0c"]), Err(HasNul));
    }
}
