//! Running other programs: quietly, into a log, or in full view.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, thread};

use crate::children::Owned;
use crate::failure::Failure;

/// How many lines of a log are shown when a step fails.
const TAIL: usize = 25;

/// How long the pipes of a program that has ended may stay silent before they count as closed.
const QUIET: Duration = Duration::from_secs(5);

/// The command as a person would type it, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        if word.is_empty() || word.contains([' ', '$', '&', ';', '*']) {
            format!("'{word}'")
        } else {
            word.into_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Where `program` is on the `PATH`, if it is there.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    find_on(&env::var_os("PATH")?, program)
}

/// Where `program` is on a search path.
pub(crate) fn find_on(path: &OsStr, program: &str) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("could not start `{}`", shown(command))).with(error)
}

fn ended_badly(command: &Command, status: ExitStatus) -> Failure {
    Failure::new(format!("`{}` failed", shown(command))).with(status)
}

/// Whether `command` ends well; what it prints is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    capture(command).is_ok()
}

/// What `command` prints on its standard output.
///
/// # Errors
/// When it cannot be started or ends badly; then with what it printed on standard error.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    capture_with_input(command, "")
}

/// Like [`capture`], with something to read on its standard input.
pub(crate) fn capture_with_input(command: &mut Command, input: &str) -> Result<String, Failure> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| not_started(command, &error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input closes the pipe, which is its right.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        return Err(ended_badly(command, output.status).with(String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `command` in full view.
///
/// # Errors
/// When it cannot be started or ends badly.
pub(crate) fn show(command: &mut Command) -> Result<(), Failure> {
    let mut child = Owned::spawn(command).map_err(|error| not_started(command, &error))?;
    match child.wait(None).map_err(|error| not_started(command, &error))? {
        Some(status) if !status.success() => Err(ended_badly(command, status)),
        Some(_) | None => Ok(()),
    }
}

/// A file that takes what the commands of one step print.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// Starts an empty log.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Failure> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))?;
        }
        File::create(&path).map_err(|error| Failure::io("create", &path, &error))?;
        Ok(Self { path })
    }

    /// Runs `command` with its output appended here.
    ///
    /// # Errors
    /// When it cannot be started or ends badly; then with the end of the log.
    pub(crate) fn run(&self, command: &mut Command) -> Result<(), Failure> {
        let io = |error| Failure::io("write to", &self.path, &error);
        let mut file = File::options().append(true).open(&self.path).map_err(io)?;
        writeln!(file, "$ {}", shown(command)).map_err(io)?;
        command.stdout(file.try_clone().map_err(io)?).stderr(file);
        let mut child = Owned::spawn(command).map_err(|error| not_started(command, &error))?;
        let status = child.wait(None).map_err(|error| not_started(command, &error))?;
        match status {
            Some(status) if !status.success() => {
                let failure = ended_badly(command, status).with(tail(&self.path));
                Err(failure.remedy(format!("the whole log is {}", self.path.display())))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The end of a log.
pub(crate) fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

/// What a program that ran in full view said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Standard output and standard error, by line as they came.
    pub(crate) output: String,
    /// Whether it ended well.
    pub(crate) success: bool,
}

/// Runs `command` in full view, and keeps what it prints.
///
/// # Errors
/// When it cannot be started, or takes longer than `limit`, which means that it hangs; then it is stopped. That it ends
/// badly is no error here.
pub(crate) fn watch(command: &mut Command, limit: Duration) -> Result<Ran, Failure> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Owned::spawn(command).map_err(|error| not_started(command, &error))?;
    let (sender, lines) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.child().stdout.take().map(|pipe| Box::new(pipe) as _),
        child.child().stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for pipe in pipes.into_iter().flatten() {
        let sender = sender.clone();
        // Ends when the pipe closes, at the latest with the last process that holds it.
        thread::spawn(move || forward(BufReader::new(pipe), &sender));
    }
    drop(sender);
    let status = child.wait(Some(limit)).map_err(|error| not_started(command, &error))?;
    drop(child);
    // A process that it left behind may hold the pipes open, and is not waited for.
    let mut output = String::new();
    while let Ok(line) = lines.recv_timeout(QUIET) {
        output.push_str(&line);
    }
    match status {
        Some(status) => Ok(Ran { output, success: status.success() }),
        None => Err(Failure::new(format!(
            "`{}` did not end in {} s, and was stopped",
            shown(command),
            limit.as_secs()
        ))),
    }
}

fn forward(mut pipe: impl BufRead, sender: &mpsc::Sender<String>) {
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line).into_owned();
        print!("{text}");
        if sender.send(text).is_err() {
            return;
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        assert_eq!(shown(Command::new("cargo").args(["build", "a b", ""])), "cargo build 'a b' ''");
    }

    #[test]
    fn a_failing_command_names_itself_and_what_it_said() {
        let failure = capture(Command::new("bash").args(["-c", "echo no luck >&2; exit 3"])).unwrap_err();
        assert!(failure.to_string().contains("no luck"), "{failure}");
        assert!(failure.to_string().contains("exit status: 3"), "{failure}");
    }

    #[test]
    fn output_is_kept_and_a_bad_end_is_reported() {
        let mut command = Command::new("bash");
        let ran =
            watch(command.args(["-c", "echo one; echo two >&2; exit 1"]), Duration::from_secs(60)).unwrap();
        assert!(!ran.success);
        assert!(ran.output.contains("one\n") && ran.output.contains("two\n"));
    }

    #[test]
    fn a_command_that_hangs_is_stopped() {
        let failure = watch(Command::new("sleep").arg("1000"), Duration::from_millis(10)).unwrap_err();
        assert!(failure.to_string().contains("did not end"), "{failure}");
    }
}
