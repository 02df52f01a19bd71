//! Finds the order in which a PyTorch file names its tensors, which is the order of a model's modules.
//!
//! The library that reads the tensors gives them in no order. This follows texts and dictionaries through the same
//! pickle, and takes everything else for opaque. Opcodes: Python's `pickletools`.

use crate::checkpoint::tensor::Holder;
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

/// Maximum length of a text, in bytes.
const TEXT_LIMIT: u64 = 1 << 16;
/// Maximum number of values on the stack or in the memo.
const VALUE_LIMIT: usize = 1 << 22;
/// Dictionaries of a module whose entries have the module's own names.
const OF_MODULES: [&str; 3] = ["_parameters", "_buffers", "_modules"];
/// Pickles before that of the model in a file without an archive: magic number, version, system.
const HEADERS: usize = 3;

/// A value of a pickle.
#[derive(Clone)]
enum Value {
    /// A text, or a whole number in decimal.
    Text(String),
    /// A list or a tuple.
    List(Vec<Self>),
    /// A dictionary, or the attributes of an object.
    Dict(Vec<(Self, Self)>),
    Mark,
    Other,
}

/// The place of each name in the file at `path`, and what holds it, by the dotted path through its dictionaries.
///
/// # Errors
///
/// If the file has another format, or its pickle uses what PyTorch does not write.
pub(super) fn places(path: &Path) -> Result<HashMap<String, (usize, Holder)>> {
    let open = || File::open(path).context("cannot be read");
    let root = match ZipArchive::new(open()?) {
        Ok(mut archive) => {
            let name = archive.file_names().find(|name| name.ends_with("data.pkl"));
            let name = name.context("no pickle in the archive")?.to_owned();
            unpickle(&mut BufReader::new(archive.by_name(&name)?))?
        }
        Err(_) => {
            let mut file = BufReader::new(open()?);
            for _ in 0..HEADERS {
                unpickle(&mut file)?;
            }
            unpickle(&mut file)?
        }
    };
    let mut places = HashMap::new();
    // Each value with its name, what holds it, and the holder of what is inside.
    let mut left = vec![(String::new(), Holder::default(), Holder::default(), root)];
    while let Some((name, holder, inside, value)) = left.pop() {
        let place = places.len();
        places.entry(name.clone()).or_insert((place, holder));
        let Value::Dict(entries) = value else { continue };
        let of_module = |(key, _): &(Value, Value)| matches!(key, Value::Text(key) if OF_MODULES.contains(&key.as_str()));
        let is_module = inside.is_module || entries.iter().any(of_module);
        let holder = Holder { is_module, ..inside };
        // The last one in is the first one out.
        for (key, value) in entries.into_iter().rev() {
            let Value::Text(key) = key else { continue };
            let mut inside = holder.clone();
            if !is_module {
                inside.keys.push(key.clone());
            }
            let path = match name.as_str() {
                _ if OF_MODULES.contains(&key.as_str()) => name.clone(),
                "" => key,
                _ => format!("{name}.{key}"),
            };
            left.push((path, holder.clone(), inside, value));
        }
    }
    Ok(places)
}

/// The value of the next pickle in `file`.
fn unpickle(file: &mut impl Read) -> Result<Value> {
    let mut machine = Machine { file, stack: Vec::new(), memo: HashMap::new() };
    loop {
        let [opcode] = machine.bytes()?;
        if opcode == b'.' {
            return machine.pop();
        }
        machine.step(opcode)?;
        ensure!(machine.stack.len() + machine.memo.len() <= VALUE_LIMIT, "too many values");
    }
}

/// A pickle while it is read.
struct Machine<'a, R> {
    file: &'a mut R,
    stack: Vec<Value>,
    memo: HashMap<u32, Value>,
}

impl<R: Read> Machine<'_, R> {
    /// Does what `opcode` says.
    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            // Protocol and frame.
            0x80 => drop(self.bytes::<1>()?),
            0x95 => drop(self.bytes::<8>()?),
            b'N' | 0x88 | 0x89 => self.stack.push(Value::Other),
            b'G' => self.skip(8)?,
            b'K' => self.number::<1>()?,
            b'M' => self.number::<2>()?,
            b'J' => self.number::<4>()?,
            0x8a => self.sized::<1>(false)?,
            0x8c | b'U' => self.sized::<1>(true)?,
            b'X' | b'T' => self.sized::<4>(true)?,
            b'C' => self.sized::<1>(false)?,
            b'B' | 0x8b => self.sized::<4>(false)?,
            // Classes and functions.
            b'c' => {
                self.line()?;
                self.line()?;
                self.stack.push(Value::Other);
            }
            0x93 => self.replace(2, Value::Other)?,
            b'Q' => self.replace(1, Value::Other)?,
            b'(' => self.stack.push(Value::Mark),
            b')' | b']' => self.stack.push(Value::List(vec![])),
            b'}' => self.stack.push(Value::Dict(vec![])),
            0x85..=0x87 => {
                let first = self.stack.len().checked_sub(usize::from(opcode) - 0x84);
                let items = self.stack.split_off(first.context("an empty stack")?);
                self.stack.push(Value::List(items));
            }
            b't' => {
                let items = self.marked()?;
                self.stack.push(Value::List(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            b'e' => {
                let items = self.marked()?;
                self.extend(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.fill(vec![(key, value)])?;
            }
            b'u' => {
                let mut items = self.marked()?.into_iter();
                let mut entries = Vec::new();
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    entries.push((key, value));
                }
                self.fill(entries)?;
            }
            // A call or a new object; its arguments may be the entries of a dictionary.
            b'R' | 0x81 => {
                let (arguments, _) = (self.pop()?, self.pop()?);
                self.stack.push(Value::Dict(entries(arguments)));
            }
            b'b' => {
                let state = self.pop()?;
                match state {
                    Value::Dict(entries) => self.fill(entries)?,
                    _ => self.fill(vec![])?,
                }
            }
            b'q' => self.memorise::<1>()?,
            b'r' => self.memorise::<4>()?,
            0x94 => {
                let key = self.memo.len() as u32;
                self.put(key)?;
            }
            b'h' => self.recall::<1>()?,
            b'j' => self.recall::<4>()?,
            _ => bail!("opcode {opcode:#04x} is not known"),
        }
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The number in the next `N` bytes.
    fn unsigned<const N: usize>(&mut self) -> Result<u32> {
        let mut number = [0; 4];
        number[..N].copy_from_slice(&self.bytes::<N>()?);
        Ok(u32::from_le_bytes(number))
    }

    fn number<const N: usize>(&mut self) -> Result<()> {
        let number = self.unsigned::<N>()?;
        self.stack.push(Value::Text(number.to_string()));
        Ok(())
    }

    /// Pushes an opaque value of `len` bytes.
    fn skip(&mut self, len: u64) -> Result<()> {
        let skipped = std::io::copy(&mut self.file.by_ref().take(len), &mut std::io::sink())?;
        ensure!(skipped == len, "ends too early");
        self.stack.push(Value::Other);
        Ok(())
    }

    /// Pushes a text, or something opaque, whose length in bytes is the next `N` bytes.
    fn sized<const N: usize>(&mut self, text: bool) -> Result<()> {
        let len = u64::from(self.unsigned::<N>()?);
        if !text || len > TEXT_LIMIT {
            return self.skip(len);
        }
        let mut bytes = Vec::new();
        self.file.by_ref().take(len).read_to_end(&mut bytes)?;
        ensure!(bytes.len() as u64 == len, "ends too early");
        self.stack.push(Value::Text(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(())
    }

    /// Skips a line.
    fn line(&mut self) -> Result<()> {
        while self.bytes()? != [b'\n'] {}
        Ok(())
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().context("an empty stack")
    }

    /// Replaces the newest `count` values by `value`.
    fn replace(&mut self, count: usize, value: Value) -> Result<()> {
        for _ in 0..count {
            self.pop()?;
        }
        self.stack.push(value);
        Ok(())
    }

    /// Takes off the values above the newest mark, and the mark.
    fn marked(&mut self) -> Result<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark));
        let items = self.stack.split_off(mark.context("no mark")? + 1);
        self.stack.pop();
        Ok(items)
    }

    /// Adds `items` to the newest value, if that is a list.
    fn extend(&mut self, items: Vec<Value>) -> Result<()> {
        if let Value::List(list) = self.stack.last_mut().context("an empty stack")? {
            list.extend(items);
        }
        Ok(())
    }

    /// Adds `entries` to the newest value, if that is a dictionary or an object.
    fn fill(&mut self, entries: Vec<(Value, Value)>) -> Result<()> {
        if let Value::Dict(dict) = self.stack.last_mut().context("an empty stack")? {
            dict.extend(entries);
        }
        Ok(())
    }

    fn memorise<const N: usize>(&mut self) -> Result<()> {
        let key = self.unsigned::<N>()?;
        self.put(key)
    }

    /// Remembers the newest value. Only texts occur again in what is followed here.
    fn put(&mut self, key: u32) -> Result<()> {
        let value = match self.stack.last().context("an empty stack")? {
            Value::Text(text) => Value::Text(text.clone()),
            _ => Value::Other,
        };
        self.memo.insert(key, value);
        Ok(())
    }

    fn recall<const N: usize>(&mut self) -> Result<()> {
        let key = self.unsigned::<N>()?;
        self.stack.push(self.memo.get(&key).context("an empty memo")?.clone());
        Ok(())
    }
}

/// The entries of a dictionary that is made of `arguments`: a list of pairs in a list. None for other arguments.
fn entries(arguments: Value) -> Vec<(Value, Value)> {
    let Value::List(mut arguments) = arguments else { return vec![] };
    let Some(Value::List(pairs)) = arguments.pop() else { return vec![] };
    let pair = |pair| match pair {
        Value::List(pair) => <[Value; 2]>::try_from(pair).ok().map(|[key, value]| (key, value)),
        _ => None,
    };
    pairs.into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/checkpoints").join(name)
    }

    /// Archive, older file, whole module, dictionary of dictionaries: modules stand in the order of the class.
    #[test]
    fn names_have_the_order_of_the_file() {
        let names = ["dcgan.pth", "dcgan.legacy.pth", "dcgan.module.pt", "dcgan.training.pth"];
        for name in names {
            let places = places(&fixture(name)).unwrap();
            let key = if name == "dcgan.training.pth" { "netG.module." } else { "" };
            let at = |tensor: &str| places[&format!("{key}{tensor}")].0;
            let order = ["main.0.weight", "main.1.weight", "main.1.running_mean", "main.3.weight"];
            assert!(order.map(at).is_sorted(), "{name}: {:?}", order.map(at));
            let holder = &places[&format!("{key}main.0.weight")].1;
            assert_eq!(holder.is_module, name == "dcgan.module.pt");
            assert_eq!(holder.keys.join("."), key.trim_end_matches(".module."), "{name}");
        }
    }

    #[test]
    fn what_is_no_pickle_is_refused() {
        for bytes in [&b""[..], b"\x80\x02", b"\x80\x02u.", b"\x80\x02X\xff\xff\xff\xff", b"Z."] {
            assert!(unpickle(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }
}
